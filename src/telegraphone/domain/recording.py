"""The recording machine: which operation leads where, what it does to the gate, and what an agent is shown of it.

Theory. A call has one recording state (gws-api 8.5). Two things decide whether audio is kept, and they are kept apart:

* the *phase*, moved by the four operations, the end of the call and the recorder's failure, by the table below;
* the *reasons* that keep audio out. A pause is not a flag but a set: agent, policy, hold, supervisor, consent. Audio is
  kept only in phase RECORDING with the set empty, so lifting one reason never lifts another (properties, "Pause").

The phase is PAUSED exactly while a visible reason (agent, policy) is in the set. Hidden reasons, such as a hold, show
neither in `recordingState` nor in the capabilities, and Resume does not lift them. A hold is the recorded agent's, so it
ends with the part; supervisor and consent belong to the call and wait for its next part.

Each cell of the table says the next phase and what it asks of the gate: OPEN, SHUT, SEAL, or nothing. No cell means
refused. A Resume lifts every visible reason when a person asks for it; a policy that has had its time lifts only its own,
and what the agent paused stays paused. The GWS capabilities are the operations whose cell changes the phase. What the table
calls FAILED and ENDED an agent sees as Stopped; a Stop there is a harmless repeat (gws-api 8.3), so FAILED accepts it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Final


class Phase(Enum):
    """Where a call's recording is."""

    STOPPED = "stopped"
    RECORDING = "recording"
    PAUSED = "paused"
    FAILED = "failed"
    ENDED = "ended"


class Trigger(Enum):
    """What can happen to a recording."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    CALL_RELEASED = "call released"
    CAPTURE_FAILED = "capture failed"


class Reason(Enum):
    """Why audio is kept out; the value is what the journal and the manifest call it."""

    AGENT = "agent"
    POLICY = "policy"
    HOLD = "hold"
    SUPERVISOR = "supervisor"
    CONSENT = "consent"


VISIBLE: Final = frozenset({Reason.AGENT, Reason.POLICY})
"""The reasons an agent sees as Paused, and that Resume lifts (gws-api 8.5)."""


@dataclass(frozen=True, slots=True)
class OpenGate:
    """Begin keeping audio: the first time with no reason, later by lifting the reasons."""

    lift: frozenset[Reason] = frozenset()


@dataclass(frozen=True, slots=True)
class ShutGate:
    """Keep audio out for this reason."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Seal:
    """End the part that is being recorded."""


Effect = OpenGate | ShutGate | Seal


@dataclass(frozen=True, slots=True)
class Recording:
    """A call's recording state: the phase and every reason that now keeps audio out, visible or not."""

    phase: Phase = Phase.STOPPED
    reasons: frozenset[Reason] = frozenset()

    def __post_init__(self) -> None:
        assert (self.phase is Phase.PAUSED) == bool(self.reasons & VISIBLE)

    @property
    def keeps_audio(self) -> bool:
        """Whether the gate is open."""
        return self.phase is Phase.RECORDING and not self.reasons

    @property
    def in_progress(self) -> bool:
        """Whether a part is being recorded, audible or not."""
        return self.phase in (Phase.RECORDING, Phase.PAUSED)


@dataclass(frozen=True, slots=True)
class Step:
    """The state after a trigger and what must be done before anyone is told of it, in order."""

    recording: Recording
    effects: tuple[Effect, ...] = ()


class Move(Enum):
    """What a cell of the table asks of the gate."""

    NONE = ""
    BEGIN = "begin"
    SHUT = "shut"
    LIFT = "lift"
    SEAL = "seal"


Cell = tuple[Phase, Move]

TABLE: Final[Mapping[Phase, Mapping[Trigger, Cell]]] = MappingProxyType(
    {
        Phase.STOPPED: {
            Trigger.START: (Phase.RECORDING, Move.BEGIN),
            Trigger.STOP: (Phase.STOPPED, Move.NONE),
            Trigger.CALL_RELEASED: (Phase.ENDED, Move.NONE),
            Trigger.CAPTURE_FAILED: (Phase.STOPPED, Move.NONE),
        },
        Phase.RECORDING: {
            Trigger.START: (Phase.RECORDING, Move.NONE),
            Trigger.PAUSE: (Phase.PAUSED, Move.SHUT),
            Trigger.RESUME: (Phase.RECORDING, Move.NONE),
            Trigger.STOP: (Phase.STOPPED, Move.SEAL),
            Trigger.CALL_RELEASED: (Phase.ENDED, Move.SEAL),
            Trigger.CAPTURE_FAILED: (Phase.FAILED, Move.SEAL),
        },
        Phase.PAUSED: {
            Trigger.PAUSE: (Phase.PAUSED, Move.SHUT),
            Trigger.RESUME: (Phase.RECORDING, Move.LIFT),
            Trigger.STOP: (Phase.STOPPED, Move.SEAL),
            Trigger.CALL_RELEASED: (Phase.ENDED, Move.SEAL),
            Trigger.CAPTURE_FAILED: (Phase.FAILED, Move.SEAL),
        },
        Phase.FAILED: {
            Trigger.START: (Phase.RECORDING, Move.BEGIN),
            Trigger.STOP: (Phase.FAILED, Move.NONE),
            Trigger.CALL_RELEASED: (Phase.ENDED, Move.NONE),
            Trigger.CAPTURE_FAILED: (Phase.FAILED, Move.NONE),
        },
        Phase.ENDED: {
            Trigger.STOP: (Phase.ENDED, Move.NONE),
            Trigger.CALL_RELEASED: (Phase.ENDED, Move.NONE),
            Trigger.CAPTURE_FAILED: (Phase.ENDED, Move.NONE),
        },
    }
)

