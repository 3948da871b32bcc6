"""How a recording follows its call: the agent's hold, the agent's going, the call's end, and parties that change.

The rules of gws-api 8.5 to 9.3. A part is one agent's: it is held while this agent has the call on hold and ends when this
agent leaves; then the recording policy is asked about who remains (`heirs`).
"""

from dataclasses import dataclass, replace

from telegraphone.domain import recording as rec
from telegraphone.domain.call import Begin, Call, CallEffect, Gate, Leg, LegState, Notice, Retap, Told, everyone
from telegraphone.domain.ids import LegId

_NOTHING: tuple[CallEffect, ...] = ()


@dataclass(frozen=True, slots=True)
class Following:
    """The call with its recording brought along, and what that asks: before the switch, after it, and last of all."""

    call: Call
    shut: tuple[CallEffect, ...] = ()
    seal: tuple[CallEffect, ...] = ()
    open: tuple[CallEffect, ...] = ()
    told: tuple[Told, ...] = ()


def followed(before: Call | None, call: Call) -> Following:
    """What a call's change of parties means for its recording. `before` is None for a call that just began."""
    call = _with_new_heirs(before, call)
    if call.released:
        ended = rec.step(call.recording, rec.Trigger.CALL_RELEASED)
        assert ended is not None
        return Following(_without_part(call, ended.recording), seal=_gates(call, ended))
    if call.part is None:
        return Following(call)
    if not call.leg(call.part.leg).talking:
        return _agent_left(call)
    return _brought_along(before, call, call.part.leg)


def _with_new_heirs(before: Call | None, call: Call) -> Call:
    talked = {leg.id for leg in before.talking} if before else set()
    new = tuple(leg.id for leg in call.talking if leg.id not in talked)
    return replace(call, heirs=(*call.heirs, *new)) if new else call


def _agent_left(call: Call) -> Following:
    stopped = rec.step(call.recording, rec.Trigger.STOP)
    assert stopped is not None
    after = _without_part(call, stopped.recording)
    heirs = tuple(leg.id for leg in call.talking)
    after = replace(after, heirs=heirs, carries_pause=rec.Reason.AGENT in call.recording.reasons)
    return Following(after, seal=_gates(call, stopped), told=everyone(after, Notice.RECORDING))


def _brought_along(before: Call | None, call: Call, recorded: LegId) -> Following:
    now = _others(call, recorded)
    changed = before is not None and bool(now) and [leg.id for leg in _others(before, recorded)] != [leg.id for leg in now]
    if held_out(call, recorded):
        step = rec.keep_out(call.recording, rec.Reason.HOLD)
        shut, opened = _gates(call, step), _NOTHING
    else:
        step = rec.let_in(call.recording, rec.Reason.HOLD)
        shut, opened = _NOTHING, _gates(call, step)
        # While the call was on hold a consult may have taken the tap of the shared leg.
        changed = changed or bool(opened)
    retap: tuple[CallEffect, ...] = (Retap(call.uuid),) if changed else ()
    after = replace(call, recording=step.recording)
    if len(now) > 1:
        # A mix takes its time to begin, and follows the switch by itself: who joins is in it from the first word.
        return Following(after, shut=(*shut, *retap), open=opened)
    return Following(after, shut=shut, open=(*retap, *opened))


def held_out(call: Call, recorded: LegId) -> bool:
    """Whether a hold keeps audio out: the recorded agent's, or that of the only other party, whose voice is then not
    meant for this call."""
    others = _others(call, recorded)
    return call.leg(recorded).state is LegState.HELD or (len(others) == 1 and others[0].server_holds)


def _others(call: Call, recorded: LegId) -> tuple[Leg, ...]:
    return tuple(leg for leg in call.talking if leg.id != recorded)


def _without_part(call: Call, recording: rec.Recording) -> Call:
    return replace(call, recording=recording, part=None)


def _gates(call: Call, step: rec.Step) -> tuple[CallEffect, ...]:
    return tuple(Gate(call.uuid, effect) for effect in step.effects)


def started(call: Call, leg: Leg, step: rec.Step) -> tuple[CallEffect, ...]:
    """The effects of a Start for the agent at this leg."""
    return (Begin(call.uuid, leg.id), *_gates(call, step))


def operated(call: Call, leg: Leg, trigger: rec.Trigger, reason: rec.Reason = rec.Reason.AGENT) -> rec.Step | None:
    """What a recording operation of the agent at this leg does, or of a policy for that agent; None when it is refused. A Start
    makes this agent the recorded one, so the part begins held when they have the call on hold."""
    recording = call.recording
    if trigger is rec.Trigger.START and not recording.in_progress and held_out(call, leg.id):
        recording = rec.keep_out(recording, rec.Reason.HOLD).recording
    return rec.step(recording, trigger, reason)


def inherited(call: Call, leg: Leg) -> rec.Step:
    """A part begun by policy for this leg's agent, paused if the agent who left had paused it (9.3). What a rule had paused, a
    rule pauses again."""
    step = operated(call, leg, rec.Trigger.START)
    assert step is not None
    return paused_from_the_start(step, rec.Reason.AGENT) if call.carries_pause else step


def paused_from_the_start(start: rec.Step, reason: rec.Reason) -> rec.Step:
    """The Start of a part that begins paused: not one sample is kept before."""
    paused = rec.step(start.recording, rec.Trigger.PAUSE, reason)
    assert paused is not None
    return rec.Step(paused.recording, (*paused.effects, *start.effects))
