"""What becomes of supervisors' ears when the parties of a call change: an ear without an agent is lent to another, or goes."""

from dataclasses import replace

from telegraphone.domain.call import Call, Leg, LegState, Notice, Told
from telegraphone.domain.watching import Scope


def settled(call: Call) -> tuple[Call, tuple[Told, ...]]:
    """The call with every ear at somebody who is there, or gone, and nobody silenced by a supervisor who left."""
    told: list[Told] = []
    for leg in call.legs:
        if leg.ear is None or not leg.live or call.leg(leg.ear.monitored).live:
            continue
        others = [each for each in call.talking if each.id != leg.id]
        if leg.ear.watch.scope is Scope.CALL and others:
            call = call.with_leg(replace(leg, ear=replace(leg.ear, monitored=others[0].id)))
            continue
        ended_at = call.leg(leg.ear.monitored).ended_at
        call = call.with_leg(replace(leg, state=LegState.RELEASED, ended_at=ended_at, left=True))
        if leg.visible:
            told.append(Told(call.uuid, leg.id, Notice.STATUS))
    for leg in call.legs:
        if leg.silenced and leg.live and not _is_watched(call, leg):
            call = call.with_leg(replace(leg, silenced=False))
            told.append(Told(call.uuid, leg.id, Notice.MONITORED_MUTE))
    return call, tuple(told)


def _is_watched(call: Call, leg: Leg) -> bool:
    return any(each.ear is not None and each.ear.monitored == leg.id for each in call.watchers)
