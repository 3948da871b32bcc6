"""All calls of this node: makes them from what the switch reports and agents ask, and finds the one an agent means."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace

import structlog

from telegraphone.domain import forked, progress
from telegraphone.domain.agent import Agent, Feature
from telegraphone.domain.allowed import must_be_allowed, must_have
from telegraphone.domain.call import Call, CallType, Leg, LegState
from telegraphone.domain.conversation import Conversation, Step
from telegraphone.domain.errors import DeviceNotRegistered, NotFound, NotInState, ParameterInvalid
from telegraphone.domain.ids import (
    CALL_UUID_ENTROPY_BYTES,
    CONN_ID_ENTROPY_BYTES,
    DEFAULT_TENANT,
    CallUuid,
    ConnId,
    LegId,
    RecordingId,
    call_uuid,
    conn_id,
    is_conn_id,
    may_be_call_uuid,
)
from telegraphone.domain.legs import (
    Ability,
    CallForked,
    CopyDescribed,
    DeviceRegistered,
    DeviceUnregistered,
    LegArrived,
    LegFact,
    RecordingOrdered,
)
from telegraphone.domain.operations import Operation
from telegraphone.domain.phone_requests import RecordingAsked, TransferAsked, TransferOfLegs
from telegraphone.domain.user_data import first_user_data
from telegraphone.domain.views import CallView
from telegraphone.limits import CALLS_KNOWN_MAX, CALLS_MAX, RECORDER_ANSWER_S
from telegraphone.services.agents import Agents
from telegraphone.services.call_actor import CallActor
from telegraphone.services.call_commands import NewIds
from telegraphone.services.catalogue import By
from telegraphone.services.copied_calls import CopiedCalls
from telegraphone.services.mailbox import Command, Watched
from telegraphone.services.phone_requests import PhoneRequests
from telegraphone.services.ports import CaptureRestored, RecorderEvent, RecordingRecovered, SwitchEvent, TapMoved, Unavailable
from telegraphone.services.recovery import RecoveredParts
from telegraphone.services.surroundings import Surroundings
from telegraphone.services.waiting import Limit

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Owned:
    """What of one actor is in the registers."""

    uuids: frozenset[CallUuid] = frozenset()
    conn_ids: frozenset[ConnId] = frozenset()
    legs: frozenset[LegId] = frozenset()


class Calls:
    """The register of calls. `run` serves until cancelled, then ends every call and seals every recording."""

    def __init__(self, world: Surroundings, agents: Agents, recovered: RecoveredParts) -> None:
        self._world = world
        self._agents = agents
        self._recovered = recovered
        self._by_uuid: dict[CallUuid, CallActor] = {}
        self._by_conn_id: dict[ConnId, tuple[CallActor, CallUuid]] = {}
        self._by_leg: dict[LegId, CallActor] = {}
        self._owned: dict[CallActor, _Owned] = {}
        self._phone_requests = PhoneRequests(world, agents, self._by_leg.get)
        self._copied = CopiedCalls(world, self._by_leg.get, self._by_uuid.get)
        self._tasks: asyncio.TaskGroup | None = None
        self._closing = False

    # --- what agents ask ---

    def of(self, agent: Agent) -> tuple[CallView, ...]:
        """The agent's calls that are not released, oldest first."""
        return tuple(actor.view(call, leg, agent) for actor, call, leg in self._seen(agent) if leg.state is not LegState.RELEASED)

    def find(self, agent: Agent, reference: str) -> CallView:
        """The agent's call of this connection id or call UUID; NotFound also when it is somebody else's."""
        actor, call, leg = self._find(agent, reference)
        return actor.view(call, leg, agent)

    async def dial(self, agent: Agent, destination: str, user_data: Mapping[str, object]) -> CallView:
        """Rings the agent's own phone, then the destination. Returns when the agent's view shows Dialing. Raises
        `Refusal`, or `Unavailable` when the switch or this node cannot make the call."""
        must_have(agent, Feature.VOICE)
        if agent.device is None or not self._agents.is_registered(agent.device.dn):
            raise DeviceNotRegistered(agent.device.dn if agent.device else "")
        if destination == agent.device.dn:
            raise ParameterInvalid("destination")
        kind = self._world.call_type(agent.device.dn, destination, came_from_outside=False)
        data = first_user_data(user_data)
        call = self._new_call(kind, self._new_leg_id(), agent.device.dn, destination, data, tenant=agent.tenant)
        actor = self._admit(call, progress.dialled(call, self._world.clock.now()))
        await actor.begun.wait()
        call = actor.conversation.call(call.uuid)
        if call.released:
            raise Unavailable("switch", "the call could not be made")
        return actor.view(call, call.caller, agent)

    async def operate(
        self,
        agent: Agent,
        reference: str,
        operation: Operation,
        user_data: Mapping[str, object] | None = None,
        key: str = "",
        *,
        number: str = "",
        digits: str = "",
        other: str = "",
    ) -> None:
        """Returns when the operation has taken effect on the agent's call; raises `Refusal` or `Unavailable`. `number` is
        the destination or the participant, `other` the id of the other call of a pair, in either form."""
        must_be_allowed(agent, operation)
        _, call, leg = self._find(agent, reference)
        by = By("agent", agent.user_name, leg.number)
        command = Command(operation, call.uuid, leg.id, by, user_data or {}, key, number, digits, other)
        await self._copied.operate(command)

    async def operate_device(self, agent: Agent, operation: Operation) -> None:
        """A recording operation posted to the device: acts on its Established call, else on the call held most
        recently (gws-api 8.6)."""
        must_have(agent, Feature.VOICE_RECORDING)
        mine = [each for each in self._seen(agent) if each[2].talking]
        if not mine:
            raise NotInState(operation.value, "device has no active call")
        _, call, leg = max(mine, key=lambda each: _activity(each[2]))
        await self._copied.operate(Command(operation, call.uuid, leg.id, By("device", agent.user_name, leg.number)))

    @property
    def count(self) -> int:
        """Calls that are not released."""
        return sum(not call.released for actor in self._owned for call in actor.conversation.calls)

    async def withdraw(self, supervisor: Agent, reference: str) -> None:
        """Takes a supervisor out of the call that was listened in on, whatever the supervisor may now do."""
        actor, call, leg = self._find(supervisor, reference)
        await actor.ask(Command(Operation.HANGUP, call.uuid, leg.id, By("admin", "", leg.number)))

    @property
    def abilities(self) -> frozenset[Ability]:
        """What the switch can do."""
        return self._world.abilities

    def look_for_watches(self, agent: Agent) -> None:
        """Somebody watches this agent: if the agent talks, the supervisor is rung."""
        for actor, _, leg in self._seen(agent):
            if leg.talking:
                actor.report(Watched(leg.number))

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
        actors = tuple(dict.fromkeys(self._by_uuid.values()))
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
            case CallForked():
                self._forked(event)
            case CopyDescribed():
                if changed := self._copied.described(event):
                    self._create_task(self._copied.doubles.part(changed))
            case RecordingOrdered():
                self._create_task(self._copied.ordered(event))
            case DeviceRegistered(dn):
                self._agents.phone_registered(self._world.directory.at(dn), dn, registered=True)
            case DeviceUnregistered(dn):
                self._agents.phone_registered(self._world.directory.at(dn), dn, registered=False)
            case TransferAsked() | TransferOfLegs() | RecordingAsked():
                self._create_task(self._phone_requests.obey(event))
            case TapMoved(leg, source, heard):
                if actor := self._by_leg.get(leg):
                    actor.media_moved(leg, source, heard=heard)
            case _:
                self._fact(event)

    def _fact(self, happened: LegFact) -> None:
        actor = self._by_leg.get(happened.leg)
        if actor is not None:
            actor.report(happened)

    async def _serve_recorder(self) -> None:
        async for event in self._world.recorder.events():
            self._recorder_event(event)

    def is_recording(self, recording_id: RecordingId) -> bool:
        """Whether some call is recording into this media file now."""
        return any(actor.is_recording(recording_id) for actor in self._by_uuid.values())

    def _recorder_event(self, event: RecorderEvent) -> None:
        recording_id = event.sealed.recording_id if isinstance(event, RecordingRecovered) else event.recording_id
        for actor in self._by_uuid.values():
            if actor.is_recording(recording_id):
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
        directory, number = self._world.directory, event.number
        if event.outside and directory.tenant_at(number) is not None:
            number = ""  # who calls from outside is no agent here: no desktop may take the leg for its own
        tenant = directory.tenant_at(number) or directory.tenant_at(event.dialled) or DEFAULT_TENANT
        kind = self._world.call_type(number, event.dialled, came_from_outside=event.outside)
        call = self._new_call(kind, event.leg, number, event.dialled, {}, tenant=tenant)
        try:
            self._admit(call, progress.arrived(call, self._world.clock.now()))
        except Unavailable as error:
            log.error("call_refused", leg=event.leg, error=str(error))
            self._create_task(self._copied.turn_away(event.leg))

    def _forked(self, event: CallForked) -> None:
        """A call that is connected elsewhere is copied to us."""
        now = self._world.clock.now()
        uuid, made = self._new_call_ids()
        if may_be_call_uuid(event.known_as) and event.known_as not in self._by_uuid:
            uuid = CallUuid(event.known_as)
        doubles = self._copied.doubles
        double = doubles.double_of(event)
        data = {**double.user_data, **event.user_data} if double else event.user_data
        legs = tuple(forked.talking_leg(party, None if double else now) for party in event.parties)
        kind = forked.call_type(legs, event.tenant, self._world.is_agent)
        call = Call(uuid, made, kind, legs, data, copied=event.keeping, mixed=event.mixed, tenant=event.tenant)
        call = replace(call, carries_pause=doubles.begins_paused(event), required=event.required)
        try:
            actor = self._admit(call, forked.begun(call))
        except Unavailable as error:
            log.error("call_refused", leg=legs[0].id, error=str(error))
            self._create_task(self._copied.turn_away(legs[0].id))
        else:
            self._world.copies.begun(call.uuid, event.tenant, event.client)
            self._create_task(self._copied.take(actor, call))

    # --- making and finding calls ---

    def _admit(self, call: Call, first: Step) -> CallActor:
        if self._closing:
            raise Unavailable("calls", "shutting down")
        known = len(self._by_uuid)
        if known >= CALLS_KNOWN_MAX or (known >= CALLS_MAX and self.count >= CALLS_MAX):
            raise Unavailable("calls", "too many calls")
        actor = CallActor(Conversation((call,)), self._world, NewIds(self._new_leg_id, self._new_call_ids), self._changed)
        self._changed(actor, first.conversation)
        self._create_task(self._live(actor, first))
        return actor

    def _create_task(self, work: Coroutine[None, None, None]) -> None:
        assert self._tasks is not None, "run() comes first"
        self._tasks.create_task(work)

    async def _live(self, actor: CallActor, first: Step) -> None:
        """A bug in one call ends that call: its gate is shut, and the others never notice."""
        try:
            await actor.run(first)
        except Exception:
            log.exception("call_crashed", call=sorted(self._owned[actor].uuids))
            await self._bury(actor)
        finally:
            actor.released.set()
            self._forget(actor)

    async def _bury(self, actor: CallActor) -> None:
        try:
            await actor.bury()
        except Exception:
            log.exception("call_not_buried", call=sorted(self._owned[actor].uuids))

    def _changed(self, actor: CallActor, conversation: Conversation) -> None:
        """Keeps the registers equal to what the actor owns, before the switch can report on a new leg."""
        uuids = {call.uuid for call in conversation.calls}
        legs = {leg.id for call in conversation.calls for leg in call.legs}
        for call in conversation.calls:
            self._by_uuid[call.uuid] = actor
            self._by_conn_id[call.conn_id] = (actor, call.uuid)
        self._by_leg |= dict.fromkeys(legs, actor)
        old = self._owned.get(actor, _Owned())
        conn_ids = {call.conn_id for call in conversation.calls}
        # What another actor has taken over is no longer this one's to forget.
        for uuid in old.uuids - uuids:
            if self._by_uuid.get(uuid) is actor:
                del self._by_uuid[uuid]
        for conn in old.conn_ids - conn_ids:
            if self._by_conn_id.get(conn, (None,))[0] is actor:
                del self._by_conn_id[conn]
        for leg in old.legs - legs:
            if self._by_leg.get(leg) is actor:
                del self._by_leg[leg]
        self._owned[actor] = _Owned(frozenset(uuids), frozenset(conn_ids), frozenset(legs))

    def _forget(self, actor: CallActor) -> None:
        self._changed(actor, Conversation(()))
        del self._owned[actor]

    def _new_call(
        self, kind: CallType, caller_leg: LegId, caller: str, called: str, user_data: Mapping[str, object], *, tenant: str
    ) -> Call:
        uuid, made = self._new_call_ids()
        return Call(
            uuid,
            made,
            kind,
            (
                Leg(caller_leg, caller, LegState.CALLING),
                Leg(self._new_leg_id(), called, LegState.CALLING),
            ),
            user_data,
            tenant=tenant,
        )

    def _new_call_ids(self) -> tuple[CallUuid, ConnId]:
        uuid = call_uuid(self._world.clock.entropy(CALL_UUID_ENTROPY_BYTES))
        while (made := conn_id(self._world.clock.entropy(CONN_ID_ENTROPY_BYTES))) in self._by_conn_id:
            pass
        return uuid, made

    def _new_leg_id(self) -> LegId:
        return LegId(self._world.clock.entropy(12).hex())

    def _find(self, agent: Agent, reference: str) -> tuple[CallActor, Call, Leg]:
        if is_conn_id(reference):
            actor, uuid = self._by_conn_id.get(ConnId(reference.lower()), (None, CallUuid("")))
        else:
            actor, uuid = self._by_uuid.get(CallUuid(reference)), CallUuid(reference)
        known = next((each for each in actor.conversation.calls if each.uuid == uuid), None) if actor else None
        leg = _leg_of(known, agent) if known is not None else None
        if actor is None or known is None or leg is None:
            raise NotFound("call", reference)
        return actor, known, leg

    def _seen(self, agent: Agent) -> Iterator[tuple[CallActor, Call, Leg]]:
        """The agent's legs in all calls, oldest call first."""
        for uuid, actor in self._by_uuid.items():
            call = next((each for each in actor.conversation.calls if each.uuid == uuid), None)
            leg = _leg_of(call, agent) if call is not None else None
            if call is not None and leg is not None:
                yield actor, call, leg


def _leg_of(call: Call, agent: Agent) -> Leg | None:
    """The agent's leg in this call; who left and was called back is there by the later one."""
    if agent.device is None or agent.tenant != call.tenant:
        return None
    mine = [leg for leg in call.legs if leg.visible and leg.number == agent.device.dn]
    return max(reversed(mine), key=lambda leg: leg.state is not LegState.RELEASED, default=None)


def _activity(leg: Leg) -> tuple[bool, float]:
    return leg.state is LegState.ESTABLISHED, leg.held_at or 0.0
