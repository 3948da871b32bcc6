"""A network between clients and the server that can fail as networks do: cut, stall, delay, and say things twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from tests.seeds import chance

HOST = "127.0.0.1"


Doubles = Literal["before", "after"]
"""What is said twice comes by another connection, whose answers nobody hears, before or after it comes by the first."""


class BadNetwork:
    """A TCP relay. Delays are drawn from the seed of the run, so that a failure can be seen again."""

    def __init__(self, target: int, *, delay_s: float = 0.0, doubles: Doubles | None = None) -> None:
        self._target = target
        self._delay_s = delay_s
        self._doubles = doubles
        self._random = chance("network")
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.cuts = 0
        self.doubled = 0

    def cut(self) -> None:
        """All connections break, whatever is on its way in them."""
        self.cuts += len(self._writers)
        for writer in self._writers:
            writer.transport.abort()

    def stall(self) -> None:
        """Nothing moves until `go_on`."""
        self._flowing.clear()

    def go_on(self) -> None:
        self._flowing.set()

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client; where the network doubles, a second one to the server says the same."""
        try:
            far = [await asyncio.open_connection(HOST, self._target) for _ in range(2 if self._doubles else 1)]
        except OSError:
            writer.close()
            return
        said = [far_writer for _, far_writer in far]
        ends = {writer, *said}
        self._writers |= ends
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._copy(reader, *(said[::-1] if self._doubles == "before" else said)))
                tasks.create_task(self._copy(far[0][0], writer))
                for unheard, _ in far[1:]:
                    tasks.create_task(self._copy(unheard))
        except* OSError:
            pass
        finally:
            self._writers -= ends
            for end in ends:
                end.close()

    async def _copy(self, reader: asyncio.StreamReader, *writers: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            for writer in writers:
                if self._delay_s:
                    await asyncio.sleep(self._random.uniform(0.0, self._delay_s))
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
            self.doubled += len(writers) > 1
        for writer in writers:
            writer.close()


@asynccontextmanager
async def bad_network(
    target: int, *, delay_s: float = 0.0, doubles: Doubles | None = None
) -> AsyncIterator[tuple[BadNetwork, int]]:
    """A relay to the target, and the port it listens on."""
    network = BadNetwork(target, delay_s=delay_s, doubles=doubles)
    server = await asyncio.start_server(network.relay, HOST, 0)
    try:
        yield network, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        network.go_on()
        network.cut()
