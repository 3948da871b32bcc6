"""The names by which calls, legs and recordings are known, and how they are made from entropy given by the caller."""

import re
from typing import Final, NewType

CallUuid = NewType("CallUuid", str)
"""32 characters out of 0-9A-Z, never used twice (gws-api 2)."""

ConnId = NewType("ConnId", str)
"""16 lower-case hex digits: the connection id by which 8.5.1 clients name a call (gws-api 2)."""

LegId = NewType("LegId", str)
"""One party's way into a call; opaque, unique over the life of the program."""

RecordingId = NewType("RecordingId", str)
"""UUID of one media file: one part of a call, from a Start to its end."""

Dn = NewType("Dn", str)
"""Directory number: the number by which a device is dialled."""

DEFAULT_TENANT: Final = "default"
"""The only tenant (contact centre) of an installation that names none."""

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CALL_UUID_LENGTH: Final = 32
CALL_UUID_ENTROPY_BYTES: Final = 24
CONN_ID_ENTROPY_BYTES: Final = 8

_CONN_ID = re.compile(r"[0-9a-fA-F]{16}")
_CALL_UUID = re.compile(r"[0-9A-Z]{32}")


def call_uuid(entropy: bytes) -> CallUuid:
    """A call UUID from 24 random bytes: their base-36 digits, the last 32 of them."""
    assert len(entropy) == CALL_UUID_ENTROPY_BYTES
    number = int.from_bytes(entropy, "big")
    digits = []
    for _ in range(_CALL_UUID_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return CallUuid("".join(reversed(digits)))


def may_be_call_uuid(text: str) -> bool:
    """Whether a name that somebody else gave a call has the form of a call UUID."""
    return _CALL_UUID.fullmatch(text) is not None


def conn_id(entropy: bytes) -> ConnId:
    """A connection id from 8 random bytes."""
    assert len(entropy) == CONN_ID_ENTROPY_BYTES
    return ConnId(entropy.hex())


def is_conn_id(reference: str) -> bool:
    """Whether a client's call reference is a connection id; everything else is read as a call UUID (gws-api 2)."""
    return _CONN_ID.fullmatch(reference) is not None
