"""What we tell one source of its packets (RTCP, RFC 3550 section 6): when, under which name, and what of its own reports.

A session recording server has to (RFC 7866 section 8.1.1): each report begins with a receiver report and holds our CNAME, and
the last one says BYE. All tracks of one worker are one participant, whose name is made anew at every start (RFC 7022).
"""

import base64
import secrets
from functools import cache
from typing import Final

from telegraphone.capture.control import Source
from telegraphone.capture.srtp import ControlShield
from telegraphone.limits import REPORT_PERIOD_S
from telegraphone.media.reception import Received
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.rtp.rtcp import ReportBlock, SenderReport, receiver_report, sender_reports

_SSRC_BITS: Final = 32
_NAME_BYTES: Final = 12
_NS: Final = 1_000_000_000
_FRACTION: Final = 1 << 16
"""Times between reports are told in 1/65536 s."""


@cache
def _cname() -> str:
    return base64.b64encode(secrets.token_bytes(_NAME_BYTES)).decode()


class Reporting:
    """The reports to one source; `due_ns` is the monotonic instant of the next."""

    def __init__(self, source: Source, now_ns: int) -> None:
        """Raises ValueError for keys that cannot be used."""
        self._ssrc = secrets.randbits(_SSRC_BITS)
        self._keys = ("", b"", b"")
        self._shield: ControlShield | None = None
        self._heard: SenderReport | None = None
        self._heard_ns = 0
        # The first one comes after half the time (RFC 3550 section 6.2).
        self.due_ns = now_ns + _interval_ns() // 2
        self.aim(source)

    def aim(self, source: Source) -> None:
        """Whom it is told to, and by which keys: with the same ones our count of packets goes on, as it must."""
        assert source.reports is not None
        self.address, self.muxed = (source.reports.host, source.reports.port), source.reports.muxed
        keys = (source.suite, source.key, source.reports.own_key)
        if keys != self._keys:
            self._keys = keys
            self._shield = ControlShield(*keys) if source.suite else None

    def hear(self, datagram: bytes, received_ns: int) -> None:
        """Takes what the source tells us; what is no RTCP, or not authentic, changes nothing."""
        packet = datagram if self._shield is None else self._shield.opened(datagram)
        if packet is None:
            return
        try:
            for report in sender_reports(packet):
                self._heard, self._heard_ns = report, received_ns
        except RemoteProtocolError:
            return

    def report(self, received: Received | None, clock_hz: int, now_ns: int, *, goodbye: bool = False) -> bytes:
        """The datagram to be sent now. `clock_hz` is the rate of the source's RTP timestamps."""
        self.due_ns = now_ns + _interval_ns()
        blocks = () if received is None else (self._block(received, clock_hz, now_ns),)
        packet = receiver_report(self._ssrc, _cname(), blocks, goodbye=goodbye)
        return packet if self._shield is None else self._shield.sealed(packet)

    def _block(self, received: Received, clock_hz: int, now_ns: int) -> ReportBlock:
        if received.ssrc == self._ssrc:
            # Two of the same number: we take another (RFC 3550 section 8.2).
            self._ssrc = secrets.randbits(_SSRC_BITS)
        sent_at = since = 0
        if self._heard is not None and self._heard.ssrc == received.ssrc:
            sent_at, since = self._heard.sent_at, (now_ns - self._heard_ns) * _FRACTION // _NS
        jitter = round(received.jitter_ns * clock_hz / _NS)
        return ReportBlock(received.ssrc, received.fraction_lost, received.lost, received.highest, jitter, sent_at, since)


def _interval_ns() -> int:
    """Between half the period and one and a half of it, so that nobody's reports fall into step (RFC 3550 section 6.3.1)."""
    return round(REPORT_PERIOD_S * _NS * (0.5 + secrets.SystemRandom().random()))
