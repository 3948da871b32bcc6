"""The demonstration's proof can fail: a recording with any one fault in it is not proved."""

import io
import wave
from collections.abc import Iterator

import pytest

from telegraphone.demo.proof import Finding, Moments, Spoken, decode, prove
from telegraphone.media.g711 import mu_to_linear
from telegraphone.phone.voices import FRAME_SAMPLES, speech

FRAME_S, RATE = 0.02, 8_000
SILENCE = bytes(2 * FRAME_SAMPLES)
START, PAUSE, RESUME, STOP = 1.0, 3.0, 5.0, 7.0
MOMENTS = Moments((START, START), (PAUSE, PAUSE), (RESUME, RESUME), (STOP, STOP))
PAUSES_MS = [(2_000, 4_000)]
AGENT, CALLER = (
    [Spoken(number * FRAME_S, mu_to_linear(speech(pitch)(number))) for number in range(400)] for pitch in (196.0, 118.0)
)
"""Eight seconds of both, from one second before the start to one after the stop."""


def kept(spoken: list[Spoken]) -> list[bytes]:
    """What a right recording holds of a voice, frame by frame: from the start to the stop, and of the pause nothing."""
    frames = [each for each in spoken if START - FRAME_S / 2 < each.at < STOP - FRAME_S / 2]
    return [SILENCE if PAUSE - FRAME_S / 2 < each.at < RESUME - FRAME_S / 2 else each.pcm for each in frames]


def findings(left: list[bytes], right: list[bytes], pauses_ms: list[tuple[int, int]] = PAUSES_MS) -> tuple[Finding, ...]:
    """What is found in a WAV file of these tracks."""
    tracks = [memoryview(b"".join(track)).cast("h") for track in (left, right)]
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(
            b"".join(sample.to_bytes(2, "little", signed=True) for pair in zip(*tracks, strict=True) for sample in pair)
        )
    return prove(decode(made.getvalue()), (AGENT, CALLER), MOMENTS, pauses_ms)


def test_a_right_recording_is_proved() -> None:
    found = findings(kept(AGENT), kept(CALLER))
    assert [each for each in found if not each.proved] == []
    assert len(found) == 7


def faulty() -> Iterator[object]:
    agent, caller = kept(AGENT), kept(CALLER)
    leak = AGENT[200].pcm
    yield pytest.param([*agent[:150], leak, *agent[151:]], caller, {"absent", "exactly zero"}, id="a word of the pause")
    yield pytest.param(agent, [*caller[:150], leak, *caller[151:]], {"absent", "exactly zero"}, id="on the other's track")
    yield pytest.param([AGENT[5].pcm, *agent[1:]], caller, {"absent"}, id="a word before the start")
    yield pytest.param([*agent[:-1], AGENT[395].pcm], caller, {"absent"}, id="a word after the stop")
    yield pytest.param([*agent[:50], SILENCE, *agent[51:]], caller, {"are there"}, id="a frame is missing")
    yield pytest.param(caller, agent, {"are there", "other track"}, id="the tracks are exchanged")
    yield pytest.param(
        [*agent[:150], b"\1\0" + SILENCE[2:], *agent[151:]], caller, {"exactly zero"}, id="a pause that is not quite silent"
    )
    yield pytest.param([SILENCE] * 300, [SILENCE] * 300, {"are there"}, id="nothing at all")


@pytest.mark.parametrize(("left", "right", "shown"), tuple(faulty()))
def test_a_fault_is_found(left: list[bytes], right: list[bytes], shown: set[str]) -> None:
    wrong = {each.text for each in findings(left, right) if not each.proved}
    assert {part for part in shown if any(part in text for text in wrong)} == shown
    assert all(any(part in text for part in shown) for text in wrong)


def test_a_pause_that_is_not_listed_is_not_proved() -> None:
    assert [each.proved for each in findings(kept(AGENT), kept(CALLER), [])][-1] is False
