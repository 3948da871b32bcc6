"""Client ids and the lines they are reached by: who each belongs to, what it listens to, what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from telegraphone.wire.bayeux.channel import Subscriptions
from telegraphone.wire.bayeux.message import Message
from telegraphone.wire.bayeux.outbox import Outbox


class Transport(Enum):
    """How a client reaches the server; the values are Bayeux's names, in the order in which they are offered."""

    WEBSOCKET = "websocket"
    LONG_POLLING = "long-polling"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a client id belongs to: the user, and the one HTTP sign-in it was made under."""

    user: str
    sign_in: str


class Line:
    """One request or socket of an owner, made by `BayeuxServer.open_line`.

    Its maker reads two marks: `overtaken` (a newer connect took this request's place: end it with the HTTP status 500
    and no body, as the reference does) and `closing` (the sign-in has ended: write what there is, then close).
    """

    __slots__ = ("closing", "due", "messages", "overtaken", "owner", "replies", "sessions", "stirred", "transport", "whole")

    def __init__(self, owner: Owner, transport: Transport) -> None:
        self.owner = owner
        self.transport = transport
        self.overtaken = False
        self.closing = False
        self.messages: list[bytes] = []
        self.replies: list[bytes] = []
        self.due: dict[Session, None] = {}
        self.sessions: set[Session] = set()
        self.stirred = False
        self.whole = transport is Transport.LONG_POLLING

    @property
    def pending(self) -> bool:
        """Whether there is something to write or to end."""
        return bool(self.replies or self.messages or self.due or self.overtaken or self.closing)


@dataclass(slots=True)
class Held:
    """A connect that has not been answered."""

    line: Line
    message: Message
    fields: dict[str, object]
    """What its answer will say."""
    released: bool = False
    """It is to be answered as soon as its line asks for output."""


class Session:
    """A client id between its handshake and its end."""

    __slots__ = ("acks", "client_id", "connected", "heard_at", "held", "line", "outbox", "owner", "subscriptions", "transport")

    def __init__(self, client_id: str, line: Line, *, acks: bool, now: float) -> None:
        self.client_id = client_id
        self.owner: Owner = line.owner
        self.acks = acks
        self.transport: Transport = line.transport
        self.subscriptions = Subscriptions()
        self.outbox = Outbox(acks=acks)
        self.connected = False
        self.held: Held | None = None
        self.line: Line | None = None
        """The WebSocket its messages are pushed to."""
        self.heard_at = now
