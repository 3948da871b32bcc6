"""Makes one call of the two sessions in which a phone copies it, one for each voice (Cisco's built-in bridge, siprec.md, Q17).

The first session of a call begins it, as every session does, and has both places at which its voices arrive; the other party's
is empty. The session that brings that voice has neither call nor places of its own: its one line leads to the empty place. The
call is over when the last of the two is.
"""

from collections.abc import Iterable

from telegraphone.switches.siprec.rs import Rs, Stage

OWN_PLACE = 0
"""Where the voice of the session that began the call arrives."""


def whole_of(half: Rs, alive: Iterable[Rs]) -> Rs | None:
    """The session with the call whose missing voice this one brings; None when it begins a call of its own."""
    return next((rs for rs in alive if _misses(rs, half)), None)


def join(half: Rs, whole: Rs) -> None:
    """Leads what comes by this session to the empty place of the call."""
    place = OWN_PLACE if half.speaker == whole.speaker else OWN_PLACE + 1
    half.places = {OWN_PLACE: whole.places[place]}
    whole.halves[place] = half


def _misses(whole: Rs, half: Rs) -> bool:
    if whole.whole is not None or not whole.speaker or whole.stage is Stage.ENDED or whole.trunk is not half.trunk:
        return False
    there = {each.speaker for each in whole.halves.values()} | (set() if whole.left else {whole.speaker})
    return half.speaker not in there and not whole.picture.links().isdisjoint(half.picture.links())
