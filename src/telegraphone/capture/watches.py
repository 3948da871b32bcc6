"""Looks after everything that should come to the recorder and does not, in one round."""

import asyncio
import time
from collections.abc import Mapping

from telegraphone.capture.held import Held, Silent
from telegraphone.capture.packet_watch import PacketWatch
from telegraphone.capture.tap_watch import TapWatch
from telegraphone.limits import TAP_LOOK_S


class Watches:
    """Both watches over these recordings; `silent` is told what they find."""

    def __init__(self, recordings: Mapping[str, Held], silent: Silent) -> None:
        self._taps = TapWatch(recordings, silent)
        self.packets = PacketWatch(recordings, silent)

    async def run(self) -> None:
        """For ever."""
        before = time.monotonic()
        while True:
            await asyncio.sleep(TAP_LOOK_S)
            now = time.monotonic()
            self._taps.look(before, now)
            self.packets.look(before, now)
            before = now
