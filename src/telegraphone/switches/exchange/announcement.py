"""An announcement that a party hears in place of all else, and what becomes of it.

It begins and ends in a moment of silence: a phone that has just answered plays nothing at first, and what was sent last is still
on its way, and in the phone's buffer, when the party has heard the rest. A copy of what the party says or hears from others does
not hold it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from telegraphone.limits import ANNOUNCEMENTS_READY_MAX
from telegraphone.media.linear import samples_of
from telegraphone.media.mixing import FRAME_SAMPLES, Law
from telegraphone.switches.exchange.hold_music import Frames, in_both_laws

_BEFORE_SAMPLES, _BEHIND_SAMPLES = 2_400, 1_600


@lru_cache(ANNOUNCEMENTS_READY_MAX)
def frames(linear: bytes) -> Mapping[Law, Frames]:
    """Linear sound in each law, between the silences."""
    missing = -len(linear) // 2 % FRAME_SAMPLES
    return in_both_laws(samples_of(bytes(2 * _BEFORE_SAMPLES) + linear + bytes(2 * (missing + _BEHIND_SAMPLES))))


@dataclass(slots=True, eq=False)
class Playing:
    """One that is being played; `over` is whether it came to its end."""

    sound: Mapping[Law, Frames]
    over: "asyncio.Future[bool]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _frame: int = 0

    @property
    def ended(self) -> bool:
        """Whether all of it was played."""
        return self._frame == len(self.sound["PCMU"])

    def take(self, law: Law) -> bytes:
        """The next 20 ms."""
        self._frame += 1
        return self.sound[law][self._frame - 1]

    def settle(self) -> None:
        """It is heard no further."""
        if not self.over.done():
            self.over.set_result(self.ended)
