"""What can be done to the sound of Asterisk's legs, as the ports `LegMedia`, `ConferenceTaps`, `TapMutes`, `Monitoring`."""

from telegraphone.domain.ids import LegId
from telegraphone.services.ports import MediaAddress, MediaSource
from telegraphone.switches.asterisk.board import Board
from telegraphone.switches.asterisk.ears import Ears
from telegraphone.switches.asterisk.keypad import Keypad
from telegraphone.switches.asterisk.packet_taps import PacketTaps
from telegraphone.switches.asterisk.taps import Taps
from telegraphone.switches.asterisk.wiring import Wiring


class AsteriskSound:
    """The ports above, over the legs of one Asterisk."""

    def __init__(self, board: Board, wiring: Wiring, taps: Taps, ears: Ears, packets: PacketTaps | None) -> None:
        """`packets`: the taps that Asterisk has no part in, where there are any."""
        self._packets = packets
        self._board = board
        self._wiring = wiring
        self._taps = taps
        self._ears = ears
        self._keypad = Keypad(board)

    # --- LegMedia ---

    async def hold_music(self, leg: LegId, on: bool) -> None:
        """See `LegMedia`."""
        if found := self._board.legs.get(leg):
            await self._wiring.set_background(found, music=on)

    async def ring_tone(self, leg: LegId, on: bool) -> None:
        """See `LegMedia`."""
        if found := self._board.legs.get(leg):
            await self._wiring.set_background(found, ring_tone=on)

    async def mute(self, leg: LegId, on: bool) -> None:
        """See `LegMedia`."""
        if found := self._board.legs.get(leg):
            found.muted = on
            try:
                await self._wiring.follow_mute(found)
            finally:
                if self._packets is not None:
                    self._packets.muted(found)

    async def send_dtmf(self, leg: LegId, digits: str) -> None:
        """See `LegMedia`."""
        if found := self._board.legs.get(leg):
            await self._keypad.play(found, digits.upper())

    # --- ConferenceTaps ---

    async def fork_heard(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """See `ConferenceTaps`."""
        found = self._board.with_media(leg)
        async with self._wiring.lock:
            return await self._ears.fork_heard(found, to)

    async def unfork_heard(self, leg: LegId) -> None:
        """See `ConferenceTaps`."""
        if found := self._board.legs.get(leg):
            async with self._wiring.lock:
                await self._ears.unfork_heard(found)

    # --- TapMutes ---

    async def mute_tap(self, leg: LegId, on: bool, *, heard: bool = False) -> None:
        """See `TapMutes`. What the recorder takes from the kernel by itself is its own to mute."""
        if found := self._board.legs.get(leg):
            await (self._ears if heard else self._taps).mute(found, on)

    # --- Monitoring ---

    async def monitor(self, supervisor: LegId, monitored: LegId, audible_to: frozenset[LegId]) -> None:
        """See `Monitoring`."""
        ear, mouth = self._board.with_media(supervisor), self._board.with_media(monitored)
        async with self._wiring.lock:
            await self._ears.monitor(ear, mouth, audible_to)

    async def unmonitor(self, supervisor: LegId) -> None:
        """See `Monitoring`."""
        if found := self._board.legs.get(supervisor):
            async with self._wiring.lock:
                await self._ears.unmonitor(found)
