"""The notification server under a real web server, and real CometD clients, each in a process of its own."""

import asyncio
import base64
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from telegraphone.web.cometd import Cometd, CometdWebSocket, Notifications, ShortWay, SignedIn, http_connections

HOST = "127.0.0.1"
PATIENCE_S = 25.0
CALLS = "/v2/me/calls"
HERE = Path(__file__).parent
PROGRAMS = {"cometd-jquery": "jquery.mjs", "faye": "faye.mjs", "aiocometd": "aio_client.py"}
"""Which program drives a library; all others are versions of the CometD JavaScript client in client.mjs."""

Fact = dict[str, Any]


class Doorman:
    """Lets in everybody who gives a name by Basic authentication."""

    async def __call__(self, connection: HTTPConnection) -> SignedIn | Response:
        kind, _, word = connection.headers.get("authorization", "").partition(" ")
        if kind != "Basic":
            return JSONResponse({"statusCode": 20, "statusMessage": "Access denied"}, 403)
        user = base64.b64decode(word).decode().partition(":")[0]
        return SignedIn(user, f"{user}-1")

    def again(self, who: SignedIn) -> bool:
        return True


@asynccontextmanager
async def serving(port: int) -> AsyncIterator[Notifications]:
    """A notification server, until the block ends; then it goes down as the product does: clients are told first."""
    notifications, doorman = Notifications(), Doorman()
    notifications.start()
    config = uvicorn.Config(
        Cometd(notifications, doorman),
        http=http_connections(ShortWay(notifications, doorman, lambda _: ())),
        ws=CometdWebSocket,
        host=HOST,
        port=port,
        lifespan="off",
        log_level="error",
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE_S):
        while not server.started:
            assert not task.done()
            await asyncio.sleep(0.01)
    try:
        yield notifications
    finally:
        notifications.close()
        server.should_exit = True
        await task


class Desktop:
    """A client; `facts` is all it has heard, in order."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._changed = asyncio.Event()
        self.facts: list[Fact] = []

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.facts.append(json.loads(line))
            self._changed.set()

    def do(self, verb: str, **fields: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": verb, **fields}).encode() + b"\n")

    async def until(self, condition: Callable[[list[Fact]], bool]) -> None:
        """Waits until what was heard meets the condition."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition(self.facts):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"not in time: {self.facts[-20:]}") from None

    async def met(self, meta: str, times: int = 1, **fields: Any) -> None:
        """Waits until so many replies of this kind have come."""
        await self.until(lambda facts: len(replies(facts, meta, **fields)) >= times)

    def heard(self, by: str = CALLS) -> list[Any]:
        """The data of the messages that one subscription was given; the library gives `/**` its own replies too."""
        return [fact["data"] for fact in self.facts if fact.get("by") == by and "data" in fact]


def replies(facts: list[Fact], meta: str, **fields: Any) -> list[Fact]:
    return [fact for fact in facts if fact.get("meta") == meta and all(fact[name] == fields[name] for name in fields)]


@asynccontextmanager
async def desktop(port: int, **options: Any) -> AsyncIterator[Desktop]:
    """A client in a process of its own; it ends with the block. `library` is a name of PROGRAMS or an npm package."""
    options = {"url": f"http://{HOST}:{port}/api/v2/notifications", "user": "kate", "subscriptions": [CALLS], **options}
    program = HERE / PROGRAMS.get(options["library"], "client.mjs")
    runner = sys.executable if program.suffix == ".py" else "node"
    process = await asyncio.create_subprocess_exec(runner, str(program), json.dumps(options), stdin=PIPE, stdout=PIPE)
    client = Desktop(process)
    listener = asyncio.create_task(client.listen())
    try:
        await client.until(bool)
        yield client
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await listener
