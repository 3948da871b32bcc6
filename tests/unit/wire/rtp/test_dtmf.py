"""Key presses in RTP, and that they do not show in a log."""

import pytest

from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.rtp.dtmf import KEYS, TelephoneEvent, read_event


def test_each_key_is_written_and_read() -> None:
    for code in range(len(KEYS)):
        event = TelephoneEvent(code, 1_600, 12, end=bool(code % 2))
        assert read_event(event.to_bytes()) == event


def test_the_key_is_not_shown() -> None:
    assert "code" not in repr(TelephoneEvent(7, 160))


def test_too_short_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        read_event(b"\x01\x0a\x00")
