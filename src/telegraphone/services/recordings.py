"""Makes one call's recordings: carries out what the recording machine asks of the recorder and of the switch's taps.

Every method returns only when the recorder has confirmed, within the limit it is given; otherwise it raises `Unavailable`
and audio stays out (gws-api 8.4). Who did what at which position is remembered in the part's record until it is sealed,
because the event history of the finished part names them (gws-api 13.3).
"""

import asyncio
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from telegraphone.domain import consent
from telegraphone.domain import recording as rec
from telegraphone.domain.call import Call, Leg, Part
from telegraphone.domain.ids import CallUuid, LegId, RecordingId
from telegraphone.limits import CONSENT_EVIDENCE_CHARS_MAX, RECORDER_ANSWER_S, RECORDING_SEAL_S
from telegraphone.services import history
from telegraphone.services.catalogue import By, PartRecord
from telegraphone.services.ports import (
    NOBODY,
    MediaAddress,
    MediaSource,
    RecorderFull,
    SealedRecording,
    TapOrder,
    TrackOrder,
    Unavailable,
)
from telegraphone.services.surroundings import Surroundings
from telegraphone.services.switch_ports import Announcement
from telegraphone.services.waiting import Limit

log = structlog.get_logger()

_BY_SYSTEM = By("system")


@dataclass(slots=True)
class _Running:
    """The part being made: its record, whose it is, and who sends its audio. `opening` once the gate was first asked to
    open, when there may be audio; `began` once it did. `mixed` while the other track is a conference's mix. `shut_for` is what
    keeps audio out, as the recorder last said."""

    record: PartRecord
    leg: LegId
    other: LegId
    addresses: tuple[MediaAddress, MediaAddress] | None = None
    sources: tuple[MediaSource, MediaSource] | None = None
    mixed: bool = False
    shut_for: frozenset[str] = frozenset()
    opening: bool = False
    began: bool = False


