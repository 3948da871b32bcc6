"""A recording as WAV: the header, and the frames as they are."""

from typing import Final

from telegraphone.limits import PLAYBACK_PIECE_FRAMES
from telegraphone.media import wav
from telegraphone.playback.coding import Folded, Sound
from telegraphone.services.player_ports import Form


class WavCoding:
    """16-bit linear sound; each frame is made alone."""

    content_type: Final = "audio/wav"

    def __init__(self, form: Form, frames: int, rate: int) -> None:
        """Raises `wav.TooLongForWav`."""
        self._folded = Folded(form)
        self._frame_bytes = wav.SAMPLE_BYTES * self._folded.count
        self.head = wav.header(frames, self._folded.count, rate)
        self.piece_bytes = PLAYBACK_PIECE_FRAMES * self._frame_bytes
        self.body_bytes = frames * self._frame_bytes

    def part(self, start: int, stop: int, sound: Sound) -> bytes:
        """See `Coding`."""
        first, last = start // self._frame_bytes, -(-stop // self._frame_bytes)
        pcm = self._folded(sound, first, last)
        return pcm[start - first * self._frame_bytes : stop - first * self._frame_bytes]
