"""One client id: who it belongs to, what it listens to, and the messages on their way to it.

The acknowledge extension (cometd 1.7): a message stays in the outbox until the client has said that it arrived. Every
connect reply closes a batch and carries its number, 1, 2, 3 …; the next connect names the last batch that arrived,
and everything up to that one is dropped. What was sent but not named is sent again, before anything newer and under
the new reply's number. So a client sees each message once and in order, whatever replies are lost on the way.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from telegraphone.limits import BAYEUX_QUEUE_BYTES_MAX, BAYEUX_QUEUE_MAX
from telegraphone.wire.bayeux.channel import Subscriptions
from telegraphone.wire.bayeux.line import Line, Owner, Transport
from telegraphone.wire.bayeux.message import Message


class Outbox:
    """Encoded messages for one client, at most `BAYEUX_QUEUE_MAX` and `BAYEUX_QUEUE_BYTES_MAX` of them."""

    __slots__ = ("_acks", "_batch", "_batches", "_bytes", "_first", "_messages", "_sent_end")

    def __init__(self, *, acks: bool) -> None:
        self._acks = acks
        self._messages: deque[bytes] = deque()
        self._bytes = 0
        self._first = 0
        """Number of the oldest message kept; messages are numbered from 0 in the order of `put`."""
        self._sent_end = 0
        """Number of the first message never sent."""
        self._batch = 1
        self._batches: deque[tuple[int, int]] = deque()
        """For batches not acknowledged: their number, and the number of the first message after them. A batch that adds
        no message is left out, its predecessor stands for it; so there are never more of these than messages."""

    def __bool__(self) -> bool:
        return bool(self._messages)

    @property
    def unacknowledged(self) -> bool:
        """Whether messages were sent of which the client has not said that they arrived."""
        return self._sent_end > self._first

    def put(self, message: bytes) -> bool:
        """Appends a message; False, and nothing is kept of it, when the outbox is full."""
        if len(self._messages) >= BAYEUX_QUEUE_MAX or self._bytes + len(message) > BAYEUX_QUEUE_BYTES_MAX:
            return False
        self._messages.append(message)
        self._bytes += len(message)
        return True

    def acknowledge(self, batch: int) -> None:
        """The client has received this batch and all before it; a number from the future means everything."""
        end = self._first + len(self._messages) if batch >= self._batch else self._first
        while self._batches and self._batches[0][0] <= batch:
            end = max(end, self._batches.popleft()[1])
        while self._first < end:
            self._drop_oldest()
        self._sent_end = max(self._sent_end, self._first)

    def close_batch(self) -> tuple[list[bytes], int]:
        """All messages, and the number of the batch they make; without acknowledgements they are dropped by this."""
        messages = list(self._messages)
        batch = self._batch
        self._batch += 1
        if not self._acks:
            self._messages.clear()
            self._bytes = 0
            return messages, batch
        self._sent_end = self._first + len(messages)
        if not self._batches or self._batches[-1][1] != self._sent_end:
            self._batches.append((batch, self._sent_end))
        return messages, batch

    def _drop_oldest(self) -> None:
        self._bytes -= len(self._messages.popleft())
        self._first += 1


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
