"""Who is signed in at which device and in which state, whether the device's phone is registered, and where its calls go."""

import asyncio

import structlog

from telegraphone.domain import agent as rules
from telegraphone.domain.agent import (
    AGENT_STATES,
    OFFLINE,
    Agent,
    AgentState,
    Desk,
    DeviceOperation,
    DeviceView,
    Directory,
    Feature,
)
from telegraphone.domain.errors import DeviceNotRegistered, FeatureMissing, ParameterInvalid
from telegraphone.services.desks import Desks, KeptDesk
from telegraphone.services.ports import DeviceNotice, Notifier, Unavailable
from telegraphone.services.watches import Watches

log = structlog.get_logger()


class Agents:
    """The contact-centre sign-ins of all agents. A sign-in is the agent's presence at a device (gws-api 5.2), not a
    login to the API; it outlives those and, where desks are kept, the program."""

    def __init__(self, notifier: Notifier, *, states: tuple[AgentState, ...] = AGENT_STATES, kept: Desks | None = None) -> None:
        self.states = states
        self._by_operation = {state.operation: state for state in states}
        self._notifier = notifier
        self._kept = kept
        self._keeping = asyncio.Lock()
        self.watches = Watches(lambda supervisor: self._tell(supervisor, state_changed=False))
        self._desks: dict[str, Desk] = {}
        self._at: dict[str, str] = {}
        self._registered: set[str] = set()

    async def load(self, directory: Directory) -> None:
        """Takes over what the last run kept of those who still work here and have not been heard of since. Raises
        `Unavailable`."""
        for kept in await self._kept.all() if self._kept is not None else ():
            agent = directory.by_user(kept.user_name)
            if agent is None or agent.user_name in self._desks:
                continue
            if agent.device is not None and agent.tenant == kept.tenant:
                state = self._by_operation.get(kept.state)
                self._put(agent, Desk(kept.signed_in, state, kept.do_not_disturb, kept.forward_to))

    def device(self, agent: Agent) -> DeviceView | None:
        """The agent's device as it is now; None for a user without one."""
        if agent.device is None:
            return None
        registered = agent.device.dn in self._registered
        return DeviceView(agent.device, registered, self._desk(agent), agent.supervises, self.watches.by(agent))

    async def sign_in(self, agent: Agent) -> None:
        """Starts a contact-centre session; repeating it changes nothing. Raises `DeviceNotRegistered`."""
        self._must_have_voice(agent)
        if self._desk(agent).signed_in:
            return
        if agent.device is None or not self.is_registered(agent.device.dn):
            raise DeviceNotRegistered(agent.device.dn if agent.device else "")
        await self._change(agent, self._desk(agent).at_work(signed_in=True))

    async def sign_out(self, agent: Agent) -> None:
        """Ends it; calls and recordings go on, and calls are forwarded as before."""
        self.watches.put(agent, None)
        if self._desk(agent).signed_in:
            await self._change(agent, self._desk(agent).at_work(signed_in=False))

    def knows_state(self, operation: str) -> bool:
        """Whether this operation sets a state."""
        return operation in self._by_operation

    async def set_state(self, agent: Agent, operation: str) -> None:
        """Sets the state this operation names; Offline signs out. Raises `DeviceNotRegistered` without a sign-in."""
        self._must_have_voice(agent)
        state = self._by_operation.get(operation)
        if state is None:
            raise ParameterInvalid("operationName")
        if agent.device is None or not self._desk(agent).signed_in:
            raise DeviceNotRegistered(agent.device.dn if agent.device else "")
        if state is OFFLINE:
            await self.sign_out(agent)
        else:
            await self._change(agent, self._desk(agent).at_work(signed_in=True, state=state))

    async def operate(self, agent: Agent, operation: DeviceOperation, destination: str = "") -> None:
        """An operation on the device (gws-api 6.2); repeating it changes nothing. Raises `DeviceNotRegistered` unless the
        device is Active, `ParameterInvalid` for calls forwarded to where they come from."""
        self._must_have_voice(agent)
        device = self.device(agent)
        if device is None or not device.active:
            raise DeviceNotRegistered(agent.device.dn if agent.device else "")
        if destination == device.device.dn:
            raise ParameterInvalid("destination")
        await self._change(agent, self._desk(agent).after(operation, destination))

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

    def reached(self, number: str) -> str | None:
        """The number that rings when this one is called; None when its agent is not to be disturbed."""
        return rules.reached(number, self._desk_at)

    def _desk_at(self, dn: str) -> Desk | None:
        user_name = self._at.get(dn)
        return None if user_name is None else self._desks[user_name]

    def _must_have_voice(self, agent: Agent) -> None:
        if not agent.has(Feature.VOICE):
            raise FeatureMissing(Feature.VOICE.value)

    def _desk(self, agent: Agent) -> Desk:
        return self._desks.get(agent.user_name, Desk())

    def _put(self, agent: Agent, desk: Desk) -> None:
        assert agent.device is not None
        self._desks[agent.user_name] = desk
        self._at[agent.device.dn] = agent.user_name

    async def _change(self, agent: Agent, desk: Desk) -> None:
        before = self._desk(agent)
        if desk == before:
            return
        self._put(agent, desk)
        self._tell(agent, state_changed=(desk.signed_in, desk.state) != (before.signed_in, before.state))
        await self._keep(agent)

    async def _keep(self, agent: Agent) -> None:
        """Work goes on without the database: what could not be kept is kept with the next change."""
        if self._kept is None:
            return
        async with self._keeping:
            desk = self._desk(agent)
            state = desk.state.operation if desk.state is not None else ""
            kept = KeptDesk(agent.user_name, desk.signed_in, state, desk.do_not_disturb, desk.forward_to, agent.tenant)
            try:
                await self._kept.put(kept)
            except Unavailable as error:
                log.error("desk_not_kept", error=str(error))

    def _tell(self, agent: Agent, *, state_changed: bool) -> None:
        device = self.device(agent)
        if device is not None:
            self._notifier.publish(DeviceNotice(agent, device, state_changed))
