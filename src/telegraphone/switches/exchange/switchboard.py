"""The legs of the exchange and what every part of it does with them: find, tell, give media, end."""

import asyncio
from dataclasses import dataclass, field

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause, LegEnded, LegHeld, LegRetrieved
from telegraphone.limits import SWITCH_EVENTS_MAX
from telegraphone.services.ports import Clock, MediaAddress, MediaSource, SwitchEvent, TapMoved, Unavailable
from telegraphone.switches.exchange.accounts import Accounts
from telegraphone.switches.exchange.leg import Leg, with_media
from telegraphone.switches.exchange.media_port import MediaPort, Party
from telegraphone.switches.exchange.relay import Relay
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sip.dialog import Dialog

_LEG_ID_BYTES = 12
_SESSION_ID_BYTES = 6


@dataclass(slots=True, eq=False)
class Switchboard:
    """All legs that live, and the events of which the one reader is told."""

    clock: Clock
    accounts: Accounts
    relay: Relay
    latching: bool
    legs: dict[LegId, Leg] = field(default_factory=dict)
    by_dialog: dict[Dialog, Leg] = field(default_factory=dict)
    queue: asyncio.Queue[SwitchEvent | None] = field(default_factory=lambda: asyncio.Queue(SWITCH_EVENTS_MAX))

    def new_leg_id(self) -> LegId:
        """An id for a leg that arrives."""
        return LegId(self.clock.entropy(_LEG_ID_BYTES).hex())

    def new_session_id(self) -> int:
        """What stands in o= of a new description."""
        return int.from_bytes(self.clock.entropy(_SESSION_ID_BYTES), "big")

    @property
    def crowded(self) -> bool:
        """Whether the reader is so far behind that no new call should begin."""
        return self.queue.qsize() > SWITCH_EVENTS_MAX // 2

    def tell(self, event: SwitchEvent) -> None:
        """Adds a fact for the reader."""
        self.queue.put_nowait(event)

    def confirm(self, leg: Leg, dialog: Dialog) -> None:
        """The leg has its dialog now; that of another phone is no longer its own."""
        if leg.dialog is not None:
            self.by_dialog.pop(leg.dialog, None)
        leg.dialog = dialog
        self.by_dialog[dialog] = leg

    def end(self, leg: Leg, cause: EndCause) -> None:
        """The leg is gone: its port is free and the reader is told, once."""
        if self.legs.pop(leg.id, None) is None:
            return
        if leg.dialog is not None:
            self.by_dialog.pop(leg.dialog, None)
        self.relay.close(leg.port)
        for answer in leg.asked.values():
            answer(EndCause.CANCELLED)
        self.tell(LegEnded(leg.id, cause))

    def latch_host(self, signalled_from: str) -> str | None:
        """Whose first packet may correct the signalled address, if the configuration allows that at all."""
        return signalled_from if self.latching else None

    def set_party(self, leg: Leg, party: Party) -> None:
        """Takes over what the phone said about its media, and tells what of it matters above.

        Raises RemoteProtocolError (488) for an address that cannot be used.
        """
        before = leg.port.party
        try:
            self.relay.set_party(leg.port, party)
        except ValueError as error:
            raise RemoteProtocolError(str(error), status=488) from error
        if leg.port.tap is not None and party != before:
            # Even where only the address is new: a phone that renews its media may well choose another SSRC, which the
            # recorder takes for a stranger's until it is told.
            self.tell(TapMoved(leg.id, self.source(leg.port)))
        held = not party.receives
        if leg.dialog is not None and held is not leg.held:
            self.tell(LegHeld(leg.id) if held else LegRetrieved(leg.id))
        leg.held = held

    def source(self, port: MediaPort) -> MediaSource:
        """Who sends the copy of a leg. The SSRC is the phone's own choice and not signalled."""
        assert port.tap is not None
        assert port.party is not None
        host, number = port.tap.getsockname()[:2]
        return MediaSource(host, number, dict(port.party.payloads.from_party))

    # --- joining and copying ---

    def join(self, ids: tuple[LegId, ...]) -> None:
        """See `Switch.join`."""
        self.relay.hearing.join(*(self.legs[each].port for each in ids if each in self.legs))

    def fork(self, leg_id: LegId, to: MediaAddress) -> MediaSource:
        """See `Taps.fork`."""
        leg = with_media(self.legs, leg_id)
        try:
            self.relay.fork(leg.port, to)
        except (OSError, ValueError) as error:
            raise Unavailable("switch", str(error)) from error
        return self.source(leg.port)

    def unfork(self, leg_id: LegId) -> None:
        """See `Taps.unfork`."""
        leg = self.legs.get(leg_id)
        if leg is not None:
            self.relay.unfork(leg.port)
