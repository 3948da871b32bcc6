"""Names the place where a search goes on: opaque to clients, self-contained, and good for one user only (gws-api 13.2).

A cursor says behind which call to go on, not after how many, so it stays right while recordings come and go. It carries
the criteria and no secret: whoever uses it is checked like anybody who searches.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.domain.ids import CallUuid

CURSOR_CHARS_MAX: Final = 500
_TAG_BYTES: Final = 8
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Place = tuple[datetime, CallUuid]
"""A call already seen: its beginning and its id."""

_DECODER = msgspec.json.Decoder(tuple[int, str, dict[str, str]])


def encode(user_name: str, criteria: Mapping[str, str], place: Place) -> str | None:
    """The cursor of this user's search behind this place; None when the criteria are too long to be carried."""
    began, call_uuid = place
    content = msgspec.json.encode(((began - _EPOCH) // _MICROSECOND, call_uuid, dict(criteria)))
    cursor = base64.urlsafe_b64encode(_tag(user_name, content) + content).rstrip(b"=").decode()
    return cursor if len(cursor) <= CURSOR_CHARS_MAX else None


def decode(user_name: str, cursor: str) -> tuple[dict[str, str], Place]:
    """The criteria and the place of a cursor; raises `ParameterInvalid` for one that is not this user's."""
    invalid = ParameterInvalid("cursor")
    if len(cursor) > CURSOR_CHARS_MAX or not cursor.isascii():
        raise invalid
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        tag, content = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        if tag != _tag(user_name, content):
            raise invalid
        microseconds, call_uuid, criteria = _DECODER.decode(content)
        return criteria, (_EPOCH + microseconds * _MICROSECOND, CallUuid(call_uuid))
    except (ValueError, OverflowError, msgspec.DecodeError):
        raise invalid from None


def _tag(user_name: str, content: bytes) -> bytes:
    """Ties a cursor to its user and guards it against slips; it keeps no secret and needs none."""
    return hashlib.blake2s(user_name.encode() + b"\0" + content, digest_size=_TAG_BYTES).digest()
