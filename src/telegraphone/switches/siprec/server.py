"""The face of the recording server: sockets below, the ports `Switch`, `Taps` and `SwitchEvents` above.

It carries signalling only. The audio of every stream goes from the recording client straight to the recorder's intakes,
and nothing is ever asked of the client for a pause: the gate is ours (siprec.md, section 7).
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import Ability, EndCause, LegEnded
from telegraphone.endpoints.sip import SipEndpoint
from telegraphone.endpoints.sip_tls import SipTls
from telegraphone.services.ports import NOBODY, Caller, Clock, MediaAddress, MediaSource, SwitchEvent, Unavailable
from telegraphone.services.switch_ports import Handshakes, Intakes
from telegraphone.switches.siprec.agreement import KeyAgreement
from telegraphone.switches.siprec.incoming import Incoming
from telegraphone.switches.siprec.register import Admission, Register
from telegraphone.switches.siprec.rs import Stage
from telegraphone.switches.siprec.trunk import Trunk
from telegraphone.switches.siprec.watch import Watch
from telegraphone.wire.sip.events import (
    AckArrived,
    CallCancelled,
    DialogEnded,
    RequestArrived,
    ResponseArrived,
    SipEvent,
    TransactionTimedOut,
    TransportFailed,
)
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.siprec.body import ACCEPTED, UNDERSTOOD
from telegraphone.wire.siprec.srs import OPTION, SRS_FEATURE

_METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE")
_SUPPORTED = (OPTION, "timer", "100rel")
_NO_TLS = SipTls()


@dataclass(frozen=True, slots=True)
class Counts:
    """What a recording server holds at this moment; all are zero when no session lives."""

    recordings: int
    legs: int
    dialogs: int
    transactions: int


class SiprecServer:
    """A session recording server on one address: UDP and TCP, and TLS on a port of its own."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        advertised_host: str = "",
        media_host: str = "",
        trunks: Iterable[Trunk],
        intakes: Intakes,
        handshakes: Handshakes,
        admission: Admission | None = None,
        tls: SipTls = _NO_TLS,
        clock: Clock,
    ) -> None:
        """`host` and `port`: where SIP is received; `advertised_host`: what clients are told, if that differs;
        `media_host`: where the recorder's intakes are, if that differs from it; `admission`: whether new sessions
        are taken, which may change."""
        self._address = (host, port)
        self._shown = advertised_host or host
        self._media_host = media_host or self._shown
        self._trunks = tuple(trunks)
        self._tls = tls
        self.admission = admission or Admission()
        self._register = Register(clock, intakes, self.admission)
        self._agreement = KeyAgreement(self._register, handshakes)
        self._sip: SipEndpoint | None = None
        self._incoming: Incoming | None = None
        self._early: list[SipEvent] = []
        self._watching: asyncio.Task[None] | None = None
        self.port = port
        """The port of UDP and TCP; of use when any was asked for (0)."""
        self.tls_port = 0

    async def start(self) -> None:
        """Opens the sockets. Raises Unavailable("switch") when an address is taken."""
        options = SipOptions(
            host=self._shown,
            contact_params=SRS_FEATURE,
            methods=_METHODS,
            supported=_SUPPORTED,
            accept=ACCEPTED,
            understood=UNDERSTOOD,
            session_expires_s=0,
        )
        try:
            sip = await SipEndpoint.open(*self._address, options, self._handle, tls=self._tls)
        except OSError as error:
            raise Unavailable("switch", str(error), retryable=False) from error
        self.port, self.tls_port = sip.port, sip.tls_port
        self._sip = sip
        self._incoming = Incoming(self._register, sip, self._agreement, self._trunks, self._media_host)
        # Ended and awaited by `close`.
        self._watching = asyncio.create_task(Watch(self._register, sip).run())
        early, self._early = self._early, []
        for event in early:
            self._handle(event)

    async def close(self) -> None:
        """Ends every session, closes the sockets and ends the events."""
        self.admission.draining = True
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        for rs in tuple(self._register.alive):
            (self._open.refuse if rs.stage is Stage.OFFERED else self._open.hang_up)(rs, EndCause.NORMAL)
        if self._sip is not None:
            await self._sip.close()
        self._register.queue.put_nowait(None)

    @property
    def counts(self) -> Counts:
        """What is held now."""
        assert self._sip is not None, "start() comes first"
        engine = self._sip.engine
        return Counts(len(self._register.alive), len(self._register.by_leg), len(engine.dialogs), len(engine.transactions))

    @property
    def _open(self) -> Incoming:
        if self._incoming is None:
            raise Unavailable("switch", "not started", retryable=False)
        return self._incoming

    # --- Switch ---

    @property
    def abilities(self) -> frozenset[Ability]:
        """None: these calls can only be listened to."""
        return frozenset()

    async def originate(self, leg: LegId, number: str, caller: Caller, *, lift: bool = False) -> None:
        """See `Switch`: nobody can be called from here."""
        self._register.queue.put_nowait(LegEnded(leg, EndCause.UNREACHABLE))

    async def ring(self, leg: LegId) -> None:
        """See `Switch`: nobody waits to hear it."""

    async def answer(self, leg: LegId) -> None:
        """See `Switch`: the copy is taken."""
        if found := self._register.leg(leg):
            self._open.accept(found[0])

    async def hang_up(self, leg: LegId, cause: EndCause) -> None:
        """See `Switch`: ends the copy of the whole call, or refuses it, and touches nobody who talks."""
        if (found := self._register.leg(leg)) and leg not in found[0].departed:
            rs, _ = found
            (self._open.refuse if rs.stage is Stage.OFFERED else self._open.hang_up)(rs, cause)

    async def join(self, legs: tuple[LegId, ...]) -> None:
        """See `Switch`: who hears whom is decided where the call is connected."""

    # --- Taps ---

    async def fork(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """See `Taps`: the audio comes to the recorder's own ports all the time; says who sends to this one. Parties of one
        call end one by one above, and meanwhile nobody sends for those that are over."""
        found = self._register.leg(leg)
        if found is None:
            return NOBODY
        rs, known = found
        known.fork = rs.place_at(to)
        return rs.source(known.fork)

    async def unfork(self, leg: LegId) -> None:
        """See `Taps`."""
        if found := self._register.leg(leg):
            found[1].fork = None

    # --- SwitchEvents ---

    async def events(self) -> AsyncIterator[SwitchEvent]:
        """See `SwitchEvents`."""
        while (event := await self._register.queue.get()) is not None:
            yield event

    # --- from the SIP endpoint ---

    def _handle(self, event: SipEvent) -> None:
        incoming = self._incoming
        if incoming is None:
            # The sockets open one after the other, and a client may be quicker than the last.
            self._early.append(event)
            return
        match event:
            case RequestArrived():
                incoming.request(event)
            case AckArrived():
                incoming.acknowledged(event)
            case CallCancelled(transaction):
                incoming.cancelled(transaction)
            case DialogEnded():
                incoming.ended(event)
            case ResponseArrived(pending, response) if not response.provisional:
                incoming.answered(pending, response.status)
            case TransactionTimedOut(pending):
                incoming.answered(pending, 408)
            case TransportFailed(pending):
                incoming.answered(pending, 503)
            case _:
                pass
