"""The messages on their way to one client, and which of them are known to have arrived.

Each message has its number among everything that was ever sent to its user: 1, 2, 3 … The acknowledge extension (cometd
1.7): a message stays in the outbox until the client has said that it arrived. Every connect reply carries the number of the
newest message; the next connect names the last number that arrived, and everything up to that one is dropped. What was sent
but not named is sent again, before anything newer. So a client sees each message once and in order, whatever replies are
lost on the way. To clients the number is opaque, they only echo it; that it is the user's and not the client's lets any
holder of the user's messages go on from it.
"""

from collections import deque

from telegraphone.limits import BAYEUX_QUEUE_BYTES_MAX, BAYEUX_QUEUE_MAX


class Outbox:
    """Encoded messages for one client, at most `BAYEUX_QUEUE_MAX` and `BAYEUX_QUEUE_BYTES_MAX` of them."""

    __slots__ = ("_acks", "_bytes", "_messages")

    def __init__(self, *, acks: bool) -> None:
        self._acks = acks
        self._messages: deque[tuple[int, bytes]] = deque()
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._messages)

    def put(self, number: int, message: bytes) -> bool:
        """Appends a message, whose number is above all before it; False, and nothing is kept of it, when there is no room."""
        if len(self._messages) >= BAYEUX_QUEUE_MAX or self._bytes + len(message) > BAYEUX_QUEUE_BYTES_MAX:
            return False
        self._messages.append((number, message))
        self._bytes += len(message)
        return True

    def acknowledge(self, number: int) -> None:
        """The client has received this message and all before it; a number from the future means everything."""
        while self._messages and self._messages[0][0] <= number:
            self._bytes -= len(self._messages.popleft()[1])

    def take(self) -> list[bytes]:
        """All messages, in order; without acknowledgements they are dropped by this."""
        messages = [message for _, message in self._messages]
        if not self._acks:
            self.clear()
        return messages

    def clear(self) -> None:
        """Drops everything, received or not."""
        self._messages.clear()
        self._bytes = 0
