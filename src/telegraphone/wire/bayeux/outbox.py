"""The messages on their way to one client, and which of them are known to have arrived.

The acknowledge extension (cometd 1.7): a message stays in the outbox until the client has said that it arrived. Every
connect reply closes a batch and carries its number, 1, 2, 3 …; the next connect names the last batch that arrived,
and everything up to that one is dropped. What was sent but not named is sent again, before anything newer and under
the new reply's number. So a client sees each message once and in order, whatever replies are lost on the way.
"""

from collections import deque

from telegraphone.limits import BAYEUX_QUEUE_BYTES_MAX, BAYEUX_QUEUE_MAX


class Outbox:
    """Encoded messages for one client, at most `BAYEUX_QUEUE_MAX` and `BAYEUX_QUEUE_BYTES_MAX` of them."""

    __slots__ = ("_acks", "_batch", "_batches", "_bytes", "_first", "_messages")

    def __init__(self, *, acks: bool) -> None:
        self._acks = acks
        self._messages: deque[bytes] = deque()
        self._bytes = 0
        self._first = 0
        """Number of the oldest message kept; messages are numbered from 0 in the order of `put`."""
        self._batch = 1
        self._batches: deque[tuple[int, int]] = deque()
        """For batches not acknowledged: their number, and the number of the first message after them. A batch that adds
        no message is left out, its predecessor stands for it; so there are never more of these than messages."""

    def __bool__(self) -> bool:
        return bool(self._messages)

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

    def close_batch(self) -> tuple[list[bytes], int]:
        """All messages, and the number of the batch they make; without acknowledgements they are dropped by this."""
        messages = list(self._messages)
        batch = self._batch
        self._batch += 1
        if not self._acks:
            self._messages.clear()
            self._bytes = 0
            return messages, batch
        end = self._first + len(messages)
        if not self._batches or self._batches[-1][1] != end:
            self._batches.append((batch, end))
        return messages, batch

    def clear(self) -> None:
        """Drops everything, received or not."""
        self.acknowledge(self._batch)

    def _drop_oldest(self) -> None:
        self._bytes -= len(self._messages.popleft())
        self._first += 1
