"""The only door for audio: shut until it is opened, and by place as well as by time.

Theory. A gate decides twice about every stretch of audio. By *receive time*: while it is shut nothing is stored, and after
an opening only what was received since then; that is the cut an agent is promised. By *place*: frames of the timeline that
lie in a shut span hold no audio, whenever the packet comes that carries them (properties PCI-5). Both must agree. The
reasons for which it is shut are the journal's affair (`media.journal`); the gate knows only shut and open.

Old spans are forgotten by joining them to the beginning of time, so that what is forgotten is shut.
"""

from typing import Final

from telegraphone.limits import GATE_SPANS_MAX

_BEGINNING: Final = -(1 << 62)
_NEVER: Final = 1 << 62


class Gate:
    """One recording's gate, for all its tracks. Positions are frames of the timeline, times monotonic nanoseconds."""

    __slots__ = ("_spans", "since_ns")

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = [(_BEGINNING, _NEVER)]
        self.since_ns = _NEVER
        """Nothing received before this instant may be stored; beyond all times while the gate is shut."""

    @property
    def is_open(self) -> bool:
        """Whether anything at all may be stored."""
        return self.since_ns != _NEVER

    @property
    def opens_at(self) -> int:
        """The first frame that may hold audio since the gate was last opened."""
        return self._spans[-1][1]

    def shut(self, position: int) -> None:
        """From this frame on there is no audio, on no track. Shutting a shut gate changes nothing."""
        if self.is_open:
            self.since_ns = _NEVER
            # An opening may lie in the future by the resume guard; shut before it came, it opened nothing.
            if position <= self._spans[-1][1]:
                self._spans[-1] = (self._spans[-1][0], _NEVER)
            else:
                self._spans.append((position, _NEVER))
            if len(self._spans) > GATE_SPANS_MAX:
                self._spans[:2] = [(_BEGINNING, self._spans[1][1])]

    def open(self, position: int, at_ns: int) -> None:
        """What is received from `at_ns` on and lies at or behind this frame may be stored. Opening an open gate changes
        nothing."""
        if not self.is_open:
            start, _ = self._spans[-1]
            self._spans[-1] = (start, max(position, start))
            self.since_ns = at_ns

    def begin(self) -> None:
        """Frame 0 becomes the first one that may be stored, whatever frame that was; the gate stays open."""
        assert self.is_open
        self._spans = [(_BEGINNING, 0)]

    def reset(self) -> None:
        """As if it had never been opened."""
        self._spans, self.since_ns = [(_BEGINNING, _NEVER)], _NEVER

    def admits(self, start: int, stop: int, received_ns: int) -> int:
        """How many frames of audio [start, stop), received then, may be stored, counted from its start: none when it
        begins in a shut span or was received while the gate was shut, fewer than all when a span begins inside it."""
        if received_ns < self.since_ns:
            return 0
        for low, high in self._spans:
            if low <= start < high:
                return 0
            if start < low < stop:
                return low - start
        return stop - start

    def unshut(self, start: int, stop: int) -> tuple[tuple[int, int], ...]:
        """The parts of [start, stop) that lie in no shut span, in order."""
        parts: list[tuple[int, int]] = []
        for low, high in self._spans:
            if start < min(low, stop):
                parts.append((start, min(low, stop)))
            start = max(start, high)
        if start < stop:
            parts.append((start, stop))
        return tuple(parts)
