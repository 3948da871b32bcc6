"""Notices sessions whose client is gone without a word (fault F29), and those that nobody ever ends.

Neither a missing answer nor missing audio proves it alone: clients leave our requests unanswered while audio flows
(siprec.md, Q19), and audio stops on hold. So where nothing is heard the client is asked whether it still knows the dialog;
when the dialog is lost, what is still heard is still recorded, and silence then ends it.
"""

import asyncio

import structlog

from telegraphone.domain.legs import EndCause
from telegraphone.endpoints.sip import SipEndpoint
from telegraphone.limits import RS_WATCH_S, RTP_SILENT_S
from telegraphone.switches.siprec.register import Register
from telegraphone.switches.siprec.rs import Rs, Stage
from telegraphone.wire.errors import LocalProtocolError
from telegraphone.wire.sip.commands import InDialogRequest

log = structlog.get_logger()


class Watch:
    """Looks at every session now and then; `run` until cancelled."""

    def __init__(self, register: Register, sip: SipEndpoint) -> None:
        self._register = register
        self._sip = sip

    async def run(self) -> None:
        """Looks every RS_WATCH_S."""
        while True:
            await asyncio.sleep(RS_WATCH_S)
            self.look(self._register.clock.now())

    def look(self, now: float) -> None:
        """Looks once."""
        for rs in tuple(self._register.alive):
            if rs.stage is not Stage.LIVE:
                continue
            if self._is_heard(rs):
                rs.heard_at, rs.silence_told = now, False
            if now - rs.since > rs.trunk.call_s_max:
                log.warning("session_too_long", trunk=rs.trunk.name, seconds=int(now - rs.since))
                self._end(rs, EndCause.NORMAL)
            elif now - rs.heard_at > RTP_SILENT_S:
                self._silent(rs, now)

    def _is_heard(self, rs: Rs) -> bool:
        return any(self._register.intakes.is_heard(place.name) for place in rs.places.values())

    def _silent(self, rs: Rs, now: float) -> None:
        if rs.left:
            return
        if rs.dialog is None:
            log.error("client_gone", trunk=rs.trunk.name)
            self._register.end(rs, EndCause.FAILED)
            return
        if any(leg.fork is not None and rs.source(leg.fork).host for leg in rs.legs) and not rs.silence_told:
            rs.silence_told = True
            log.error("no_audio", trunk=rs.trunk.name, seconds=int(now - rs.heard_at))
        if rs.probed_at is None or now - rs.probed_at > RTP_SILENT_S:
            rs.probed_at = now
            try:
                # Whoever does not know the dialog, or answers nothing, has lost it, and the engine says so.
                self._sip.request(InDialogRequest(dialog=rs.dialog, method="OPTIONS"))
            except LocalProtocolError as error:
                log.warning("not_probed", trunk=rs.trunk.name, error=str(error))

    def _end(self, rs: Rs, cause: EndCause) -> None:
        dialogs = rs.dialogs()
        self._register.end(rs, cause)
        for dialog in dialogs:
            self._sip.hang_up(dialog)
