"""Encrypted streams: only what is authentic comes through, and nothing else changes anything (fault F22)."""

import pytest
from pylibsrtp import Policy, Session

from telegraphone.capture.srtp import SUITES, Shield
from telegraphone.wire.rtp.packet import RtpPacket, read_packet

SSRC = 0x5EED
SUITE = "AES_CM_128_HMAC_SHA1_80"


def key(suite: str = SUITE, first: int = 1) -> bytes:
    return bytes(range(first, first + SUITES[suite][1]))


class Sender:
    """A peer with this key."""

    def __init__(self, suite: str = SUITE, first: int = 1) -> None:
        self._session = Session(Policy(key(suite, first), Policy.SSRC_ANY_OUTBOUND, 0, SUITES[suite][0]))

    def packet(self, number: int, payload: bytes = b"\x55" * 160) -> bytes:
        return self._session.protect(RtpPacket(8, number & 0xFFFF, 160 * number & 0xFFFFFFFF, SSRC, payload).to_bytes())


def plain(number: int) -> RtpPacket:
    return RtpPacket(8, number & 0xFFFF, 160 * number & 0xFFFFFFFF, SSRC, b"\x55" * 160)


@pytest.mark.parametrize("suite", SUITES)
def test_every_suite_opens(suite: str) -> None:
    shield, sender = Shield(suite, key(suite)), Sender(suite)
    for number in range(10):
        opened = shield.opened(sender.packet(number))
        assert opened is not None
        assert read_packet(opened) == plain(number)


def test_what_is_not_authentic_changes_nothing() -> None:
    shield, sender, stranger = Shield(SUITE, key()), Sender(), Sender(first=9)
    assert shield.opened(sender.packet(100)) is not None
    bad = bytearray(sender.packet(101))
    bad[-1] ^= 1
    assert shield.opened(bytes(bad)) is None
    assert shield.opened(stranger.packet(40_000)) is None
    assert shield.opened(plain(102).to_bytes()) is None
    assert shield.opened(b"") is shield.opened(b"x" * 2_000) is None
    good = sender.packet(102)
    assert shield.opened(good) is not None
    assert shield.opened(good) is None, "a replay"


def test_cycles_of_the_sequence_number() -> None:
    shield, sender = Shield(SUITE, key()), Sender()
    for number in range(65_000, 200_000, 900):
        assert shield.opened(sender.packet(number)) is not None, number


def test_a_pause_of_many_cycles_is_followed_by_its_headers() -> None:
    shield, sender = Shield(SUITE, key()), Sender()
    assert shield.opened(sender.packet(60_000)) is not None
    for number in range(60_001, 300_000):
        if number % 1_000 == 0:
            sender.packet(number)
        shield.passed(plain(number))
    assert shield.opened(sender.packet(300_000)) is not None


def test_a_lone_header_from_far_away_moves_nothing() -> None:
    shield, sender = Shield(SUITE, key()), Sender()
    assert shield.opened(sender.packet(1_000)) is not None
    for number in (33_000, 40_000, 60_000):
        shield.passed(plain(number))
    assert shield.opened(sender.packet(1_001)) is not None


def test_keys_that_fit_no_suite() -> None:
    with pytest.raises(ValueError, match="suite"):
        Shield("AES_CM_128_HMAC_SHA1_80", b"short")
    with pytest.raises(ValueError, match="suite"):
        Shield("NULL", b"")
