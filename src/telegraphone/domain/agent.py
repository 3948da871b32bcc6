"""Who works here: agents, their devices, what they may do and what state they are in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from telegraphone.domain.ids import DEFAULT_TENANT, Dn
from telegraphone.domain.watching import BEGINNINGS, SupervisorOperation, Watch


class Role(Enum):
    """What kind of user this is; what each may do with recordings is decided in `permissions`."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    COMPLIANCE = "compliance"
    ADMIN = "admin"


class Feature(Enum):
    """What an administrator gives or takes; the value is its id in the API (gws-api 5.1)."""

    VOICE = "api-voice"
    VOICE_RECORDING = "api-voice-recording"
    SUPERVISOR_MONITORING = "api-supervisor-monitoring"


class Permission(Enum):
    """What an administrator gives or takes of what a role covers, by its name in the API (gws-api 13.7)."""

    APPLY_NON_DELETE = "RECORDING_PERMISSION_APPLY_NON_DELETE"
    ADD_LABEL_DEFINITION = "RECORDING_PERMISSION_ADD_LABEL_DEFINITION"
    DELETE_LABEL_DEFINITION = "RECORDING_PERMISSION_DELETE_LABEL_DEFINITION"
    ADD_LABEL = "RECORDING_PERMISSION_ADD_LABEL"
    DELETE_LABEL = "RECORDING_PERMISSION_DELETE_LABEL"


DEFAULT_FEATURES: Final = frozenset({Feature.VOICE, Feature.VOICE_RECORDING})


@dataclass(frozen=True, slots=True)
class Device:
    """A phone an agent works at: its id in the API (a UUID) and its number."""

    id: str
    dn: Dn


@dataclass(frozen=True, slots=True)
class Agent:
    """A user of the API, of one tenant (a contact centre). `id` is 32 hex digits; `listens` is the right to hear
    recordings (gws-api 13.7). `team` is whom the agent works with; a supervisor answers for the teams in `supervised`, or
    for the whole contact centre where that is empty. Who comes with an API token has its id in `token`, and of the actions
    that are in a table only those in `actions`."""

    user_name: str
    id: str
    first_name: str = ""
    last_name: str = ""
    roles: frozenset[Role] = frozenset({Role.AGENT})
    features: frozenset[Feature] = DEFAULT_FEATURES
    device: Device | None = None
    listens: bool = False
    tenant: str = DEFAULT_TENANT
    team: str = ""
    supervised: frozenset[str] = frozenset()
    permissions: frozenset[Permission] = frozenset(Permission)
    actions: frozenset[str] | None = None
    token: str = ""

    @property
    def actor(self) -> str:
        """Who this is, in the trail."""
        return f"{self.user_name} (token {self.token})" if self.token else self.user_name

    @property
    def supervises(self) -> bool:
        """Whether this user may listen in on others."""
        return Role.SUPERVISOR in self.roles and self.has(Feature.SUPERVISOR_MONITORING)

    def has(self, feature: Feature) -> bool:
        """Whether the administrator gave this feature."""
        return feature in self.features


@dataclass(frozen=True, slots=True)
class AgentState:
    """A state an agent can be in: the fixed ids and names of gws-api 5.3, or an installation's own with a `reason`;
    `operation` is the request that leads there."""

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
"""The built-in states, in the order in which they are listed; an installation adds its own, all of them NotReady."""

OFFLINE: Final = AGENT_STATES[-1]
"""Not at work: whoever goes there is signed out."""


