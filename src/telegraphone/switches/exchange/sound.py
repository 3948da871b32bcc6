"""What can be done to the sound of the exchange's legs, as the ports `LegMedia`, `WarningTones`,
`Announcements`, `ConferenceTaps` and `Monitoring`."""

from telegraphone.domain.ids import LegId
from telegraphone.services.ports import MediaAddress, MediaSource, Unavailable
from telegraphone.services.switch_ports import Announcement
from telegraphone.switches.exchange.announcement import frames
from telegraphone.switches.exchange.hearing import knows_keys
from telegraphone.switches.exchange.key_requests import KeyRequests
from telegraphone.switches.exchange.leg import Leg, with_media
from telegraphone.switches.exchange.payloads import STATIC_TYPES
from telegraphone.switches.exchange.switchboard import Switchboard


class ExchangeSound:
    """The ports above, over the legs of one switchboard. `requests` carries keys where RTP cannot."""

    def __init__(self, board: Switchboard, requests: KeyRequests) -> None:
        self._board = board
        self._requests = requests

    # --- LegMedia ---

    async def hold_music(self, leg: LegId, on: bool) -> None:
        """See `LegMedia`."""
        if found := self._board.legs.get(leg):
            self._board.relay.hearing.play_music(found.port, on=on)

    async def ring_tone(self, leg: LegId, on: bool) -> None:
        """See `LegMedia`."""
        if found := self._board.legs.get(leg):
            self._board.relay.hearing.play_ring_tone(found.port, on=on)

    async def mute(self, leg: LegId, on: bool) -> None:
        """See `LegMedia`."""
        if found := self._board.legs.get(leg):
            found.port.muted = on

    async def send_dtmf(self, leg: LegId, digits: str) -> None:
        """See `LegMedia`. As RTP events where the phone takes those, else as requests. Returns when the first is on its
        way; raises Unavailable when too many wait already."""
        found = self._board.legs.get(leg)
        if found is not None and not self._press(found, digits):
            raise Unavailable("switch", "too many keys wait")

    def pass_on(self, leg: Leg, key: str) -> None:
        """A key that the leg's phone sent as a request goes to who hears it; lost where too many wait."""
        for each in tuple(self._board.legs.values()):
            if each.port in leg.port.listeners:
                self._press(each, key)

    def _press(self, leg: Leg, digits: str) -> bool:
        if knows_keys(leg.port):
            return self._board.relay.hearing.press(leg.port, digits)
        return self._requests.press(leg, digits)

    # --- WarningTones ---

    async def warn(self, leg: LegId) -> None:
        """See `WarningTones`."""
        if found := self._board.legs.get(leg):
            self._board.relay.hearing.warn(found.port)

    # --- Announcements ---

    async def announce(self, leg: LegId, announcement: Announcement) -> bool:
        """See `Announcements`."""
        found = self._board.legs.get(leg)
        return found is not None and await self._board.relay.hearing.announce(found.port, frames(announcement.linear))

    # --- ConferenceTaps ---

    async def fork_heard(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """See `ConferenceTaps`."""
        try:
            source = self._board.relay.fork_heard(with_media(self._board.legs, leg).port, to)
        except (OSError, ValueError) as error:
            raise Unavailable("switch", str(error)) from error
        return MediaSource(source.host, source.port, {number: law for law, number in STATIC_TYPES.items()})

    async def unfork_heard(self, leg: LegId) -> None:
        """See `ConferenceTaps`."""
        if found := self._board.legs.get(leg):
            self._board.relay.unfork_heard(found.port)

    # --- TapMutes ---

    async def mute_tap(self, leg: LegId, on: bool, *, heard: bool = False) -> None:
        """See `TapMutes`: copies go from one socket of this machine to another, where the kernel cuts them."""

    # --- Monitoring ---

    async def monitor(self, supervisor: LegId, monitored: LegId, audible_to: frozenset[LegId]) -> None:
        """See `Monitoring`."""
        ear, mouth = with_media(self._board.legs, supervisor), with_media(self._board.legs, monitored)
        hearers = tuple(leg.port for each in audible_to if (leg := self._board.legs.get(each)) is not None)
        self._board.relay.hearing.monitor(ear.port, mouth.port, hearers)

    async def unmonitor(self, supervisor: LegId) -> None:
        """See `Monitoring`."""
        found = self._board.legs.get(supervisor)
        if found is not None and found.port.monitored is not None:
            self._board.relay.hearing.join(found.port)
