"""What comes before consent, in a recording that begins without it and whose order wants that kept: taken in, but into memory.

Theory. The recording runs on its own timeline, and the gate is open for all that nothing but missing consent keeps out: a hold
or a pause shuts it, and of what comes then nothing reaches the memory either. Consent, when it is given, is in force from the
first frame that memory has; what is there is then stored in its place, and receiving goes on without a break. A refusal, the end
or a failure empties the memory, and the gate is shut.
"""

from telegraphone.capture.remembered import Remembered
from telegraphone.media.journal import Gap


class BeforeConsent(Remembered):
    """One recording's, from its start until consent is given or refused."""

    def lost_before(self, position: int) -> None:
        """What an earlier life had in memory is gone."""
        self._memory.take((), [Gap(lane.pipeline.track.stream, 0, position, "crash") for lane in self._lanes])

    def first(self, due: int) -> int:
        """From which frame on consent that is given now is to hold, before the one that is due."""
        self._hand_out()
        known = [gap.start for gap in self._memory.gaps]
        if self._memory.first is not None:
            known.append(self._memory.first)
        return min(due, max(min(known, default=due), due - self._memory.reaches, 0))

    def keep(self, first: int) -> list[Gap]:
        """Consent holds from this frame on: what memory has from there is on the tracks. Answers what is missing in it."""
        self._hand_out()
        return self._on_tracks(first)

    def forget(self, now_ns: int) -> None:
        """All of it is gone, and nothing more comes to it."""
        if self._gate.is_open:
            for lane in self._lanes:
                lane.deliver(whole=False)
            self._gate.shut(self._position_at(now_ns))
        self._clear()
