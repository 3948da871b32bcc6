"""Stands between a node and an Asterisk: requests pass as they are, events are lost, doubled, late, or cut off."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.interop.asterisk.server import Asterisk
from tests.interop.system import HOST, free_port

Event = dict[str, Any]


class FaultProxy:
    """One port for both, as Asterisk has it. What is set here holds for events that come from now on."""

    def __init__(self, server: Asterisk) -> None:
        self._server = server
        self._events_port = free_port()
        self.port = free_port()
        self.doubled = False
        self.late_s = 0.0
        self.loses: Callable[[Event], bool] = lambda _: False
        self.refuses = False
        """Whether no events connection is to be had; requests pass."""
        self.seen: list[Event] = []
        """What Asterisk has told, whatever became of it."""
        self._sockets: set[ServerConnection] = set()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def cut(self) -> None:
        """Ends the events connection, and lets no other be made until `refuses` is taken back."""
        self.refuses = True
        for each in tuple(self._sockets):
            each.transport.abort()

    async def events(self, socket: ServerConnection) -> None:
        """One events connection: what Asterisk tells, with its faults."""
        assert socket.request is not None
        url = f"ws://{HOST}:{self._server.ari_port}{socket.request.path}"
        authorization = {"Authorization": socket.request.headers["Authorization"]}
        self._sockets.add(socket)
        try:
            async with connect(url, additional_headers=authorization, proxy=None) as asterisk, asyncio.TaskGroup() as tasks:
                ended = tasks.create_task(self._until_closed(socket, asterisk))
                async for message in asterisk:
                    tasks.create_task(self._pass_on(socket, message))
                ended.cancel()
        except (OSError, websockets.WebSocketException):
            pass
        finally:
            self._sockets.discard(socket)

    @staticmethod
    async def _until_closed(socket: ServerConnection, asterisk: websockets.asyncio.client.ClientConnection) -> None:
        await socket.wait_closed()
        await asterisk.close()

    async def _pass_on(self, socket: ServerConnection, message: str | bytes) -> None:
        event = json.loads(message)
        self.seen.append(event)
        if self.loses(event):
            return
        await asyncio.sleep(self.late_s)
        with suppress(websockets.ConnectionClosed):
            await socket.send(message)
            if self.doubled:
                await asyncio.sleep(0.01)
                await socket.send(message)

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection to the one port: its first line says whether it is for events."""
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n")
            events = b"/ari/events" in head
            if not (events and self.refuses):
                port = self._events_port if events else self._server.ari_port
                there_reader, there_writer = await asyncio.open_connection(HOST, port)
                there_writer.write(head)
                await asyncio.wait(
                    [asyncio.create_task(_copy(reader, there_writer)), asyncio.create_task(_copy(there_reader, writer))],
                    return_when=asyncio.FIRST_COMPLETED,
                )
                there_writer.close()
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def fault_proxy(server: Asterisk) -> AsyncIterator[FaultProxy]:
    """A proxy that stands until the block ends."""
    proxy = FaultProxy(server)
    async with serve(proxy.events, HOST, proxy._events_port, ping_interval=None):
        front = await asyncio.start_server(proxy.connection, HOST, proxy.port)
        try:
            yield proxy
        finally:
            front.close()
            await proxy.cut()
