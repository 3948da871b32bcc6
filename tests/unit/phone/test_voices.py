"""Voices: every frame of speech is its own, so that it can be found again; tones and files say what they should."""

import io
import wave
from itertools import pairwise

import pytest

from telegraphone.media.g711 import mu_to_linear
from telegraphone.phone.voices import FRAME_SAMPLES, speech, tone, wav


def test_no_frame_of_speech_is_said_twice_by_anybody() -> None:
    frames = [voice(number) for voice in (speech(120), speech(210)) for number in range(500)]
    assert {len(each) for each in frames} == {FRAME_SAMPLES}
    assert len(set(frames)) == len(frames)


def test_a_frame_is_the_same_whenever_it_is_asked_for() -> None:
    assert speech(150)(77) == speech(150)(77)


def test_a_tone_crosses_zero_as_often_as_it_should() -> None:
    pcm = memoryview(b"".join(mu_to_linear(tone(500)(number)) for number in range(50))).cast("h")
    rises = sum(before < 0 <= after for before, after in pairwise(pcm))
    assert abs(rises - 500) <= 1


def wav_file(pcm: bytes, tracks: int = 1) -> io.BytesIO:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(tracks)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(pcm)
    made.seek(0)
    return made


def test_a_file_is_said_and_then_silence() -> None:
    voice = wav(wav_file(mu_to_linear(tone(440)(0) + tone(440)(1)[:80])))
    assert voice(0) == tone(440)(0)
    assert voice(1) == tone(440)(1)[:80] + b"\xff" * 80
    assert voice(2) == b"\xff" * FRAME_SAMPLES


def test_a_file_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="mono"):
        wav(wav_file(b"", tracks=2))
