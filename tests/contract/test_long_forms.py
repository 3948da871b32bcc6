"""An hour in each form: any second of it is had at the cost of a few, and is what was said in that second."""

import io
import math
from array import array

import av
import numpy as np
import pytest

from telegraphone.limits import SEGMENT_FRAMES
from telegraphone.media.g711 import linear_to_mu
from telegraphone.playback import OpenRendition, SealedPlayer
from telegraphone.services.player_ports import Form
from tests.contract.test_player import Counted
from tests.interop import spoken
from tests.seeds import chance
from tests.unit.media.recording_maker import RECORDING, Maker, ended, started

RATE = 8_000
HOUR_S = 3_600
PITCHES = 40
FORMS = [Form("wav", "agent"), Form("mp3", "agent"), Form("ogg", "agent")]
SECONDS = [0, 1, HOUR_S - 4, *chance("seconds").sample(range(5, HOUR_S - 5), 5)]
STORED_BYTES_MAX = 14 * RATE
"""Of one party: a piece of 5 s, another where the second lies on the border of two, and what a coder wants to hear before."""


def pitch(second: int) -> int:
    """The hertz of a second: another in each of forty neighbours."""
    return 400 + 40 * (second % PITCHES)


@pytest.fixture(scope="module")
def maker() -> Maker:
    """An hour of the agent's; the customer says nothing."""
    tones = [
        linear_to_mu(array("h", (int(7_000 * math.sin(2 * math.pi * pitch(second) * n / RATE)) for n in range(RATE))).tobytes())
        for second in range(PITCHES)
    ]
    maker = Maker(Counted(), segment_bytes=SEGMENT_FRAMES)
    maker.audio(b"".join(tones) * (HOUR_S // PITCHES), stream=0)
    maker.audio(b"", stream=1)
    maker.journal([started(), ended(HOUR_S * RATE)])
    maker.finished()
    return maker


def _decoded(content: bytes) -> np.ndarray:
    """What an ordinary decoder makes of it, at 8 kHz."""
    made = array("h")
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="s16p", layout="mono", rate=RATE)
        for frame in (*(each for packet in container.demux(stream) for each in packet.decode()), None):
            for piece in resampler.resample(frame):
                made.frombytes(bytes(piece.planes[0])[: 2 * piece.samples])
    return np.frombuffer(made.tobytes(), "<i2").astype(float)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.format)
async def test_any_second_of_an_hour_costs_a_few_and_is_what_was_said_there(maker: Maker, form: Form) -> None:
    player = SealedPlayer(maker.store, maker.keys, maker.trusted)
    rendition = await player.open(RECORDING, form)
    assert isinstance(maker.store, Counted)
    for second in SECONDS:
        maker.store.bytes_read = 0
        first, last = (rendition.size * place // HOUR_S // 2 * 2 for place in (second, second + 3))
        content = b"".join([piece async for piece in player.read(rendition, first, last)])
        assert len(content) == last - first
        assert maker.store.bytes_read <= STORED_BYTES_MAX, f"second {second}"
        sound, began_s = _heard(form, await _head(player, rendition), content, first * HOUR_S / rendition.size)
        middle = int((second + 1.5 - began_s) * RATE)
        assert abs(spoken.hertz(sound[middle - RATE // 5 : middle + RATE // 5]) - pitch(second + 1)) < 8, f"second {second}"


async def _head(player: SealedPlayer, rendition: OpenRendition) -> bytes:
    """What a browser has read before it seeks."""
    return b"".join([piece async for piece in player.read(rendition, 0, 1_000)])


def _heard(form: Form, head: bytes, content: bytes, asked_s: float) -> tuple[np.ndarray, float]:
    """The sound in what was sent, and at which second it begins."""
    if form.format == "wav":
        frames = np.frombuffer(content[: len(content) // 2 * 2], "<i2").astype(float)
        return frames, asked_s
    if form.format == "mp3":
        return _decoded(content), asked_s
    # Whole pages; each tells where it ends, in 48,000ths of a second (RFC 7845 section 4).
    pages = [b"OggS" + each for each in content.split(b"OggS")[1:-1]]
    first_ends_s = int.from_bytes(pages[0][6:14], "little") / 48_000
    third = head.index(b"OggS", head.index(b"OpusTags"))
    return _decoded(head[:third] + b"".join(pages)), max(0.0, first_ends_s - 1)
