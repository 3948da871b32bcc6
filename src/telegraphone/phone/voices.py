"""What a phone can say: synthetic speech that is never the same twice, a tone, or a WAV file, as frames of µ-law.

The speech is a buzz of harmonics shaped by two gliding formants, in syllables: it sounds like nobody, and two pitches
sound like two people. Pitch, formants and syllables beat at rates that share no period, so that in hours no 20 ms frame
is repeated and a frame found in a recording says who spoke it and when.
"""

import wave
from array import array
from collections.abc import Callable, Sequence
from functools import cache
from math import cos, exp, pi, sin
from pathlib import Path
from typing import BinaryIO, Final

from telegraphone.media.g711 import linear_to_mu
from telegraphone.media.linear import linear_of

RATE_HZ: Final = 8_000
FRAME_SAMPLES: Final = 160
FRAME_S: Final = FRAME_SAMPLES / RATE_HZ
_FRAMES_PER_SECOND: Final = RATE_HZ // FRAME_SAMPLES

Voice = Callable[[int], bytes]
"""Frame number, from 0, → 160 bytes of G.711."""

_TURN: Final = 2 * pi
_HARMONICS: Final = 9
_PEAK: Final = 9_000.0
_BREATH: Final = 0.06
"""How loud it is between syllables: never silent, so that every frame can be told from any other."""


def speech(pitch_hz: float) -> Voice:
    """Somebody with this pitch (about 110 to 240 Hz)."""

    def frame(number: int) -> bytes:
        start = number * FRAME_SAMPLES
        weights = _formant_weights(pitch_hz, number * FRAME_S)
        samples = array("h", (_speech_sample(pitch_hz, weights, (start + each) / RATE_HZ) for each in range(FRAME_SAMPLES)))
        return linear_to_mu(linear_of(samples))

    return frame


def _speech_sample(pitch_hz: float, weights: Sequence[float], at_s: float) -> int:
    # The phase is the integral of a pitch that wanders by some per cent, as voices do.
    phase = _TURN * pitch_hz * at_s + 1.9 * sin(_TURN * 0.7310585 * at_s) + 0.8 * sin(_TURN * 2.2360679 * at_s)
    syllable = 0.5 - 0.5 * sin(_TURN * 3.3166247 * at_s + 0.9 * sin(_TURN * 0.4142135 * at_s))
    loudness = _BREATH + (1 - _BREATH) * syllable * syllable
    return int(_PEAK * loudness * _sine_series(weights, phase))


def _sine_series(weights: Sequence[float], phase: float) -> float:
    """The sum of weight * sin(order * phase), orders from 1, by Clenshaw's recurrence: one sine instead of one per order."""
    twice_cosine, above, far_above = 2 * cos(phase), 0.0, 0.0
    for weight in reversed(weights):
        above, far_above = weight + twice_cosine * above - far_above, above
    return above * sin(phase)


def _formant_weights(pitch_hz: float, at_s: float) -> list[float]:
    first = 520 + 230 * sin(_TURN * 1.6180339 * at_s)
    second = 1_500 + 520 * sin(_TURN * 1.1547005 * at_s + 1)
    raw = [
        exp(-(((order * pitch_hz - first) / 190) ** 2)) + 0.5 * exp(-(((order * pitch_hz - second) / 260) ** 2)) + 0.04
        for order in range(1, _HARMONICS + 1)
    ]
    total = sum(raw)
    return [weight / total for weight in raw]


def tone(frequency_hz: int, peak: int = 8_000) -> Voice:
    """One steady tone. Whole hertz: each second is like every other, so it is computed once."""
    step = _TURN * frequency_hz / RATE_HZ

    @cache
    def frame_of_second(number: int) -> bytes:
        start = number * FRAME_SAMPLES
        return linear_to_mu(linear_of(array("h", (int(peak * sin(step * (start + each))) for each in range(FRAME_SAMPLES)))))

    return lambda number: frame_of_second(number % _FRAMES_PER_SECOND)


def wav(source: Path | BinaryIO) -> Voice:
    """A WAV file of 8 kHz, 16 bit, mono; silence after its end. Raises ValueError for any other form."""
    with wave.open(str(source) if isinstance(source, Path) else source) as file:
        if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, RATE_HZ):
            raise ValueError(f"{source}: not 8 kHz, 16 bit, mono")
        sound = linear_to_mu(file.readframes(file.getnframes()))

    def frame(number: int) -> bytes:
        return sound[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES].ljust(FRAME_SAMPLES, b"\xff")

    return frame
