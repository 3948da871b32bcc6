"""Turns what is known of the parties into legs, and each change of it into facts for those above.

A call needs two parties (`domain.leaving`), so who leaves last stays until somebody else comes or the call ends. Who comes
is told before who leaves, and takes that one's side of the call. A party without a name that gets one is the same party;
so is one whose number is corrected, and one without a number in whose stead somebody comes (siprec.md, Q14).
"""

from collections.abc import Callable

from telegraphone.domain.copies import Party
from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import CallForked, CopyDescribed, EndCause, LegEnded, PartyAt, PartyJoined, PartyNamed
from telegraphone.services.ports import SwitchEvent
from telegraphone.switches.siprec.parties import SIDES, Person, persons, stated
from telegraphone.switches.siprec.rs import Leg, Rs
from telegraphone.wire.siprec.noticing import unmatched

NewId = Callable[[], LegId]
_PARTIES_MIN = 2


def begun(rs: Rs, new_id: NewId) -> CallForked:
    """The call of a session that has just been offered, or whose next one begins. Who is not known yet has no number."""
    known = persons(rs.picture, rs.lines, rs.trunk)
    for person in (*known, *(Person("", "") for _ in range(len(known), _PARTIES_MIN))):
        _add(rs, person, new_id)
    _take_sides(rs)
    _place(rs)
    parties = tuple(PartyAt(leg.id, leg.person.number) for leg in rs.legs)
    trunk, named = rs.trunk, rs.named
    about = (named.known_as, named.user_data, trunk.tenant, trunk.name)
    return CallForked(parties, trunk.keeping, rs.mixed, *about, _links(rs), trunk.required)


def changed(rs: Rs, new_id: NewId) -> list[SwitchEvent]:
    """What the latest snapshot or description changes about the legs."""
    known = persons(rs.picture, rs.lines, rs.trunk)
    there = {person.id for person in known}
    by_party = {leg.person.id: leg for leg in rs.legs if leg.person.id}
    facts: list[SwitchEvent] = []
    new = []
    for person in known:
        leg = by_party.get(person.id)
        if leg is None:
            new.append(person)
        else:
            facts += _renamed(leg, person)
            leg.gone = False
    nameless = [leg for leg in rs.legs if not leg.person.number and leg.person.id not in there]
    for leg, person in zip(nameless, new, strict=False):
        facts += _renamed(leg, person)
    for person in new[len(nameless) :]:
        anchor = rs.legs[0].id
        leg = _add(rs, person, new_id)
        facts.append(PartyJoined(anchor, PartyAt(leg.id, person.number)))
    facts += _left(rs, there)
    _take_sides(rs)
    _place(rs)
    return facts


def described(rs: Rs, *, over: bool = False) -> CopyDescribed:
    """What the client has told of the call since this was last asked. A session that lives on may yet tell more."""
    parties = tuple(Party(party.aor, rs.trunk.number(party.aor), party.name) for party in rs.picture.parties())
    documents = tuple(rs.untold)
    rs.untold.clear()
    facts = rs.facts | unmatched(rs.labels, rs.picture) | _clashes(rs) | _guessed(rs)
    return CopyDescribed(rs.legs[0].id, parties, _links(rs), facts, documents, over)


def _clashes(rs: Rs) -> dict[str, str]:
    """How many items of the metadata were left out because their id is another's, as a fact."""
    return {"metadata_clashes": str(rs.picture.clashes)} if rs.picture.clashes else {}


def _guessed(rs: Rs) -> dict[str, str]:
    """Whether nothing says whose voice a line brings, so that its place among the lines counts, as a fact (rule 5.6)."""
    claimed = {index for leg in rs.legs for index in leg.lines}
    open_lines = {line.index for line in rs.lines if line is not None} - claimed
    voiceless = any(not leg.lines and not leg.gone for leg in rs.legs)
    return {"voices": "by order"} if open_lines and voiceless and not rs.mixed else {}


def over(rs: Rs, cause: EndCause) -> list[SwitchEvent]:
    """The call has ended for everybody."""
    if not rs.legs:
        return []
    ended = [LegEnded(leg.id, cause) for leg in rs.legs]
    facts: list[SwitchEvent] = [described(rs, over=True), *ended]
    rs.legs.clear()
    return facts


def _links(rs: Rs) -> frozenset[str]:
    return rs.picture.links() | ({rs.named.known_as} if rs.named.known_as else frozenset())


def _add(rs: Rs, person: Person, new_id: NewId) -> Leg:
    leg = Leg(new_id(), person)
    rs.legs.append(leg)
    return leg


def _renamed(leg: Leg, person: Person) -> list[SwitchEvent]:
    before, leg.person = leg.person.number, person
    return [PartyNamed(leg.id, person.number)] if person.number != before else []


def _left(rs: Rs, there: set[str]) -> list[SwitchEvent]:
    facts: list[SwitchEvent] = []
    for leg in tuple(rs.legs):
        leg.gone = bool(leg.person.id) and leg.person.id not in there
        if leg.gone and len(rs.legs) > _PARTIES_MIN:
            rs.legs.remove(leg)
            rs.departed[leg.id] = leg
            facts.append(LegEnded(leg.id, EndCause.NORMAL))
    return facts


def _take_sides(rs: Rs) -> None:
    """Who takes part and is on no side takes one that nobody has; and where the metadata does not say whose voice comes on
    which line, it is what the trunk says of that side."""
    present = [leg for leg in rs.legs if not leg.gone]
    taken = {leg.side for leg in present}
    newcomers = (leg for leg in present if not leg.side)
    for leg, side in zip(newcomers, [side for side in SIDES if side not in taken], strict=False):
        leg.side = side
    claimed = {index for leg in present for index in leg.person.lines}
    free = [line for line in rs.lines if line is not None and line.index not in claimed]
    for leg in rs.legs:
        leg.lines = leg.person.lines or stated(leg.side, free, rs.trunk)


def _place(rs: Rs) -> None:
    """Everybody to the line that carries their voice; where two claim one, the first has it to record."""
    taken: set[int] = set()
    for leg in sorted(rs.legs, key=lambda each: (each.gone, not each.lines)):
        own = [index for index in leg.lines if index in rs.places and index not in taken]
        # More voices than lines: who is left speaks on another's.
        shared = [index for index in leg.lines if index in rs.places]
        free = own or _others(rs, leg, taken) or shared or sorted(rs.places)
        leg.place = free[0]
        taken.add(leg.place)


def _others(rs: Rs, leg: Leg, taken: set[int]) -> list[int]:
    """Places for one whose line is not known: where the leg is already, else one that nobody claims."""
    claimed = {index for each in rs.legs if each is not leg for index in each.lines}
    free = [index for index in sorted(rs.places) if index not in taken]
    unclaimed = [index for index in free if index not in claimed]
    stay = [leg.place] if leg.place in unclaimed else []
    return [*stay, *unclaimed, *free]
