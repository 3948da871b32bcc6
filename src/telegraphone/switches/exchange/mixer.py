"""One 20 ms step of everybody who is heard together with others: who said what, and any sum of it."""

from collections.abc import Iterable

from telegraphone.media.mixing import FRAME_SAMPLES, SILENCE, VOICES_MAX, Law, gathered, spread
from telegraphone.switches.exchange.media_port import MediaPort


class Voices:
    """Takes the next frame of each port, once, and adds them up for each who listens."""

    def __init__(self, ports: Iterable[MediaPort]) -> None:
        self._frames: dict[MediaPort, tuple[bytes, Law]] = {}
        self._lanes: dict[MediaPort, int] = {}
        for port in ports:
            frame = port.jitter.take() if port.jitter is not None else None
            if frame is not None and port.jitter is not None:
                self._frames[port] = frame, port.jitter.law

    def together(self, ports: Iterable[MediaPort], law: Law) -> bytes:
        """What these say together; silence when nobody has said anything. More than can be added are left out."""
        speaking = [port for port in ports if port in self._frames][:VOICES_MAX]
        if not speaking:
            return SILENCE[law] * FRAME_SAMPLES
        if len(speaking) == 1 and self._frames[speaking[0]][1] == law:
            return self._frames[speaking[0]][0]
        return gathered(sum(map(self._lane, speaking)), len(speaking), law)

    def _lane(self, port: MediaPort) -> int:
        lanes = self._lanes.get(port)
        if lanes is None:
            lanes = self._lanes[port] = spread(*self._frames[port])
        return lanes