class DeviceOperation(Enum):
    """What an agent can ask of the own device, by its name in the API (gws-api 6.2)."""

    DO_NOT_DISTURB_ON = "DoNotDisturbOn"
    DO_NOT_DISTURB_OFF = "DoNotDisturbOff"
    FORWARD_CALLS_ON = "ForwardCallsOn"
    FORWARD_CALLS_OFF = "ForwardCallsOff"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an agent is at work, or not, in which state, and which calls come to the device: those forwarded go to
    `forward_to`, and nobody is rung who is not to be disturbed. The last two stay when the agent goes home."""

    signed_in: bool = False
    state: AgentState | None = None
    do_not_disturb: bool = False
    forward_to: str = ""

    def at_work(self, *, signed_in: bool, state: AgentState | None = None) -> "Desk":
        """With the agent there in this state, or gone."""
        return replace(self, signed_in=signed_in, state=state)

    def after(self, operation: DeviceOperation, destination: str = "") -> "Desk":
        """As the operation leaves it; repeating one changes nothing."""
        match operation:
            case DeviceOperation.DO_NOT_DISTURB_ON:
                return replace(self, do_not_disturb=True)
            case DeviceOperation.DO_NOT_DISTURB_OFF:
                return replace(self, do_not_disturb=False)
            case DeviceOperation.FORWARD_CALLS_ON:
                return replace(self, forward_to=destination)
            case DeviceOperation.FORWARD_CALLS_OFF:
                return replace(self, forward_to="")


def reached(number: str, desk_at: Callable[[str], Desk | None]) -> str | None:
    """The number that rings when this one is called: where its calls are forwarded to, and on from there. None when that
    goes round in a circle or ends at somebody who is not to be disturbed."""
    seen = {number}
    while (desk := desk_at(number)) is not None:
        if not desk.forward_to:
            return None if desk.do_not_disturb else number
        number = desk.forward_to
        if number in seen:
            return None
        seen.add(number)
    return number


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device as its agent sees it (gws-api 6.1). Who `supervises` may have a `watch` on somebody. `signed_in`
    without a `user_state` is `LoggedIn`."""

    device: Device
    registered: bool
    desk: Desk = Desk()
    supervises: bool = False
    watch: Watch | None = None

    @property
    def signed_in(self) -> bool:
        """Whether the agent is at work here."""
        return self.desk.signed_in

    @property
    def user_state(self) -> AgentState | None:
        """The state the agent is in; None before the first."""
        return self.desk.state

    @property
    def active(self) -> bool:
        """Whether calls can be made here: registered at the switch and signed in."""
        return self.registered and self.signed_in

    @property
    def capabilities(self) -> tuple[DeviceOperation | SupervisorOperation, ...]:
        """The operations that would change something now."""
        if not self.active:
            return ()
        disturb, forward = self.desk.do_not_disturb, self.desk.forward_to
        return (
            DeviceOperation.DO_NOT_DISTURB_OFF if disturb else DeviceOperation.DO_NOT_DISTURB_ON,
            DeviceOperation.FORWARD_CALLS_OFF if forward else DeviceOperation.FORWARD_CALLS_ON,
            *(self._supervising if self.supervises else ()),
        )

    @property
    def _supervising(self) -> tuple[SupervisorOperation, ...]:
        return tuple(each for each in SupervisorOperation if (each in BEGINNINGS) is (self.watch is None))


class Directory:
    """Who is who in all tenants: agents by user name and by the number of their device, both unique in the installation,
    and to which tenant each number belongs. A number that is asked about inside one tenant is nobody's when it is
    another's (properties SEC-1)."""

    def __init__(self, agents: tuple[Agent, ...], phones: Mapping[str, str] | None = None) -> None:
        """`phones` are numbers and their tenants, whether or not an agent works there."""
        self._phones = dict(phones or {})
        self._by_user: dict[str, Agent] = {}
        self._by_dn: dict[Dn, Agent] = {}
        self.become(agents)

    def become(self, agents: tuple[Agent, ...]) -> None:
        """From now on these are the agents; whoever looks next sees their rights as they are now."""
        by_user = {agent.user_name: agent for agent in agents}
        assert len(by_user) == len(agents), "user names are unique"
        self._by_user = by_user
        self._by_dn = {agent.device.dn: agent for agent in agents if agent.device is not None}

    def agents(self, tenant: str | None = None) -> tuple[Agent, ...]:
        """All agents of a tenant, or of all, in the order given."""
        return tuple(agent for agent in self._by_user.values() if tenant in (None, agent.tenant))

    def by_user(self, user_name: str) -> Agent | None:
        """The agent of this login."""
        return self._by_user.get(user_name)

    def at(self, number: str, tenant: str | None = None) -> Agent | None:
        """The agent whose device has this number, in a tenant or in any."""
        agent = self._by_dn.get(Dn(number))
        return agent if agent is not None and tenant in (None, agent.tenant) else None

    def tenant_at(self, number: str) -> str | None:
        """The tenant whose number this is; None for a number outside."""
        agent = self._by_dn.get(Dn(number))
        return agent.tenant if agent is not None else self._phones.get(number)
