"""The running notification server: the Bayeux engine with a clock, and somebody to call when it has something to say."""

import asyncio
import secrets
from collections.abc import Callable

from telegraphone.wire.bayeux import BayeuxServer, Line, Owner, Transport

_ALIASES = {"/v2/me/calls": ("/notifications/me/calls",)}
"""gws-api 10.1: the topic's name in the vendor's prose, beside the one that everybody uses."""

_CLIENT_ID_BYTES = 20
"""160 random bits: an id cannot be guessed, and none is made twice."""


def _new_client_id() -> str:
    return secrets.token_urlsafe(_CLIENT_ID_BYTES)


class Notifications:
    """Tells each user's clients what is published for that user, in the order of publishing.

    Everything here runs on one event loop and is called from it only. `start` once inside the loop; `close` before the
    web server stops taking care of its connections, so that held requests are answered and clients come back soon.

    Who opens a line gives it a `keeper`, which is called soon after there is something to send on it: not at once, so that
    whoever publishes never waits for a socket, and what is published in one go is sent in one go.
    """

    def __init__(self, *, websocket: bool = True, client_ids: Callable[[], str] = _new_client_id) -> None:
        self.websocket = websocket
        transports = [transport for transport in Transport if websocket or transport is not Transport.WEBSOCKET]
        self._engine = BayeuxServer(client_ids, aliases=_ALIASES, transports=transports)
        self._keepers: dict[Line, Callable[[], None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for = 0.0  # when the timer fires; uvloop's own does not tell where that is now
        self._calling = False
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Binds to the running event loop, whose clock is used from now on."""
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """Answers every held connect with the advice to handshake again, and refuses new clients."""
        self._closed = True
        self._engine.shutdown()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._call_keepers()

    def publish(self, user_name: str, channel: str, payload: bytes) -> None:
        """Sends `payload`, JSON that is used as it is, to all clients of the user; never waits and never fails."""
        self._engine.deliver(user_name, channel, payload)
        self._wake()

    def end_sign_in(self, user_name: str, sign_in_id: str) -> None:
        """The sign-in is over: its clients must handshake again, under another one, and its sockets are closed."""
        self._engine.end_sign_in(Owner(user_name, sign_in_id))
        self._wake()

    def open_line(self, owner: Owner, transport: Transport, keeper: Callable[[], None]) -> Line:
        """A request or socket begins; raises `RemoteProtocolError` when the user has too many sockets."""
        line = self._engine.open_line(owner, transport)
        self._keepers[line] = keeper
        return line

    def receive(self, line: Line, body: bytes) -> None:
        """Obeys a request or frame; raises `RemoteProtocolError` when it is no Bayeux."""
        self._engine.receive(line, body, self._now())
        self._wake()

    def take(self, line: Line) -> list[bytes]:
        """What is to be sent now: the frames of a socket, or at most one body; then it is the caller's to deliver."""
        frames = self._engine.data_to_send(line, self._now())
        self._arm()
        return frames

    def close_line(self, line: Line) -> None:
        """The request is over or the socket is closed."""
        self._keepers.pop(line, None)
        self._engine.close_line(line, self._now())
        self._arm()

    def _now(self) -> float:
        assert self._loop is not None, "start() comes first"
        return self._loop.time()

    def _wake(self) -> None:
        if self._engine.has_events and not self._calling:
            assert self._loop is not None, "start() comes first"
            self._calling = True
            self._loop.call_soon(self._call_keepers)
        self._arm()

    def _call_keepers(self) -> None:
        self._calling = False
        for line in self._engine.events():
            keeper = self._keepers.get(line)
            if keeper is not None:
                keeper()

    def _arm(self) -> None:
        """Sees to it that the engine is called when it wants to be."""
        deadline = self._engine.next_deadline()
        if deadline is None or self._closed or (self._timer is not None and self._armed_for <= deadline):
            return
        assert self._loop is not None, "start() comes first"
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._armed_for = self._loop.call_at(deadline, self._on_deadline, deadline), deadline

    def _on_deadline(self, deadline: float) -> None:
        self._timer = None
        # A timer may fire a moment before its time, by the grain of the loop's clock.
        self._engine.on_deadline(max(deadline, self._now()))
        self._wake()