_OPERATIONS: Final = (Trigger.START, Trigger.PAUSE, Trigger.RESUME, Trigger.STOP)


def step(recording: Recording, trigger: Trigger, reason: Reason = Reason.AGENT) -> Step | None:
    """The next state and its effects, or None when the table refuses. `reason` is who pauses or resumes: AGENT or POLICY."""
    assert reason in VISIBLE
    cell = TABLE[recording.phase].get(trigger)
    if cell is None:
        return None
    phase, move = cell
    hidden = recording.reasons - VISIBLE
    match move:
        case Move.NONE:
            return Step(recording if phase is recording.phase else Recording(phase, hidden))
        case Move.BEGIN:
            # Reasons first: a call that is on hold when it is started must not keep a single sample.
            shut = tuple(ShutGate(each) for each in in_order(hidden))
            return Step(Recording(phase, hidden), (*shut, OpenGate()))
        case Move.SHUT:
            # Paused by the agent and now by policy too is still one pause, but each reason must be lifted by its own.
            return _with_reason(recording, phase, reason)
        case Move.LIFT:
            return _without(recording, VISIBLE if reason is Reason.AGENT else frozenset({reason}))
        case Move.SEAL:
            return Step(Recording(phase, hidden - {Reason.HOLD}), (Seal(),))


def _with_reason(recording: Recording, phase: Phase, reason: Reason) -> Step:
    if reason in recording.reasons:
        return Step(recording)
    return Step(Recording(phase, recording.reasons | {reason}), (ShutGate(reason),))


def _without(recording: Recording, lifted: frozenset[Reason]) -> Step:
    lifted &= recording.reasons
    left = recording.reasons - lifted
    phase = Phase.PAUSED if left & VISIBLE else Phase.RECORDING
    return Step(Recording(phase, left), (OpenGate(lifted),) if lifted else ())


def keep_out(recording: Recording, reason: Reason) -> Step:
    """Adds a hidden reason; the gate is told only while a part is being recorded, else at its Start."""
    assert reason not in VISIBLE
    if reason in recording.reasons:
        return Step(recording)
    effects = (ShutGate(reason),) if recording.in_progress else ()
    return Step(replace(recording, reasons=recording.reasons | {reason}), effects)


def let_in(recording: Recording, reason: Reason) -> Step:
    """Lifts a hidden reason."""
    assert reason not in VISIBLE
    if reason not in recording.reasons:
        return Step(recording)
    effects = (OpenGate(frozenset({reason})),) if recording.in_progress else ()
    return Step(replace(recording, reasons=recording.reasons - {reason}), effects)


def restored(recording: Recording, journaled: frozenset[Reason]) -> Step:
    """What to do when a lost recorder is back and its journal says which reasons hold there.

    Audio may be kept only if both sides say so: a pause that only we know of is carried out again, one that only the
    journal knows of is shown (properties PCI-6). Nobody but us knows who is on hold, so the journal's hold is lifted."""
    if not recording.in_progress:
        return Step(recording)
    reasons = recording.reasons | (journaled - {Reason.HOLD})
    shut = tuple(ShutGate(each) for each in in_order(reasons - journaled))
    surplus = journaled - reasons
    lifted = (OpenGate(surplus),) if surplus else ()
    phase = Phase.PAUSED if reasons & VISIBLE else Phase.RECORDING
    return Step(Recording(phase, reasons), (*shut, *lifted))


def in_order(reasons: frozenset[Reason]) -> tuple[Reason, ...]:
    """Reasons in a fixed order, so that two runs of one call do the same."""
    return tuple(sorted(reasons, key=lambda each: each.value))


def offered(recording: Recording) -> tuple[Trigger, ...]:
    """The operations that would change the phase now: the recording part of the capabilities (gws-api 7.4)."""
    row = TABLE[recording.phase]
    return tuple(each for each in _OPERATIONS if each in row and row[each][0] is not recording.phase)


def shown(recording: Recording) -> str:
    """`recordingState` as the API shows it (gws-api 7.1)."""
    return {Phase.RECORDING: "Recording", Phase.PAUSED: "Paused"}.get(recording.phase, "Stopped")