class CallRecorder:
    """The recorder as one call sees it: at most one part at a time, any number one after the other."""

    def __init__(self, world: Surroundings, tapped: dict[LegId, RecordingId]) -> None:
        """`tapped` says whose tap each leg's is now, over all calls that share legs: the last fork of a leg counts."""
        self._world = world
        self._tapped = tapped
        self.call: Call | None = None
        """The call as it is now; what is listed with its parts follows it."""
        self._recorded: LegId | None = None
        """What the call's user data is; a part keeps it as it was when its gate last moved."""
        self._running: _Running | None = None
        self.remembers = False
        """Whether what is said is remembered for a part that nobody has started."""
        self.awaits: tuple[LegId, ...] = ()
        """Who took part when what is said began to wait in memory for consent; nobody when nothing does."""
        self.unheard: dict[LegId, tuple[str, Announcement]] = {}
        """To whose number an announcement was begun to be played in this part, which they have not heard to its end."""
        self._names: set[str] = set()

    @property
    def recording_id(self) -> RecordingId | None:
        """The media file that is being made now."""
        return self._running.record.recording_id if self._running else None

    @property
    def part(self) -> Part | None:
        """The part that is being made now; None before its gate was first opened."""
        running = self._running
        return Part(running.record.recording_id, running.record.name, running.leg) if running and running.began else None

    def share(self, tapped: dict[LegId, RecordingId]) -> None:
        """The call now shares legs with other calls than before: whose taps are whose is told in their register."""
        tapped |= {leg: whose for leg, whose in self._tapped.items() if whose == self.recording_id}
        self._tapped = tapped

    async def reserve(self, call: Call, leg: Leg, limit: Limit, before_s: float = 0.0) -> None:
        """Gets ports for a new part recorded for this leg's agent and has the switch send both parties' audio there.
        The gate is shut. Whatever fails, `discard` clears it away. With `before_s` nobody has started the part yet, and what
        comes so long before its start is remembered, unless another recording has the taps; one that does is then taken
        as it is."""
        if self.remembers:
            self.remembers = False
            if self._must_run().leg == leg.id:
                return
            await self.discard(_BY_SYSTEM)
        if before_s and not self._tapped.keys().isdisjoint(each.id for each in call.talking):
            return
        assert self._running is None, "one part at a time"
        record = self._new_record(call, leg)
        self.call = call
        other = next(each.id for each in (*call.talking, *call.legs) if each.id != leg.id)
        tracks = (TrackOrder("agent", leg.id), TrackOrder("other", other))
        self._recorded = leg.id
        self._running = running = _Running(record, leg.id, other)
        consent_s = consent.memory_s(self._world.policies.consent_rules, call, self._world.is_agent)
        self.awaits = tuple(each.id for each in call.talking) if consent_s else ()
        order = TapOrder(record.recording_id, call.uuid, call.tenant, tracks, before_s, consent_s)
        try:
            reservation = await limit.answer("recorder", self._world.recorder.reserve(order))
        except RecorderFull:
            self._running = None
            raise
        running.addresses = reservation.addresses
        await self.retap(call, limit)
        self.remembers = before_s > 0

    async def retap(self, call: Call, limit: Limit) -> None:
        """Takes both tracks from the parties as they are now: of several others, what the agent hears."""
        running = self._must_run()
        assert running.addresses is not None
        others = [each.id for each in call.talking if each.id != running.leg]
        # A call that is only copied to us has its parties mixed where it is connected, if anywhere.
        mixer = self._world.conference_taps if len(others) > 1 and call.copied is None else None
        if others and running.other != others[0]:
            await self._unfork(running.other, running.record.recording_id)
            running.other = others[0]
        if mixer is not None:
            theirs = await limit.answer("switch", mixer.fork_heard(running.leg, running.addresses[1]))
            running.mixed = True
        else:
            theirs = await self._fork(running.other, running.addresses[1], limit)
        mine = await self._fork(running.leg, running.addresses[0], limit)
        running.sources = (mine, theirs)
        await self._aim(running, limit)
        if mixer is None:  # only now that nobody needs it
            await self._unmix(running)
        if self._kept_out(running):
            await self._mute_taps(running, on=True)

    async def open(self, lift: frozenset[rec.Reason], by: By, limit: Limit) -> None:
        """Starts the part (nothing to lift), or lifts reasons, one after the other in a fixed order."""
        running = self._must_run()
        recorder, name = self._world.recorder, running.record.recording_id
        if not lift:
            running.opening = True
            cut = await limit.answer("recorder", recorder.open_gate(name, None, by.note()))
            running.shut_for = cut.shut_for
            running.record = history.begun(self._named(running.record, history.first_sample(cut)), cut, by)
            running.began = True
        for reason in rec.in_order(lift):
            if self._kept_out(running) <= {reason.value}:
                await self._mute_taps(running, on=False)
            cut = await limit.answer("recorder", recorder.open_gate(name, reason.value, by.note()))
            running.shut_for = cut.shut_for
            if reason is rec.Reason.CONSENT:
                self.awaits = ()
            running.record = history.opened(running.record, reason, cut, by)
        self._put(running.record)

    async def shut(self, reason: rec.Reason, by: By, limit: Limit) -> None:
        """Keeps audio out for this reason; on return no later sample will be stored. Consent that is missing once more was
        refused: on return nothing waits for it in memory."""
        running = self._must_run()
        if running.began and reason is rec.Reason.CONSENT:
            self.awaits = ()
        asked = self._world.recorder.shut_gate(running.record.recording_id, reason.value, by.note())
        cut = await limit.answer("recorder", asked)
        running.shut_for = cut.shut_for
        if self._kept_out(running):
            await self._mute_taps(running, on=True)
        running.record = history.shut(running.record, reason, cut, by)
        if running.began:
            self._put(running.record)

    async def seal(self, by: By, limit: Limit) -> None:
        """Ends the part. Whatever the recorder answers, the call has no running part afterwards: a recorder that could
        not seal keeps the gate shut, and its own recovery closes the file and ends the record."""
        running, self._running = self._must_run(), None
        by = self._with_unheard(running, by)
        try:
            asked = self._world.recorder.seal(running.record.recording_id, by.note())
            sealed = await limit.answer("recorder", asked)
        except Unavailable:
            if running.opening:
                self._put(replace(history.ending(self._surely_named(running), by), status="broken"))
            raise
        finally:
            await self._untap(running)
        if running.began or sealed.duration_samples:
            self._put(history.ended(self._surely_named(running), sealed, by))

    def _with_unheard(self, running: _Running, by: By) -> By:
        """Who ended a part that consent never opened, and who had not heard what they were to agree to."""
        unheard, self.unheard = self.unheard, {}
        if rec.Reason.CONSENT.value not in running.shut_for:
            return by
        said = [f"{announcement.reference} not heard to its end by {number}" for number, announcement in unheard.values()]
        return replace(by, rule="; ".join([*filter(None, [by.rule]), *said])[:CONSENT_EVIDENCE_CHARS_MAX])

    async def discard(self, by: By) -> None:
        """Clears away a part whose fate is unknown, if there is one; never raises."""
        self.remembers = False
        if self._running is None:
            return
        try:
            await self.seal(by, Limit(self._world.clock, RECORDING_SEAL_S))
        except Unavailable as error:
            log.error("part_not_sealed", error=str(error))

    async def found_sealed(self, sealed: SealedRecording, by: By) -> None:
        """The recorder's own recovery has closed the running part; never raises."""
        running, self._running = self._must_run(), None
        self.unheard = {}
        self._put(history.ended(self._surely_named(running), sealed, by))
        await self._untap(running)

    async def re_aim(self, leg: LegId, source: MediaSource, limit: Limit, *, heard: bool = False) -> None:
        """A party's audio now comes in another form or from elsewhere; with `heard` the mix of those that the party hears."""
        running = self._running
        if running is None or running.sources is None:
            return
        mine, theirs = running.sources
        if heard and running.mixed and leg == running.leg:
            running.sources = (mine, source)
        elif heard or self._tapped.get(leg) != running.record.recording_id:
            return
        elif leg == running.leg:
            running.sources = (source, theirs)
        elif not running.mixed:
            running.sources = (mine, source)
        await self._aim(running, limit)
        if running.shut_for:  # it may be another copy now, with a second lock of its own
            await self._mute_taps(running, on=True)

    async def aim_again(self, limit: Limit) -> None:
        """Tells a recorder that was lost who sends to it now."""
        await self._aim(self._must_run(), limit)

    async def _aim(self, running: _Running, limit: Limit) -> None:
        """A leg whose tap is another recording's by now, as that of a call it consults in, is nobody here: where the recorder
        takes packets to others, aiming at it would take them away from there."""
        if running.sources is None:
            return
        name, (mine, theirs) = running.record.recording_id, running.sources
        if self._tapped.get(running.leg) != name:
            mine = NOBODY
        if not running.mixed and self._tapped.get(running.other) != name:
            theirs = NOBODY
        await limit.answer("recorder", self._world.recorder.aim(name, (mine, theirs)))

    async def _fork(self, leg: LegId, to: MediaAddress, limit: Limit) -> MediaSource:
        self._tapped[leg] = self._must_run().record.recording_id
        return await limit.answer("switch", self._world.taps.fork(leg, to))

    def _kept_out(self, running: _Running) -> frozenset[str]:
        """The reasons for which nothing need come."""
        return running.shut_for - {rec.Reason.CONSENT.value} if self.awaits else running.shut_for

    async def _mute_taps(self, running: _Running, *, on: bool) -> None:
        """Turns the second lock: behind the gate when it has shut, before it when it opens."""
        mutes, recording_id = self._world.tap_mutes, running.record.recording_id
        if mutes is None:
            return
        asked = [mutes.mute_tap(leg, on) for leg in (running.leg, running.other) if self._tapped.get(leg) == recording_id]
        if running.mixed:
            asked.append(mutes.mute_tap(running.leg, on, heard=True))
        await asyncio.gather(*asked)

    async def _untap(self, running: _Running) -> None:
        for leg in (running.leg, running.other):
            await self._unfork(leg, running.record.recording_id)
        await self._unmix(running)

    async def _unfork(self, leg: LegId, recording_id: RecordingId) -> None:
        """Ends a tap that is still this recording's."""
        if self._tapped.get(leg) == recording_id:
            del self._tapped[leg]
            await self._despite_failure(self._world.taps.unfork(leg), leg)

    async def _unmix(self, running: _Running) -> None:
        if running.mixed and self._world.conference_taps is not None:
            running.mixed = False
            await self._despite_failure(self._world.conference_taps.unfork_heard(running.leg), running.leg)

    async def _despite_failure(self, asked: Coroutine[object, object, None], leg: LegId) -> None:
        try:
            await Limit(self._world.clock, RECORDER_ANSWER_S).answer("switch", asked)
        except Unavailable as error:
            log.warning("tap_left_behind", leg=leg, error=str(error))

    def _put(self, record: PartRecord) -> None:
        """Fills in numbers that were not known at first: a copied call may have none until its client describes it."""
        call = self.call
        assert call is not None, "a part is made of a call"
        number = record.recorded_dn or next((each.number for each in call.legs if each.id == self._recorded), "")
        agent = self._world.directory.at(number, call.tenant) if number else None
        self._world.catalogue.put(
            replace(
                record,
                ani=record.ani or call.caller.number,
                dnis=record.dnis or call.dnis,
                recorded_dn=number,
                user_name=record.user_name or (agent.user_name if agent else ""),
                user_data=call.user_data,
            )
        )

    def _must_run(self) -> _Running:
        assert self._running is not None, "the machine asks this only of a running part"
        return self._running

    def _named(self, record: PartRecord, start: datetime) -> PartRecord:
        numbers = (record.ani, record.dnis)
        name = self._world.names.name(record.call_uuid, record.recorded_dn, numbers, start, self._names)
        self._names.add(name)
        return replace(record, name=name)

    def _surely_named(self, running: _Running) -> PartRecord:
        record = running.record
        return record if record.name else self._named(record, record.started_at)

    def _new_record(self, call: Call, leg: Leg) -> PartRecord:
        agent = self._world.directory.at(leg.number, call.tenant)
        return PartRecord(
            recording_id=RecordingId(str(uuid.UUID(bytes=self._world.clock.entropy(16), version=4))),
            call_uuid=call.uuid,
            conn_id=call.conn_id,
            name="",
            ani=call.caller.number,
            dnis=call.dnis,
            recorded_dn=leg.number,
            user_name=agent.user_name if agent else "",
            started_at=self._world.clock.utc(),
            tenant=call.tenant,
        )


class Recorders(dict[CallUuid, CallRecorder]):
    """What makes the recordings of each call of a conversation, made when it is first asked for."""

    def __init__(self, world: Surroundings) -> None:
        """The calls share the register of whose tap each leg's is."""
        super().__init__()
        self._world = world
        self.tapped: dict[LegId, RecordingId] = {}

    def __missing__(self, uuid: CallUuid) -> CallRecorder:
        """The call's, new."""
        recorder = self[uuid] = CallRecorder(self._world, self.tapped)
        return recorder
