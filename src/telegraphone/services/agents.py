"""Who is signed in at which device and in which state, and whether the device's phone is registered."""

from dataclasses import dataclass, replace

from telegraphone.domain.agent import AGENT_STATES, Agent, AgentState, DeviceView, Feature
from telegraphone.domain.errors import DeviceNotRegistered, FeatureMissing, ParameterInvalid
from telegraphone.services.ports import DeviceNotice, Notifier

_OFFLINE = "Offline"
STATES_BY_OPERATION = {each.operation: each for each in AGENT_STATES}
"""The operations that set a state, by name (gws-api 5.3)."""


@dataclass(frozen=True, slots=True)
class _Desk:
    signed_in: bool = False
    state: AgentState | None = None


class Agents:
    """The contact-centre sign-ins of all agents. A sign-in is the agent's presence at a device (gws-api 5.2), not a
    login to the API, and it outlives those."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._desks: dict[str, _Desk] = {}
        self._registered: set[str] = set()

    def device(self, agent: Agent) -> DeviceView | None:
        """The agent's device as it is now; None for a user without one."""
        if agent.device is None:
            return None
        desk = self._desks.get(agent.user_name, _Desk())
        return DeviceView(agent.device, agent.device.dn in self._registered, desk.signed_in, desk.state)

    def sign_in(self, agent: Agent) -> None:
        """Starts a contact-centre session; repeating it changes nothing. Raises `DeviceNotRegistered`."""
        self._must_have_voice(agent)
        if self._desk(agent).signed_in:
            return
        if agent.device is None or agent.device.dn not in self._registered:
            raise DeviceNotRegistered(agent.device.dn if agent.device else "")
        self._change(agent, _Desk(signed_in=True))

    def sign_out(self, agent: Agent) -> None:
        """Ends it; calls and recordings go on."""
        if self._desk(agent).signed_in:
            self._change(agent, _Desk())

    def set_state(self, agent: Agent, operation: str) -> None:
        """Sets the state this operation names; Offline signs out. Raises `DeviceNotRegistered` without a sign-in."""
        self._must_have_voice(agent)
        state = STATES_BY_OPERATION.get(operation)
        if state is None:
            raise ParameterInvalid("operationName")
        if agent.device is None or not self._desk(agent).signed_in:
            raise DeviceNotRegistered(agent.device.dn if agent.device else "")
        if operation == _OFFLINE:
            self.sign_out(agent)
        else:
            self._change(agent, replace(self._desk(agent), state=state))

    def phone_registered(self, agent: Agent | None, dn: str, registered: bool) -> None:
        """The switch says whether the phone of this number can be called; an agent there is told."""
        if registered == (dn in self._registered):
            return
        (self._registered.add if registered else self._registered.discard)(dn)
        if agent is not None and self._desk(agent).signed_in:
            self._tell(agent, state_changed=False)

    def is_registered(self, dn: str) -> bool:
        """Whether the phone of this number can be called."""
        return dn in self._registered

    def _must_have_voice(self, agent: Agent) -> None:
        if not agent.has(Feature.VOICE):
            raise FeatureMissing(Feature.VOICE.value)

    def _desk(self, agent: Agent) -> _Desk:
        return self._desks.get(agent.user_name, _Desk())

    def _change(self, agent: Agent, desk: _Desk) -> None:
        if desk != self._desk(agent):
            self._desks[agent.user_name] = desk
            self._tell(agent, state_changed=True)

    def _tell(self, agent: Agent, *, state_changed: bool) -> None:
        device = self.device(agent)
        if device is not None:
            self._notifier.publish(DeviceNotice(agent, device, state_changed))
