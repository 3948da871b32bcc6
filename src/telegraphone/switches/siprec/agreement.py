"""Has keys agreed on for the lines that ask for it (DTLS-SRTP): who sends is not recorded before, and is from then on."""

import asyncio

import structlog

from telegraphone.services.ports import MediaAddress, Unavailable
from telegraphone.services.switch_ports import Handshakes
from telegraphone.switches.siprec.register import Register
from telegraphone.switches.siprec.rs import Agreed, Rs
from telegraphone.wire.siprec.answering import HandshakeOffer, Line

log = structlog.get_logger()


class KeyAgreement:
    """The handshakes of all sessions."""

    def __init__(self, register: Register, handshakes: Handshakes) -> None:
        self._register = register
        self._handshakes = handshakes

    def fingerprint(self, rs: Rs) -> str:
        """The hash of the certificate that a session's answer shows, "" where none of its lines asks for it."""
        asked = any(line is not None and line.handshake is not None for line in rs.lines)
        return self._handshakes.fingerprint if asked else ""

    def begin(self, rs: Rs) -> None:
        """Begins the handshakes that the lines now ask for and that have not been begun."""
        for line in rs.lines:
            if line is None or line.handshake is None:
                continue
            known = rs.agreed.get(line.index)
            if known is not None and known.is_of(line):
                continue
            if known is not None and known.task is not None:
                known.task.cancel()
            rs.agreed[line.index] = agreed = Agreed(line)
            # Ended with the session, or by its own time limit.
            agreed.task = asyncio.create_task(self._agree(rs, line, line.handshake, agreed))

    async def _agree(self, rs: Rs, line: Line, offer: HandshakeOffer, agreed: Agreed) -> None:
        intake, peer = rs.places[line.index].name, MediaAddress(line.host, line.port)
        try:
            agreed.keys = await self._handshakes.shake_hands(intake, peer, offer.fingerprints, active=offer.we_begin)
        except Unavailable as error:
            log.error("no_keys", trunk=rs.trunk.name, error=str(error))
        else:
            self._register.media_changed(rs)
