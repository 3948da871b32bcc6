"""Watches for packets to others that are to be recorded and do not come, for whoever can say whether they should.

The kernel counts what it lets into each packet socket, whether the worker has read it or not, so that one look proves what has
come since the last. Packets that the worker cannot keep, because of how they are coded, count as none.
"""

from collections.abc import Mapping

from telegraphone.capture import packet_socket
from telegraphone.capture.held import Held, Silent
from telegraphone.limits import PACKETS_QUIET_S
from telegraphone.services.ports import MediaAddress
from telegraphone.services.switch_ports import Quiet

Track = tuple[str, int]


class PacketWatch:
    """`QuietPackets` over every recording whose gate is not shut. `silent` is told of one that misses something."""

    def __init__(self, recordings: Mapping[str, Held], silent: Silent) -> None:
        self._recordings = recordings
        self._silent = silent
        self._looked = 0.0
        self._came: dict[Track, tuple[float, float]] = {}
        """Between which two looks the newest packet came."""
        self._places: dict[MediaAddress, Track] = {}
        self._unkept: set[Track] = set()

    def look(self, before: float, now: float) -> None:
        """One look at all of them, after the one `before`."""
        self._looked = now
        came: dict[Track, tuple[float, float]] = {}
        self._places = {}
        for name, held in self._recordings.items():
            for track, source in enumerate(held.sources or () if held.aimed and not held.paused and not held.ending else ()):
                if source.arrives_at is None:
                    continue
                key = self._places[MediaAddress(*source.arrives_at)] = name, track
                news = packet_socket.arrived(held.packets[track]) and key not in self._unkept
                came[key] = (before, now) if news else self._came.get(key, (before, now))
        self._came = came
        self._unkept = {key for key in self._unkept if key[0] in self._recordings}

    def unkept(self, name: str, track: int, since: float | None) -> None:
        """Of this track's packets none has been kept since this monotonic second; None: they are kept again."""
        key = name, track
        if since is None:
            self._unkept.discard(key)
        elif key in self._came:
            self._unkept.add(key)
            self._came[key] = since, since

    def at(self, place: MediaAddress) -> Quiet | None:
        """See `QuietPackets`."""
        track = self._places.get(place)
        if track is None:
            return None
        quiet = Quiet(self._came[track][1], self._looked)
        return quiet if quiet.looked - quiet.since > PACKETS_QUIET_S else None

    def missed(self, place: MediaAddress, since: float | None) -> None:
        """See `QuietPackets`."""
        if track := self._places.get(place):
            self._silent(*track, self._came[track][0] if since is None else since, self._looked)
