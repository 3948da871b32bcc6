"""Short tones that tell a phone's user what came of the keys they pressed (gws-api 8.6), since a phone shows nothing.

Two notes that rise: audio is being recorded now. Two that fall: none is. Three low ones, as where a call cannot go through: it
was refused or could not be done. Nobody but this phone is sent them, so no recording holds them.
"""

from array import array
from collections.abc import Mapping
from enum import Enum
from functools import cache
from math import pi, sin
from typing import Final

from telegraphone.domain.recording import Trigger
from telegraphone.media.mixing import Law
from telegraphone.switches.exchange.hold_music import Frames, in_both_laws

_RATE_HZ: Final = 8_000
_PEAK: Final = 4_000
"""Some 18 dB below the loudest: to be heard beside a voice that has just stopped."""
_NOTE_SAMPLES: Final = 800
_EDGE_SAMPLES: Final = 80
"""A note rises and fades in 10 ms, so that it does not click."""
_LOW_HZ, _HIGH_HZ, _REFUSAL_HZ = 660, 880, 330


class Signal(Enum):
    """What is to be heard: each is the notes in hertz, 100 ms each, 0 for a rest."""

    RECORDED = (_LOW_HZ, _HIGH_HZ)
    KEPT_OUT = (_HIGH_HZ, _LOW_HZ)
    REFUSED = (_REFUSAL_HZ, 0, _REFUSAL_HZ, 0, _REFUSAL_HZ)

    @classmethod
    def of(cls, trigger: Trigger) -> "Signal":
        """That the operation is done."""
        return cls.RECORDED if trigger in {Trigger.START, Trigger.RESUME} else cls.KEPT_OUT


@cache
def frames(signal: Signal) -> Mapping[Law, Frames]:
    """The signal in each law, to be played once."""
    sound = array("h")
    for hz in signal.value:
        sound.extend(_note(hz))
    return in_both_laws(sound)


def _note(hz: int) -> list[int]:
    turn = 2 * pi * hz / _RATE_HZ
    loudness = (min(1.0, at / _EDGE_SAMPLES, (_NOTE_SAMPLES - at) / _EDGE_SAMPLES) for at in range(_NOTE_SAMPLES))
    return [int(_PEAK * each * sin(turn * at)) for at, each in enumerate(loudness)]
