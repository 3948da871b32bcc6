"""Runs a coder of FFmpeg over a stretch of sound: blocks of linear sound in, one unit of constant length for each out."""

from typing import Final

from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.codec.context import CodecContext

from telegraphone.services.ports import Unavailable

_LAYOUTS: Final = {1: "mono", 2: "stereo"}
_SAMPLE_BYTES: Final = 2


class Coder:
    """How one codec is to be asked; each `units` begins afresh."""

    def __init__(self, codec: str, options: dict[str, str], *, tracks: int, rate: int, bit_rate: int, planar: bool) -> None:
        self._codec = codec
        self._options = options
        self._tracks = tracks
        self._rate = rate
        self._bit_rate = bit_rate
        self._planar = planar

    def units(self, pcm: bytes, block: int, unit_bytes: int) -> list[bytes]:
        """What the coder makes of sound of whole blocks of `block` frames. Raises `Unavailable` when it does not keep its
        bit rate, by which every place in the file is known."""
        context = self._opened()
        block_bytes = block * self._tracks * _SAMPLE_BYTES
        made: list[bytes] = []
        for place in range(0, len(pcm), block_bytes):
            made += [bytes(packet) for packet in context.encode(self._frame(pcm[place : place + block_bytes], block, place))]
        made += [bytes(packet) for packet in context.encode(None)]
        if any(len(unit) != unit_bytes for unit in made):
            raise Unavailable("playback", f"{self._codec} did not keep its bit rate", retryable=False)
        return made

    def extradata(self) -> bytes:
        """What the codec says of itself to who decodes it."""
        return self._opened().extradata or b""

    def _opened(self) -> AudioCodecContext:
        context = CodecContext.create(self._codec, "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate = self._rate
        context.layout = _LAYOUTS[self._tracks]
        context.format = self._format
        context.bit_rate = self._bit_rate
        context.thread_count = 1
        context.options = self._options
        context.open()
        return context

    @property
    def _format(self) -> str:
        return "s16p" if self._planar else "s16"

    def _frame(self, pcm: bytes, block: int, place: int) -> AudioFrame:
        frame = AudioFrame(format=self._format, layout=_LAYOUTS[self._tracks], samples=block)
        frame.sample_rate = self._rate
        frame.pts = place // (self._tracks * _SAMPLE_BYTES)
        if self._planar:
            samples = memoryview(pcm).cast("h")
            for track, plane in enumerate(frame.planes):
                plane.update(samples[track :: self._tracks].tobytes().ljust(plane.buffer_size, b"\0"))
        else:
            frame.planes[0].update(pcm.ljust(frame.planes[0].buffer_size, b"\0"))
        return frame
