"""Who works here: agents, their devices, what they may do and what state they are in."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from telegraphone.domain.ids import Dn


class Role(Enum):
    """What kind of user this is; what each may do with recordings is decided in `policy`."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    COMPLIANCE = "compliance"
    ADMIN = "admin"


class Feature(Enum):
    """What an administrator gives or takes; the value is its id in the API (gws-api 5.1)."""

    VOICE = "api-voice"
    VOICE_RECORDING = "api-voice-recording"
    SUPERVISOR_MONITORING = "api-supervisor-monitoring"


DEFAULT_FEATURES: Final = frozenset({Feature.VOICE, Feature.VOICE_RECORDING})


@dataclass(frozen=True, slots=True)
class Device:
    """A phone an agent works at: its id in the API (a UUID) and its number."""

    id: str
    dn: Dn


@dataclass(frozen=True, slots=True)
class Agent:
    """A user of the API. `id` is 32 hex digits; `listens` is the right to hear recordings (gws-api 13.7)."""

    user_name: str
    id: str
    first_name: str = ""
    last_name: str = ""
    roles: frozenset[Role] = frozenset({Role.AGENT})
    features: frozenset[Feature] = DEFAULT_FEATURES
    device: Device | None = None
    listens: bool = False

    def has(self, feature: Feature) -> bool:
        """Whether the administrator gave this feature."""
        return feature in self.features


@dataclass(frozen=True, slots=True)
class AgentState:
    """A state an agent can be in: the fixed ids and names of gws-api 5.3; `operation` is the request that leads there."""

    id: str
    operation: str
    display_name: str
    state: str
    work_mode: str = ""
    reason: str = ""


AGENT_STATES: Final = (
    AgentState("9430250E-0A1B-421F-B372-F29E69366DED", "Ready", "Ready", "Ready"),
    AgentState("900D55CC-2BB0-431F-8BF9-D3525B383BE6", "NotReady", "Not Ready", "NotReady"),
    AgentState("D3663509-3D82-4DD3-A82E-2EA8EFA02AEF", "AfterCallWork", "AfterCallWork", "NotReady", "AfterCallWork"),
    AgentState("2B36138D-C564-4562-A8CB-3C32D564F296", "AuxWork", "AuxWork", "NotReady", "AuxWork"),
    AgentState("0F7F5003-EF26-4D13-A6Ef-D0C7EC819BEB", "Offline", "Offline", "Logout"),
)
"""The built-in states, in the order in which they are listed; the last cannot be set while signed in."""


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device as its agent sees it (gws-api 6.1). `signed_in` without a `user_state` is `LoggedIn`."""

    device: Device
    registered: bool
    signed_in: bool
    user_state: AgentState | None

    @property
    def active(self) -> bool:
        """Whether calls can be made here: registered at the switch and signed in."""
        return self.registered and self.signed_in


class Directory:
    """Who is who: agents by user name and by the number of their device. It does not change while it is in use."""

    def __init__(self, agents: tuple[Agent, ...]) -> None:
        self._by_user = {agent.user_name: agent for agent in agents}
        self._by_dn = {agent.device.dn: agent for agent in agents if agent.device is not None}
        assert len(self._by_user) == len(agents), "user names are unique"

    def agents(self) -> tuple[Agent, ...]:
        """All agents, in the order given."""
        return tuple(self._by_user.values())

    def by_user(self, user_name: str) -> Agent | None:
        """The agent of this login."""
        return self._by_user.get(user_name)

    def at(self, number: str) -> Agent | None:
        """The agent whose device has this number."""
        return self._by_dn.get(Dn(number))
