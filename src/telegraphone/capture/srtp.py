"""Opens encrypted RTP (RFC 3711, RFC 7714) by libsrtp: authentication first, and a packet that fails it changes nothing.

While the gate is shut packets come without their bodies and cannot be authenticated, but their sequence numbers go on, and
after 2¹⁵ of them libsrtp would take the next for one of another cycle and refuse it. So it is kept in step: whenever
numbers have risen by a quarter of a cycle, a *twin*, a sender of ours with the same key, seals an empty packet of the
number just passed, and libsrtp is given that. Only numbers near the last one count, as nothing proves a lone header.
"""

from typing import Final

import pylibsrtp
from pylibsrtp import Policy, Session

from telegraphone.wire.rtp.packet import RtpPacket
from telegraphone.wire.rtp.serial import extend

SUITES: Final = {
    "AES_CM_128_HMAC_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30),
    "AES_CM_128_HMAC_SHA1_32": (Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 30),
    "AEAD_AES_128_GCM": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28),
    "AEAD_AES_256_GCM": (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44),
}
"""By their names in SDP: libsrtp's profile, and the length of master key and salt together, in bytes."""

_STEP: Final = 1 << 14
_NEAR: Final = 3_000
_PACKET_BYTES_MAX: Final = 1_500
"""What the binding has room for; a longer packet is none of a call's."""


class Shield:
    """One sender's keys, over all SSRCs it uses."""

    def __init__(self, suite: str, key: bytes) -> None:
        """`key` is master key and salt. Raises ValueError for a suite that is not known or a key that does not fit."""
        if suite not in SUITES or len(key) != SUITES[suite][1]:
            raise ValueError("no such suite, or a key of another length")
        self._opening = Session(_policy(suite, key, Policy.SSRC_ANY_INBOUND))
        self._twin = Session(_policy(suite, key, Policy.SSRC_ANY_OUTBOUND))
        self._seen: dict[int, int] = {}
        self._marks: dict[int, int] = {}

    def opened(self, datagram: bytes) -> bytes | None:
        """The RTP packet in a datagram; None for one that is not authentic, was there before, or is no RTP."""
        if not 12 < len(datagram) <= _PACKET_BYTES_MAX:
            return None
        try:
            packet = self._opening.unprotect(datagram)
        except pylibsrtp.Error:
            return None
        self._follow(int.from_bytes(packet[8:12], "big"), int.from_bytes(packet[2:4], "big"), proved=True)
        return packet

    def passed(self, packet: RtpPacket) -> None:
        """A packet went by of which only the header came."""
        self._follow(packet.ssrc, packet.sequence_number, proved=False)

    def _follow(self, ssrc: int, sequence_number: int, *, proved: bool) -> None:
        last = self._seen.get(ssrc)
        if last is None:
            if not proved:
                return
            number = self._seen[ssrc] = sequence_number
            self._step(ssrc, number, proved=True)
            return
        number = extend(last, sequence_number, 16)
        if number <= last or (number - last > _NEAR and not proved):
            return
        self._seen[ssrc] = number
        if number - self._marks[ssrc] >= _STEP:
            self._step(ssrc, number, proved=proved)

    def _step(self, ssrc: int, number: int, *, proved: bool) -> None:
        self._marks[ssrc] = number
        empty = RtpPacket(0, number & 0xFFFF, 0, ssrc, b"").to_bytes()
        try:
            sealed = self._twin.protect(empty)
            if not proved:
                self._opening.unprotect(sealed)
        except pylibsrtp.Error:
            # The number was used by an authentic packet after all, so libsrtp has it already.
            return


class ControlShield:
    """Both sides' keys over what accompanies a stream (SRTCP, RFC 3711 section 3.4)."""

    def __init__(self, suite: str, key: bytes, own_key: bytes) -> None:
        """`key` is theirs and `own_key` ours. Raises ValueError as `Shield`."""
        if suite not in SUITES or not len(key) == len(own_key) == SUITES[suite][1]:
            raise ValueError("no such suite, or a key of another length")
        self._opening = Session(_policy(suite, key, Policy.SSRC_ANY_INBOUND))
        self._sealing = Session(_policy(suite, own_key, Policy.SSRC_ANY_OUTBOUND))

    def opened(self, datagram: bytes) -> bytes | None:
        """The compound packet in a datagram; None for one that is not authentic or was there before."""
        if len(datagram) > _PACKET_BYTES_MAX:
            return None
        try:
            return self._opening.unprotect_rtcp(datagram)
        except pylibsrtp.Error:
            return None

    def sealed(self, packet: bytes) -> bytes:
        """A compound packet of ours as it goes on the wire."""
        return self._sealing.protect_rtcp(packet)


def _policy(suite: str, key: bytes, kind: int) -> Policy:
    return Policy(key=key, ssrc_type=kind, srtp_profile=SUITES[suite][0])
