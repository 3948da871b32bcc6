"""All recording sessions that live, and what every part of the recording server does with them: find, tell, give ports, end."""

import asyncio
from dataclasses import dataclass, field

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import CallForked, EndCause, FactsLearned, LegEnded, PartyJoined, RecordingOrdered
from telegraphone.domain.recording import Trigger
from telegraphone.limits import CALLS_MAX, SWITCH_EVENTS_MAX
from telegraphone.services.ports import Clock, SwitchEvent, TapMoved
from telegraphone.services.switch_ports import Intakes
from telegraphone.switches.siprec import legs
from telegraphone.switches.siprec.rs import PLACES_MIN, Leg, Named, Place, Rs, Stage
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.siprec.metadata import are_two_calls

_ID_BYTES = 12


@dataclass(slots=True)
class Admission:
    """Whether new recording sessions are taken: so many at once, and none while draining. Others are sent elsewhere, and so
    is who asks by OPTIONS; sessions that live are not concerned."""

    recordings_max: int = CALLS_MAX
    draining: bool = False


@dataclass(slots=True, eq=False)
class Register:
    """The sessions, and the facts of which the one reader is told."""

    clock: Clock
    intakes: Intakes
    admission: Admission
    by_leg: dict[LegId, Rs] = field(default_factory=dict)
    by_dialog: dict[Dialog, Rs] = field(default_factory=dict)
    alive: set[Rs] = field(default_factory=set)
    queue: "asyncio.Queue[SwitchEvent | None]" = field(default_factory=lambda: asyncio.Queue(SWITCH_EVENTS_MAX))

    @property
    def full(self) -> bool:
        """Whether the next session should go to another recorder."""
        return (
            self.admission.draining
            or len(self.alive) >= self.admission.recordings_max
            or self.queue.qsize() > SWITCH_EVENTS_MAX // 2
        )

    def new_name(self) -> str:
        """An id that was never used."""
        return self.clock.entropy(_ID_BYTES).hex()

    def new_leg(self) -> LegId:
        """An id for a leg."""
        return LegId(self.new_name())

    def leg(self, leg_id: LegId) -> tuple[Rs, Leg] | None:
        """The session and leg of this id."""
        rs = self.by_leg.get(leg_id)
        leg = rs.leg(leg_id) if rs is not None else None
        return (rs, leg) if rs is not None and leg is not None else None

    # --- ports ---

    def open_places(self, rs: Rs) -> None:
        """Has the recorder open a port for each taken line that has none. Raises `RecorderFull`, and then none is new."""
        if rs.whole is not None:
            return
        wanted = [line.index for line in rs.lines if line is not None and line.index not in rs.places]
        spare = (index for index in range(len(rs.lines) + PLACES_MIN) if index not in rs.places and index not in wanted)
        while len(rs.places) + len(wanted) < PLACES_MIN:
            wanted.append(next(spare))
        opened: dict[int, Place] = {}
        try:
            for index in wanted:
                name = f"{rs.name}.{index}"
                opened[index] = Place(name, self.intakes.open_intake(name, any_port=rs.trunk.any_port))
        except BaseException:
            for place in opened.values():
                self.intakes.close_intake(place.name)
            raise
        rs.places |= opened

    def _close_places(self, rs: Rs) -> None:
        """Gives the ports back."""
        for agreed in rs.agreed.values():
            if agreed.task is not None:
                agreed.task.cancel()
        for place in rs.places.values():
            self.intakes.close_intake(place.name)
        rs.places.clear()

    # --- facts ---

    def begin(self, rs: Rs, named: Named) -> None:
        """The call of a session begins."""
        self.alive.add(rs)
        rs.named, rs.told = named, rs.picture
        self._tell(rs, [legs.begun(rs, self.new_leg), legs.described(rs)])

    def turn(self, rs: Rs) -> None:
        """Where the latest snapshot is of the session's next call already, the one that runs is over, as it was known until then:
        what came with that snapshot is noted after this."""
        if rs.legs and are_two_calls(rs.told, rs.picture):
            said, rs.picture = rs.picture, rs.told
            documents = tuple(rs.untold)
            self._tell(rs, legs.over(rs, EndCause.NORMAL))
            rs.picture = said
            rs.untold.extend(documents)

    def ordered(self, rs: Rs, trigger: Trigger) -> None:
        """The client orders something of the recording."""
        whole = rs.whole or rs
        if whole.legs:
            self._tell(whole, [RecordingOrdered(whole.legs[0].id, trigger)])

    def refresh(self, rs: Rs, named: Named) -> None:
        """A snapshot or description has come: tells what it changes. When nobody is left in a session that lives on, its
        call is over; when somebody comes then, or another session goes on of which nobody is known yet, a new one begins."""
        if rs.legs:
            self._tell(rs, [legs.described(rs)])
        if rs.legs and rs.picture.drawn and not rs.picture.parties() and rs.picture.has_ended():
            self._tell(rs, legs.over(rs, EndCause.NORMAL))
        elif rs.legs:
            if rs.picture.names():
                # One that names nobody may be of this call or of the next: whoever is named first decides.
                rs.told = rs.picture
            self._tell(rs, legs.changed(rs, self.new_leg))
            self._learn(rs, named)
        elif (rs.picture.parties() or rs.picture.cs_ids()) and rs.stage is Stage.LIVE and rs.whole is None:
            self.begin(rs, named)

    def _learn(self, rs: Rs, named: Named) -> None:
        """What the vendor says of the running call later on is user data too; its id stays what it was at the beginning."""
        if new := {key: value for key, value in named.user_data.items() if rs.named.user_data.get(key) != value}:
            rs.named = Named(rs.named.known_as, {**rs.named.user_data, **new})
            self._tell(rs, [FactsLearned(rs.legs[0].id, new)])

    def media_changed(self, rs: Rs) -> None:
        """Says anew who sends where audio is being recorded, since another source may have taken over."""
        whole = rs.whole or rs
        for leg in whole.legs:
            if leg.fork is not None:
                self.queue.put_nowait(TapMoved(leg.id, whole.source(leg.fork)))

    def leave(self, rs: Rs, cause: EndCause) -> None:
        """The client has ended a session. Where others carry voices of its call, the call goes on without this one's."""
        whole = rs.whole or rs
        if rs is whole and rs.halves:
            self._forget(rs)
            rs.left = True
        elif rs is not whole:
            self._part(rs)
        if whole.halves or not (rs is whole or whole.left):
            self.media_changed(whole)
        else:
            self.end(whole, cause)

    def _part(self, half: Rs) -> None:
        """A session that carries one voice of another's call is gone."""
        assert half.whole is not None
        half.stage = Stage.ENDED
        self.alive.discard(half)
        self._forget(half)
        half.places = {}
        half.whole.halves = {place: each for place, each in half.whole.halves.items() if each is not half}

    def _forget(self, rs: Rs) -> None:
        if rs.dialog is not None:
            self.by_dialog.pop(rs.dialog, None)
            rs.dialog = None

    def end(self, rs: Rs, cause: EndCause) -> None:
        """The session is gone, and all of its call with it: its ports are free and the reader is told, once."""
        if rs.stage is Stage.ENDED:
            return
        if rs.whole is not None:
            self.leave(rs, cause)
            return
        for half in tuple(rs.halves.values()):
            self._part(half)
        rs.stage = Stage.ENDED
        self.alive.discard(rs)
        self._forget(rs)
        self._tell(rs, legs.over(rs, cause))
        for leg_id in rs.departed:
            self.by_leg.pop(leg_id, None)
        self._close_places(rs)

    def _tell(self, rs: Rs, facts: list[SwitchEvent]) -> None:
        for fact in facts:
            match fact:
                case CallForked(parties):
                    self.by_leg |= dict.fromkeys((party.leg for party in parties), rs)
                case PartyJoined(party=party):
                    self.by_leg[party.leg] = rs
                case LegEnded(leg_id):
                    if rs.leg(leg_id) is None:
                        self.by_leg.pop(leg_id, None)
                    self.intakes.assign_intake(leg_id, None)
                case _:
                    pass
            self.queue.put_nowait(fact)
        for leg in rs.legs:
            self.intakes.assign_intake(leg.id, rs.places[leg.place].name)
