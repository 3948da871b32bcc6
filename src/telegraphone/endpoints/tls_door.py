"""Takes connections at a listening socket and agrees on keys with each, so many at a time (TLS).

Theory. Who has connected and not agreed on keys yet costs a quarter of a megabyte and proves nothing, so there must be a bound;
and who is never going to must not keep others out by it (fault F28). Who means it is done within some tens of milliseconds. So
where the room is full, the one who has had it longest leaves it to who has just come.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from telegraphone.limits import SIP_HANDSHAKE_S, SIP_HANDSHAKES_MAX

_BATCH: Final = 32
"""Connections taken in one go: those who have begun get their turn in between, or a crowd would push itself out."""
_REST_S: Final = 1.0
"""How long none are taken when the system has no more descriptors."""


class TlsDoor:
    """Open as soon as it is made, until `close`. Who has agreed on keys goes on as a `connection`."""

    def __init__(self, listening: socket.socket, context: ssl.SSLContext, connection: Callable[[], asyncio.Protocol]) -> None:
        """Takes the listening socket over."""
        self._listening = listening
        self._context = context
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._shaking: dict[asyncio.Task[None], None] = {}
        """Handshakes under way, the oldest first."""
        self._rest: asyncio.TimerHandle | None = None
        self._open()

    async def close(self) -> None:
        """Takes nobody in any more, and lets go of those who are no further."""
        if self._rest is not None:
            self._rest.cancel()
        self._loop.remove_reader(self._listening.fileno())
        self._listening.close()
        # A task that has not begun would not let go of its socket.
        await asyncio.sleep(0)
        for task in self._shaking:
            task.cancel()
        await asyncio.gather(*self._shaking, return_exceptions=True)

    def _open(self) -> None:
        self._loop.add_reader(self._listening.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(_BATCH):
            try:
                accepted, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                self._loop.remove_reader(self._listening.fileno())
                self._rest = self._loop.call_later(_REST_S, self._open)
                return
            accepted.setblocking(False)
            if len(self._shaking) >= SIP_HANDSHAKES_MAX:
                oldest = next(iter(self._shaking))
                del self._shaking[oldest]
                oldest.cancel()
            task = self._loop.create_task(self._shake_hands(accepted))
            self._shaking[task] = None
            task.add_done_callback(self._shaken)

    def _shaken(self, task: asyncio.Task[None]) -> None:
        self._shaking.pop(task, None)

    async def _shake_hands(self, accepted: socket.socket) -> None:
        # Whom it fails with is let go of already.
        with suppress(OSError):
            await self._loop.connect_accepted_socket(
                self._connection,
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=SIP_HANDSHAKE_S,
                ssl_shutdown_timeout=SIP_HANDSHAKE_S,
            )
