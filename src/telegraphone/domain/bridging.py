"""Who hears whom: what the switch must join, part, mute and play music or ringing to, as the difference between two states."""

from telegraphone.domain.call import Call, CallEffect, Join, Leg, LegState, Monitor, Music, Mute, RingTone, Unmonitor
from telegraphone.domain.ids import LegId
from telegraphone.domain.watching import Listening

Groups = dict[frozenset[LegId], tuple[LegId, ...]]


def rewired(before: tuple[Call, ...], after: tuple[Call, ...]) -> tuple[CallEffect, ...]:
    """What to ask of the switch so that the parties hear each other as they shall: first who is taken out, then who is
    brought together."""
    old, new = _groups(before), _groups(after)
    joined = {leg for group in new for leg in group}
    present = {leg.id for call in after for leg in call.legs if leg.live}
    talking = {leg.id for call in after for leg in call.talking}
    parted = [
        leg
        for group, members in old.items()
        for leg in members
        if group not in new and leg not in joined and leg in talking and _must_part(after, leg)
    ]
    lonely_before, lonely = _lonely(before), _lonely(after)
    calling_before, calling = _calling(before), _calling(after)
    muted_before, muted = _muted(before), _muted(after)
    return (
        *(Music(leg, on=False) for leg in lonely_before if leg not in lonely and leg in present),
        *(RingTone(leg, on=False) for leg in calling_before if leg not in calling and leg in present),
        *(Join((leg,)) for leg in parted),
        *(Join(members) for group, members in new.items() if group not in old),
        *(Music(leg, on=True) for leg in lonely if leg not in lonely_before),
        *(RingTone(leg, on=True) for leg in calling if leg not in calling_before),
        *(Mute(leg, on=False) for leg in muted_before if leg not in muted and leg in present),
        *(Mute(leg, on=True) for leg in muted if leg not in muted_before),
        *_listening(before, after),
    )


def _listening(before: tuple[Call, ...], after: tuple[Call, ...]) -> tuple[CallEffect, ...]:
    """Supervisors' ears: who barges in has been joined by now, which ended the listening."""
    old, new = _ears(before), _ears(after)
    there = {leg.id for call in after for leg in call.legs if leg.live and leg.eavesdrops}
    stop = (Unmonitor(leg) for leg in old if leg not in new and leg in there)
    return (*stop, *(ear for leg, ear in new.items() if old.get(leg) != ear))


def _ears(calls: tuple[Call, ...]) -> dict[LegId, Monitor]:
    listening = (leg for call in calls for leg in call.watchers if leg.eavesdrops)
    return {leg.id: _ear(leg) for leg in listening}


def _ear(leg: Leg) -> Monitor:
    assert leg.ear is not None
    coaches = leg.ear.listening is Listening.COACH and not leg.muted
    return Monitor(leg.id, leg.ear.monitored, frozenset({leg.ear.monitored} if coaches else ()))


def _groups(calls: tuple[Call, ...]) -> Groups:
    made = (tuple(leg.id for leg in call.legs if leg.active) for call in calls)
    return {frozenset(group): group for group in made if len(group) > 1}


def _must_part(calls: tuple[Call, ...], leg_id: LegId) -> bool:
    """Who put the others on hold must not hear them; who was put on hold is alone by that."""
    return any(call.leg(leg_id).server_holds for call in calls if call.has(leg_id) and call.leg(leg_id).live)


def _lonely(calls: tuple[Call, ...]) -> tuple[LegId, ...]:
    """Who waits for somebody to come (back) and hears music: connected, and alone in the call."""
    waiting = []
    for call in calls:
        active = [leg for leg in call.legs if leg.active]
        if len(active) == 1 and active[0].state in (LegState.ESTABLISHED, LegState.HELD) and not call.released:
            waiting.append(active[0].id)
    return tuple(waiting)


def _calling(calls: tuple[Call, ...]) -> tuple[LegId, ...]:
    """Who waits, connected to us, for the phone they call, and hears that it rings. A phone that is not connected yet makes
    that tone itself."""
    waiting = []
    for call in calls:
        if not call.legs:
            continue
        caller = call.caller
        rings = any(leg.state is LegState.RINGING and leg.id != caller.id for leg in call.legs)
        if rings and caller.answered and caller.state is LegState.DIALING:
            waiting.append(caller.id)
    return tuple(waiting)


def _muted(calls: tuple[Call, ...]) -> tuple[LegId, ...]:
    def heard(leg: Leg) -> bool:
        return leg.active and (leg.muted or leg.silenced)

    return tuple(leg.id for call in calls for leg in call.legs if heard(leg))
