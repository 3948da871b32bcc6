"""What a form of playing must be able to do: say its size before any audio is read, and make any stretch of its bytes from
the audio that belongs there, at a cost that follows the length of the stretch alone.

Theory. Coded sound is made in *pieces* of constant length. A coder has a memory, so each piece is coded by a fresh one that
is first fed a little of what comes before and whose first units are thrown away; it begins at the same place of the timeline
whoever asks, so the same bytes come out every time and ranges fit together. Bit rates are constant, so the place of a frame
in the file is arithmetic. Nothing is ever stored.
"""

import array
from collections.abc import Callable
from typing import Final, Protocol

from telegraphone.media.linear import linear_of, samples_of
from telegraphone.services.player_ports import Form

Sound = Callable[[int, int], bytes]
"""Stereo frames start ≤ f < stop, 16-bit little-endian; whatever lies outside of the recording is silence."""

TRACKS: Final = {"both": 2, "mixed": 1, "agent": 1, "other": 1}
"""How many tracks each way of bringing the parties together has."""

_LEFT, _RIGHT = slice(0, None, 2), slice(1, None, 2)


class Coding(Protocol):
    """One recording in one form: bytes `head`, then `body_bytes` in pieces of `piece_bytes`, the last one shorter."""

    @property
    def content_type(self) -> str:
        """The media type."""

    @property
    def head(self) -> bytes:
        """What stands in front of the pieces."""

    @property
    def piece_bytes(self) -> int:
        """Bytes of every piece but the last."""

    @property
    def body_bytes(self) -> int:
        """Bytes of all pieces."""

    def part(self, start: int, stop: int, sound: Sound) -> bytes:
        """Body bytes start ≤ b < stop, which lie in one piece."""


def folded(stereo: bytes, tracks: str) -> bytes:
    """Stereo frames as the form wants them: both, the half sum of both, or one alone."""
    if tracks == "both":
        return stereo
    samples = samples_of(stereo)
    if tracks in {"agent", "other"}:
        return linear_of(samples[_LEFT if tracks == "agent" else _RIGHT])
    return linear_of(array.array("h", ((left + right) >> 1 for left, right in zip(samples[_LEFT], samples[_RIGHT], strict=True))))


class Folded:
    """Sound folded to a form's tracks."""

    def __init__(self, form: Form) -> None:
        self._tracks = form.tracks
        self.count = TRACKS[form.tracks]

    def __call__(self, sound: Sound, start: int, stop: int) -> bytes:
        """Frames start ≤ f < stop of the folded sound."""
        return folded(sound(start, stop), self._tracks)
