"""Keys are taken where they can be used, and shown nowhere."""

import pytest

from telegraphone.wire.siprec.keys import KEY_BYTES, OWN_KEY_BYTES, StreamKey, usable_key

INLINE = "inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e"
GOOD = f"1 AES_CM_128_HMAC_SHA1_80 {INLINE}"


@pytest.mark.parametrize("more", ["", "|2^20", "|1048576"])
def test_a_plain_line(more: str) -> None:
    key = usable_key([GOOD + more])
    assert key == StreamKey("1", "AES_CM_128_HMAC_SHA1_80", bytes(range(1, 31)))
    assert "1, 2" not in repr(key)
    assert "AQID" not in repr(key)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1",
        f"x AES_CM_128_HMAC_SHA1_80 {INLINE}",
        f"1 F8_128_HMAC_SHA1_80 {INLINE}",
        f"1 AEAD_AES_256_GCM {INLINE}",
        "1 AES_CM_128_HMAC_SHA1_80 inline:not!base64",
        "1 AES_CM_128_HMAC_SHA1_80 prompt:me",
        f"{GOOD}|2^20|1:4",
        f"{GOOD} UNENCRYPTED_SRTP",
    ],
)
def test_a_line_that_cannot_be_used_is_passed_over(line: str) -> None:
    assert usable_key([line]) is None
    assert usable_key([line, GOOD]) is not None


@pytest.mark.parametrize("suite", KEY_BYTES)
def test_our_own_key(suite: str) -> None:
    theirs = StreamKey("7", suite, bytes(KEY_BYTES[suite]))
    ours, next_line = (theirs.answered_with(bytes(range(OWN_KEY_BYTES)), index) for index in (0, 1))
    assert (ours.tag, ours.suite, len(ours.master)) == ("7", suite, KEY_BYTES[suite])
    assert usable_key([ours.line()]) == ours
    assert ours.master != next_line.master
    assert theirs.answered_with(bytes(range(OWN_KEY_BYTES)), 0) == ours
