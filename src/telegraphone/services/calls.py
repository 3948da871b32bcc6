"""All calls of this node: makes them from what the switch reports and agents ask, and finds the one an agent means."""

import asyncio
from collections.abc import Coroutine, Mapping

import structlog

from telegraphone.domain import call as machine
from telegraphone.domain.agent import Agent, Feature
from telegraphone.domain.call import Call, CallType, Leg, LegState
from telegraphone.domain.errors import DeviceNotRegistered, FeatureMissing, NotFound, NotInState, ParameterInvalid
from telegraphone.domain.ids import (
    CALL_UUID_ENTROPY_BYTES,
    CONN_ID_ENTROPY_BYTES,
    ConnId,
    LegId,
    RecordingId,
    call_uuid,
    conn_id,
    is_conn_id,
)
from telegraphone.domain.legs import DeviceRegistered, DeviceUnregistered, EndCause, LegArrived, LegFact
from telegraphone.domain.operations import TRIGGERS, Operation
from telegraphone.domain.user_data import first_user_data
from telegraphone.domain.views import CallView
from telegraphone.limits import CALLS_MAX, RECORDER_ANSWER_S
from telegraphone.services.agents import Agents
from telegraphone.services.call_actor import CallActor
from telegraphone.services.mailbox import Command
from telegraphone.services.ports import (
    By,
    CaptureRestored,
    RecorderEvent,
    RecordingRecovered,
    SwitchEvent,
    TapMoved,
    Unavailable,
)
from telegraphone.services.recovery import RecoveredParts
from telegraphone.services.surroundings import Surroundings
from telegraphone.services.waiting import Limit

log = structlog.get_logger()


