"""Bayeux messages as JSON: what a client sent, checked, and what the server answers, encoded.

Clients send an array of messages or one bare message; the server always answers with an array that is not empty.
What cannot be read at all is a `RemoteProtocolError` whose `status` is the HTTP status of the CometD 3.1 servers
(400: no JSON; 500: JSON that is no Bayeux); everything else is answered by a message with an `error`, in the words of
that generation.
"""

from collections.abc import Iterable
from typing import Any, Final, TypeGuard
from urllib.parse import parse_qs

import msgspec

from telegraphone.limits import BAYEUX_BODY_BYTES_MAX, BAYEUX_MESSAGE_ID_CHARS_MAX
from telegraphone.wire.bayeux.channel import HANDSHAKE, is_channel
from telegraphone.wire.errors import RemoteProtocolError

UNKNOWN_CLIENT: Final = "402::Unknown client"
HANDSHAKE_DENIED: Final = "403::Handshake denied"
SUBSCRIBE_DENIED: Final = "403:denied_by_security_policy:subscribe_denied"
SUBSCRIPTION_MISSING: Final = "403::subscription_missing"
SUBSCRIPTION_INVALID: Final = "403::subscription_invalid"
CHANNEL_MISSING: Final = "400::channel_missing"
PUBLISH_DENIED: Final = "403:denied_by_security_policy:publish denied"
CREATE_DENIED: Final = "403:denied_by_security_policy:create denied"

_WHITE_SPACE = b" \t\r\n"
_FORM_FIELD = b"message="


class Message(msgspec.Struct, rename="camel"):
    """One message of a client. Only `channel` and `id` have been checked: other fields hold whatever was sent."""

    channel: str
    id: str | None
    client_id: Any
    subscription: Any
    advice: Any
    ext: Any

    @property
    def timeout_s(self) -> float | None:
        """How long the client wants its connect held (`advice.timeout`, in ms on the wire); None: as the server likes."""
        timeout_ms = self.advice.get("timeout") if isinstance(self.advice, dict) else None
        if not _is_number(timeout_ms) or timeout_ms < 0:
            return None
        return float(min(timeout_ms, 2**31)) / 1000

    @property
    def ack(self) -> object:
        """The acknowledge extension's field: in a handshake whether to use it, in a connect the last number received."""
        return self.ext.get("ack") if isinstance(self.ext, dict) else None

    @property
    def wants_acks(self) -> bool:
        """Whether a handshake asks for acknowledged messages."""
        return self.ack is True or (isinstance(self.ack, dict) and self.ack.get("enabled") is True)

    @property
    def acked(self) -> int | None:
        """The last number the client says it received; None when it says nothing."""
        return self.ack if isinstance(self.ack, int) and not isinstance(self.ack, bool) else None


class _Sent(msgspec.Struct, rename="camel"):
    """A message as it comes: every field may be missing or of any type."""

    channel: Any = None
    id: Any = None
    client_id: Any = None
    subscription: Any = None
    advice: Any = None
    ext: Any = None


_ONE = msgspec.json.Decoder(_Sent)
_MANY = msgspec.json.Decoder(list[_Sent])
_ENCODER = msgspec.json.Encoder()


def read_messages(body: bytes) -> list[Message]:
    """Reads the body of a request or frame; raises `RemoteProtocolError` when any part of it is no Bayeux.

    Either all messages are good or none is returned, so that half a request is never obeyed.
    """
    if len(body) > BAYEUX_BODY_BYTES_MAX:
        raise RemoteProtocolError("too large", status=413)
    sent = [part for text in _texts(body) for part in _decode(text)]
    if not sent:
        raise RemoteProtocolError("no message", status=500)
    messages = [_checked(part) for part in sent]
    if len(messages) > 1 and any(message.channel == HANDSHAKE for message in messages):
        raise RemoteProtocolError("a handshake must be alone in its request", status=500)
    return messages


def _texts(body: bytes) -> list[bytes]:
    """The JSON texts of a body: itself, or the `message` fields of a form (Bayeux 1.0 section 3.1, old dojox)."""
    if not body.lstrip(_WHITE_SPACE).startswith(_FORM_FIELD):
        return [body]
    try:
        fields = parse_qs(body.decode("ascii").strip(), max_num_fields=100)
    except ValueError as error:
        raise RemoteProtocolError("no form", status=400) from error
    return [text.encode() for text in fields.get("message", [])]


def _decode(text: bytes) -> list[_Sent]:
    try:
        if text.lstrip(_WHITE_SPACE).startswith(b"{"):
            return [_ONE.decode(text)]
        return _MANY.decode(text)
    except (ValueError, RecursionError) as error:
        raise RemoteProtocolError("no JSON array of messages", status=400) from error


def _checked(sent: _Sent) -> Message:
    if not is_channel(sent.channel):
        raise RemoteProtocolError("no or illegal channel", status=500)
    return Message(sent.channel, _read_id(sent.id), sent.client_id, sent.subscription, sent.advice, sent.ext)


def _read_id(value: object) -> str | None:
    """A message id as text: numbers are accepted and become strings, as the reference has it."""
    if isinstance(value, str) and len(value) <= BAYEUX_MESSAGE_ID_CHARS_MAX:
        return value
    if _is_number(value) and -(2**63) <= value < 2**64:
        return str(value)
    if value is None:
        return None
    raise RemoteProtocolError("illegal message id", status=500)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def encode_event(channel: str, data: bytes) -> bytes:
    """A message to a subscriber; `data` is JSON already and is taken as it is, so that it is encoded once for everybody."""
    return b'{"channel":%b,"data":%b}' % (_ENCODER.encode(channel), data)


def encode_reply(message: Message, fields: dict[str, object]) -> bytes:
    """The answer to a message: its channel, its id if it has one, and the given fields."""
    reply: dict[str, object] = {"channel": message.channel, **fields}
    if message.id is not None:
        reply["id"] = message.id
    return _ENCODER.encode(reply)


def pack(messages: Iterable[bytes]) -> bytes:
    """Encoded messages as one response body or frame."""
    return b"[%b]" % b",".join(messages)
