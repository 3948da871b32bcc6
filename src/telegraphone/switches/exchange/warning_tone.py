"""The tone that tells the parties of a call that they are being recorded, mixed into what each of them hears.

1,400 Hz for 200 ms, some 22 dB below the loudest: what equipment for this has long used, to be repeated every 15 seconds or so.
It is added to the samples and takes nothing away: sequence numbers, timestamps and the words underneath stay. What a party
hears is no part of what it says, so no recording holds it.
"""

from array import array
from functools import cache
from math import pi, sin
from typing import Final

from telegraphone.media.g711 import a_to_linear, linear_to_a, linear_to_mu, mu_to_linear
from telegraphone.media.linear import linear_of, samples_of
from telegraphone.media.mixing import Law

_RATE_HZ: Final = 8_000
_TONE_HZ: Final = 1_400
_PEAK: Final = 2_600
_EDGE_SAMPLES: Final = 80
"""It rises and fades in 10 ms, so that it does not click."""
TONE_SAMPLES: Final = _RATE_HZ // 5
_LOUDEST: Final = 32_767


@cache
def _tone() -> "array[int]":
    turn = 2 * pi * _TONE_HZ / _RATE_HZ
    edges = (min(1.0, at / _EDGE_SAMPLES, (TONE_SAMPLES - at) / _EDGE_SAMPLES) for at in range(TONE_SAMPLES))
    return array("h", (int(_PEAK * edge * sin(turn * at)) for at, edge in enumerate(edges)))


def with_tone(audio: bytes, law: Law, at: int) -> bytes:
    """G.711 audio with the tone in it, of which so many samples were heard before; saturated where it is too loud."""
    said = samples_of(mu_to_linear(audio) if law == "PCMU" else a_to_linear(audio))
    for place, sample in enumerate(_tone()[at : at + len(said)]):
        said[place] = max(-_LOUDEST - 1, min(_LOUDEST, said[place] + sample))
    return (linear_to_mu if law == "PCMU" else linear_to_a)(linear_of(said))