class Calls:
    """The register of calls. `run` serves until cancelled, then ends every call and seals every recording."""

    def __init__(self, world: Surroundings, agents: Agents, recovered: RecoveredParts) -> None:
        self._world = world
        self._agents = agents
        self._recovered = recovered
        self._by_uuid: dict[str, CallActor] = {}
        self._by_conn_id: dict[str, CallActor] = {}
        self._by_leg: dict[LegId, CallActor] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._closing = False

    # --- what agents ask ---

    def of(self, agent: Agent) -> tuple[CallView, ...]:
        """The agent's calls that are not released, oldest first."""
        seen = ((actor, self._leg_of(actor, agent)) for actor in self._by_uuid.values())
        return tuple(
            actor.view(leg, agent) for actor, leg in seen if leg is not None and leg.state is not LegState.RELEASED
        )

    def find(self, agent: Agent, reference: str) -> CallView:
        """The agent's call of this connection id or call UUID; NotFound also when it is somebody else's."""
        actor, leg = self._find(agent, reference)
        return actor.view(leg, agent)

    async def dial(self, agent: Agent, destination: str, user_data: Mapping[str, object]) -> CallView:
        """Rings the agent's own phone, then the destination. Returns when the agent's view shows Dialing. Raises
        `Refusal`, or `Unavailable` when the switch or this node cannot make the call."""
        self._must_have(agent, Feature.VOICE)
        if agent.device is None or not self._agents.is_registered(agent.device.dn):
            raise DeviceNotRegistered(agent.device.dn if agent.device else "")
        if destination == agent.device.dn:
            raise ParameterInvalid("destination")
        call = self._new_call(self._new_leg_id(), agent.device.dn, destination, first_user_data(user_data))
        actor = self._admit(call, machine.dialled(call, self._world.clock.now()))
        await actor.begun.wait()
        if actor.call.released:
            raise Unavailable("switch", "the call could not be made")
        return actor.view(actor.call.caller, agent)

    async def operate(
        self,
        agent: Agent,
        reference: str,
        operation: Operation,
        user_data: Mapping[str, object] | None = None,
        key: str = "",
    ) -> None:
        """Returns when the operation has taken effect on the agent's call; raises `Refusal` or `Unavailable`."""
        self._must_have(agent, Feature.VOICE_RECORDING if operation in TRIGGERS else Feature.VOICE)
        actor, leg = self._find(agent, reference)
        by = By("agent", agent.user_name, leg.number)
        await actor.ask(Command(operation, leg.id, by, user_data or {}, key))

    async def operate_device(self, agent: Agent, operation: Operation) -> None:
        """A recording operation posted to the device: acts on its Established call, else on the call held most
        recently (gws-api 8.6)."""
        self._must_have(agent, Feature.VOICE_RECORDING)
        found = self._active(agent)
        if found is None:
            raise NotInState(operation.value, "device has no active call")
        actor, leg = found
        await actor.ask(Command(operation, leg.id, By("device", agent.user_name, leg.number)))

    # --- its own life ---

    async def run(self) -> None:
        """Serves switch and recorder until cancelled; `close` first, or calls end as in a crash."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            tasks.create_task(self._serve_recorder())
            tasks.create_task(self._recovered.keep_loading(self._world.clock))
            await self._serve_switch()

    async def close(self) -> None:
        """Ends every call as its agents would: recordings sealed, legs hung up, agents told. Takes no call afterwards."""
        self._closing = True
        actors = tuple(self._by_uuid.values())
        for actor in actors:
            if not actor.released.is_set():
                actor.give_up()
        for actor in actors:
            await actor.released.wait()

    async def _serve_switch(self) -> None:
        async for event in self._world.switch_events.events():
            await self._switch_event(event)

    async def _switch_event(self, event: SwitchEvent) -> None:
        match event:
            case LegArrived():
                await self._arrived(event)
            case DeviceRegistered(dn):
                self._agents.phone_registered(self._world.directory.at(dn), dn, registered=True)
            case DeviceUnregistered(dn):
                self._agents.phone_registered(self._world.directory.at(dn), dn, registered=False)
            case TapMoved(leg, source):
                if actor := self._by_leg.get(leg):
                    actor.media_moved(leg, source)
            case _:
                self._fact(event)

    def _fact(self, happened: LegFact) -> None:
        actor = self._by_leg.get(happened.leg)
        if actor is not None:
            actor.report(happened)

    async def _serve_recorder(self) -> None:
        async for event in self._world.recorder.events():
            self._recorder_event(event)

    def _recorder_event(self, event: RecorderEvent) -> None:
        recording_id = event.sealed.recording_id if isinstance(event, RecordingRecovered) else event.recording_id
        for actor in self._by_uuid.values():
            if actor.recording_id == recording_id:
                actor.report(event)
                return
        match event:
            case RecordingRecovered(sealed):
                self._recovered.found(sealed)
            case CaptureRestored(recording_id):
                log.error("recording_without_call", recording=recording_id)
                self._create_task(self._seal_stray(recording_id))

    async def _seal_stray(self, recording_id: RecordingId) -> None:
        """A restored recording that no call knows any more would go on for ever; what it holds is kept."""
        limit = Limit(self._world.clock, RECORDER_ANSWER_S)
        try:
            self._recovered.found(await limit.answer("recorder", self._world.recorder.seal(recording_id, By("system").note())))
        except Unavailable as error:
            log.error("stray_not_sealed", recording=recording_id, error=str(error))

    async def _arrived(self, event: LegArrived) -> None:
        if event.leg in self._by_leg:
            return
        call = self._new_call(event.leg, event.number, event.dialled, {})
        try:
            self._admit(call, machine.arrived(call, self._world.clock.now()))
        except Unavailable as error:
            log.error("call_refused", leg=event.leg, error=str(error))
            self._create_task(self._turn_away(event.leg))

    async def _turn_away(self, leg: LegId) -> None:
        limit = Limit(self._world.clock, RECORDER_ANSWER_S)
        try:
            await limit.answer("switch", self._world.switch.hang_up(leg, EndCause.FAILED))
        except Unavailable as error:
            log.error("leg_left_behind", leg=leg, error=str(error))

    # --- making and finding calls ---

    def _admit(self, call: Call, first: machine.Step) -> CallActor:
        if self._closing:
            raise Unavailable("calls", "shutting down")
        if len(self._by_uuid) >= CALLS_MAX:
            raise Unavailable("calls", "too many calls")
        actor = CallActor(call, self._world)
        self._by_uuid[call.uuid] = actor
        self._by_conn_id[call.conn_id] = actor
        for leg in call.legs:
            self._by_leg[leg.id] = actor
        self._create_task(self._live(actor, first))
        return actor

    def _create_task(self, work: Coroutine[None, None, None]) -> None:
        assert self._tasks is not None, "run() comes first"
        self._tasks.create_task(work)

    async def _live(self, actor: CallActor, first: machine.Step) -> None:
        """A bug in one call ends that call: its gate is shut, and the others never notice."""
        try:
            await actor.run(first)
        except Exception:
            log.exception("call_crashed", call=actor.call.uuid)
            await self._bury(actor)
        finally:
            actor.released.set()
            self._forget(actor)

    async def _bury(self, actor: CallActor) -> None:
        try:
            await actor.bury()
        except Exception:
            log.exception("call_not_buried", call=actor.call.uuid)

    def _forget(self, actor: CallActor) -> None:
        del self._by_uuid[actor.call.uuid]
        del self._by_conn_id[actor.call.conn_id]
        for leg in actor.call.legs:
            del self._by_leg[leg.id]

    def _new_call(self, caller_leg: LegId, caller: str, called: str, user_data: Mapping[str, object]) -> Call:
        entropy = self._world.clock.entropy
        return Call(
            call_uuid(entropy(CALL_UUID_ENTROPY_BYTES)),
            self._unused_conn_id(),
            CallType.INTERNAL,
            (
                Leg(caller_leg, caller, LegState.CALLING),
                Leg(self._new_leg_id(), called, LegState.CALLING),
            ),
            user_data,
        )

    def _unused_conn_id(self) -> ConnId:
        while (made := conn_id(self._world.clock.entropy(CONN_ID_ENTROPY_BYTES))) in self._by_conn_id:
            pass
        return made

    def _new_leg_id(self) -> LegId:
        return LegId(self._world.clock.entropy(12).hex())

    def _find(self, agent: Agent, reference: str) -> tuple[CallActor, Leg]:
        by_conn_id = is_conn_id(reference)
        actor = self._by_conn_id.get(reference.lower()) if by_conn_id else self._by_uuid.get(reference)
        leg = self._leg_of(actor, agent) if actor is not None else None
        if actor is None or leg is None:
            raise NotFound("call", reference)
        return actor, leg

    def _leg_of(self, actor: CallActor, agent: Agent) -> Leg | None:
        if agent.device is None:
            return None
        mine = (leg for leg in actor.call.legs if leg.visible and leg.number == agent.device.dn)
        return next(mine, None)

    def _active(self, agent: Agent) -> tuple[CallActor, Leg] | None:
        seen = ((actor, self._leg_of(actor, agent)) for actor in self._by_uuid.values())
        mine = [(actor, leg) for actor, leg in seen if leg is not None and leg.talking]
        return max(mine, key=lambda each: _activity(each[1]), default=None)

    def _must_have(self, agent: Agent, feature: Feature) -> None:
        if not agent.has(feature):
            raise FeatureMissing(feature.value)


def _activity(leg: Leg) -> tuple[bool, float]:
    return leg.state is LegState.ESTABLISHED, leg.held_at or 0.0
