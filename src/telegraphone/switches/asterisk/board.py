"""The legs at one Asterisk and what every part of the switch does with them: find, name, tell, end."""

import asyncio
from collections import deque
from itertools import count
from typing import Final

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause, LegEnded
from telegraphone.limits import ARI_ENDED_KNOWN_MAX, SWITCH_EVENTS_MAX
from telegraphone.services.ports import Clock, LegOver, SwitchEvent, Unavailable
from telegraphone.switches.asterisk.devices import Devices
from telegraphone.switches.asterisk.janitor import BRIDGE, Janitor
from telegraphone.switches.asterisk.leg import Leg
from telegraphone.switches.asterisk.link import AriLink
from telegraphone.switches.asterisk.waits import Waits
from telegraphone.switches.asterisk.work import Work

_LEG_ID_BYTES: Final = 12
_RUN_BYTES: Final = 4


class Board:
    """All that lives at one Asterisk because of us. Ids of our making begin with `prefix`, so that what a crash leaves
    behind can be told from other people's."""

    def __init__(self, *, name: str, app: str, link: AriLink, devices: Devices, clock: Clock) -> None:
        self.name = name
        self.app = app
        self.link = link
        self.devices = devices
        self.clock = clock
        self.prefix = f"{app}."
        self.legs: dict[LegId, Leg] = {}
        self.by_ari: dict[str, Leg] = {}
        self.janitor = Janitor(name, link)
        self.waits = Waits(name)
        self.work = Work(name)
        self.queue: asyncio.Queue[SwitchEvent | None] = asyncio.Queue(SWITCH_EVENTS_MAX)
        self.listening = False
        """Whether events arrive: without, an application takes no new channel."""
        self.near = False
        """Whether Asterisk runs on this machine, as far as the connection to it shows."""
        self.others = 0
        """Channels of other applications that have RTP ports, as last seen."""
        self._run = clock.entropy(_RUN_BYTES).hex()
        self._numbers = count(1)
        self._ended: deque[str] = deque(maxlen=ARI_ENDED_KNOWN_MAX)

    def new_id(self, kind: str) -> str:
        """An id that was never used; its last part but one is what kind of thing it names."""
        return f"{self.prefix}{self._run}.{kind}.{next(self._numbers)}"

    def new_bridge_id(self) -> str:
        """The same for a bridge, which is deleted in another way."""
        return self.new_id(BRIDGE)

    def new_leg_id(self) -> LegId:
        """An id for a leg that arrives."""
        return LegId(self.clock.entropy(_LEG_ID_BYTES).hex())

    def with_media(self, leg: LegId) -> Leg:
        """A leg whose party can be heard. Raises LegOver, `Unavailable("switch")`."""
        found = self.legs.get(leg)
        if found is None:
            raise LegOver(leg)
        if not found.answered:
            raise Unavailable("switch", "this leg has no media", retryable=False)
        return found

    def was_here(self, ari_id: str) -> bool:
        """Whether this was a leg that is over: whatever is still told of it is late."""
        return ari_id in self._ended

    def add(self, leg: Leg) -> None:
        """A leg begins."""
        self.legs[leg.id] = leg
        self.by_ari[leg.ari_id] = leg

    def rename(self, leg: Leg, ari_id: str) -> None:
        """The leg goes on under another id at Asterisk."""
        self.over(leg.ari_id)
        del self.by_ari[leg.ari_id]
        leg.ari_id, leg.made = ari_id, False
        self.by_ari[ari_id] = leg

    def over(self, ari_id: str) -> None:
        """Nothing that is told of this id matters any more."""
        if ari_id not in self._ended:
            self._ended.append(ari_id)

    def forget(self, leg: Leg) -> None:
        """The leg has never been; nobody is told."""
        self.legs.pop(leg.id, None)
        self.by_ari.pop(leg.ari_id, None)
        self.over(leg.ari_id)

    def end(self, leg: Leg, cause: EndCause) -> None:
        """The leg is gone, and the reader is told, once."""
        if leg.id in self.legs:
            self.forget(leg)
            self.tell(LegEnded(leg.id, cause))

    @property
    def crowded(self) -> bool:
        """Whether the reader is so far behind that no new call should begin."""
        return self.queue.qsize() > SWITCH_EVENTS_MAX // 2

    def tell(self, event: SwitchEvent) -> None:
        """Adds a fact for the reader."""
        self.queue.put_nowait(event)
