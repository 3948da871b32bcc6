"""Key presses in RTP (RFC 4733 section 2.3), so that a phone can send them and a relay can tell them from audio.

Digits may be card data: an event's `repr` does not show which key it was, and nothing here ever logs.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

from telegraphone.wire.errors import RemoteProtocolError

KEYS: Final = "0123456789*#ABCD"
"""Event codes 0 … 15 in order (RFC 4733 section 3.2)."""

_EVENT = struct.Struct(">BBH")


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """One report of a key: `code` 0 … 255, attenuation `volume` 0 … 63 in −dBm0, `duration_samples` since the key went
    down, and whether it is up again (`end`)."""

    code: int = field(repr=False)
    duration_samples: int
    volume: int = 10
    end: bool = False

    def to_bytes(self) -> bytes:
        """The four bytes of payload."""
        return _EVENT.pack(self.code, (0x80 if self.end else 0) | self.volume & 0x3F, self.duration_samples)


def read_event(payload: bytes) -> TelephoneEvent:
    """The first event of a payload. Raises RemoteProtocolError for one too short."""
    if len(payload) < _EVENT.size:
        raise RemoteProtocolError("shorter than a telephone event", status=None)
    code, flags, duration = _EVENT.unpack_from(payload)
    return TelephoneEvent(code, duration, flags & 0x3F, bool(flags & 0x80))
