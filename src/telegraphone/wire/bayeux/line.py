"""What the engine writes to: one HTTP request, answered once, or one WebSocket, written to as long as it is open."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telegraphone.wire.bayeux.session import Session


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
        self.due: list[Session] = []
        self.sessions: set[Session] = set()
        self.stirred = False
        self.whole = transport is Transport.LONG_POLLING

    @property
    def pending(self) -> bool:
        """Whether there is something to write or to end."""
        return bool(self.replies or self.messages or self.due or self.overtaken or self.closing)
