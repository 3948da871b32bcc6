"""What we play ourselves: music to a party on hold, and the tone of a phone that rings.

The music is a slow, quiet phrase of plucked notes of our own making, so that nobody's is used: pentatonic arpeggios over
four chords, each note a sine with two soft overtones that fades away. It comes round without a seam, because notes that ring
over the end ring on at the beginning. All is made once, in both laws, as frames of 20 ms.
"""

from array import array
from collections.abc import Mapping
from functools import cache
from math import exp, pi, sin
from typing import Final

from telegraphone.media.g711 import linear_to_a, linear_to_mu
from telegraphone.media.linear import linear_of
from telegraphone.media.mixing import FRAME_SAMPLES, Law

_RATE_HZ: Final = 8_000
_RINGING_HZ: Final = 425
_LOWEST_HZ: Final = 220.0
_NOTE_SAMPLES: Final = 2_800
"""350 ms from one note to the next: a walking pace."""
_RING_SAMPLES: Final = 3 * _NOTE_SAMPLES
_ATTACK_SAMPLES: Final = 80
_PEAK: Final = 2_400
"""Some 20 dB below the loudest: it may be heard for long."""
_OVERTONES: Final = ((1, 1.0), (2, 0.22), (3, 0.07))

# Steps in semitones above A3 (220 Hz): A minor seven, F, C and G, each with notes of A minor pentatonic above it.
_CHORDS: Final = (
    (0, 7, 12, 15, 19, 15, 12, 7),
    (-4, 3, 8, 12, 15, 12, 8, 3),
    (3, 10, 15, 19, 22, 19, 15, 10),
    (-2, 5, 10, 14, 17, 14, 10, 5),
)
Frames = tuple[bytes, ...]


@cache
def ring_tone() -> Mapping[Law, Frames]:
    """What who calls hears while the other phone rings: 425 Hz, a second in five (ITU-T E.180); to be repeated."""
    turn = 2 * pi * _RINGING_HZ / _RATE_HZ
    sound = array("h", (int(_PEAK * sin(turn * at)) for at in range(_RATE_HZ)))
    sound.extend(array("h", bytes(2 * 4 * _RATE_HZ)))
    return in_both_laws(sound)


@cache
def hold_music() -> Mapping[Law, Frames]:
    """The phrase in each law; it is to be repeated for ever."""
    return in_both_laws(_phrase([step for chord in _CHORDS for step in chord]))


def in_both_laws(sound: "array[int]") -> Mapping[Law, Frames]:
    """Samples of 16 bit as frames of 20 ms in each law."""
    linear = linear_of(sound)
    return {"PCMU": _cut(linear_to_mu(linear)), "PCMA": _cut(linear_to_a(linear))}


def _phrase(steps: list[int]) -> "array[int]":
    length = len(steps) * _NOTE_SAMPLES
    sound = array("h", bytes(2 * length))
    timbre, fading = _timbre(), _fading()
    notes = {step: _note(step, timbre, fading) for step in set(steps)}
    for place, step in enumerate(steps):
        for at, sample in enumerate(notes[step], place * _NOTE_SAMPLES):
            sound[at % length] += sample
    return sound


def _note(step: int, timbre: list[float], fading: list[float]) -> list[int]:
    hz = _LOWEST_HZ * 2 ** (step / 12)
    return [int(loudness * timbre[int(at * hz) % _RATE_HZ]) for at, loudness in enumerate(fading)]


def _timbre() -> list[float]:
    """One turn of the wave in as many places as there are samples in a second, so that a pitch in hertz is a step width."""
    turn = 2 * pi / _RATE_HZ
    return [sum(weight * sin(order * turn * at) for order, weight in _OVERTONES) for at in range(_RATE_HZ)]


def _fading() -> list[float]:
    """How loud a note is from its pluck to its end."""
    places = ((at / _ATTACK_SAMPLES, at / _RING_SAMPLES) for at in range(_RING_SAMPLES))
    return [_PEAK * min(1.0, attack) * exp(-4.0 * rung) * (1 - rung) for attack, rung in places]


def _cut(codes: bytes) -> Frames:
    return tuple(codes[at : at + FRAME_SAMPLES] for at in range(0, len(codes), FRAME_SAMPLES))
