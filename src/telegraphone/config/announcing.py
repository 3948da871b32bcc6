"""What an announcement's file holds: it is read once, when the configuration is, so that what is refused then is never played."""

import hashlib
import wave
from functools import cache
from pathlib import Path
from typing import Final

from telegraphone.limits import ANNOUNCEMENT_S_MAX
from telegraphone.media.linear import samples_of
from telegraphone.services.switch_ports import Announcement

_RATE_HZ: Final = 8_000
_AUDIBLE: Final = 500
"""Some 36 dB below the loudest: a file that is nowhere louder says nothing to anybody on a telephone."""


@cache
def announcement_in(path: str) -> Announcement:
    """The announcement in this file. Raises ValueError with what is wrong with it."""
    try:
        digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        with wave.open(path) as file:
            form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            linear = file.readframes(file.getnframes()) if form == (1, 2, _RATE_HZ) else b""
            seconds = file.getnframes() / file.getframerate()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path} is no WAV file of linear sound ({error}); {_MAKE_ONE}") from None
    if form != (1, 2, _RATE_HZ):
        tracks, sample_bytes, rate = form
        raise ValueError(f"{path} has {tracks} tracks of {rate} Hz and {8 * sample_bytes} bit; {_MAKE_ONE}")
    if seconds > ANNOUNCEMENT_S_MAX:
        raise ValueError(f"{path} takes {seconds:.0f} s; an announcement takes {ANNOUNCEMENT_S_MAX:.0f} s at most")
    if max(map(abs, samples_of(linear)), default=0) < _AUDIBLE:
        raise ValueError(f"{path} holds nothing that could be heard")
    return Announcement(Path(path).name, digest, linear)


_MAKE_ONE: Final = "it must be mono, 8000 Hz, 16 bit: sox announcement.wav -r 8000 -c 1 -b 16 announcement-8k.wav"
