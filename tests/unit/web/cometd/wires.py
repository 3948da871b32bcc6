"""Connections to the CometD endpoint as the web server keeps them, with memory in place of the network."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from telegraphone.web.cometd import CometdWebSocket, ShortWay, http_connections
from tests.unit.web.cometd.visits import Site

PATH = "/api/v2/notifications"
_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n")
TURNS = 100_000
Answer = tuple[int, dict[str, str], Any]


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what comes by itself within some turns of the event loop."""
    for _ in range(TURNS):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("not in time")


class Pipe(asyncio.Transport):
    """What the server writes; `full` is a client that does not read."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closed = False
        self.aborted = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def write(self, data: Any) -> None:
        assert not self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol


class Server:
    """The web server of a site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        way = ShortWay(
            site.notifications, site.doorman, lambda headers: [("vary", "Origin"), ("x-from", headers.get("origin", ""))]
        )
        self.config = uvicorn.Config(
            site.app, http=http_connections(way), ws=CometdWebSocket, lifespan="off", log_config=None, ws_ping_interval=None
        )
        self.config.load()
        self.state = ServerState()

    def connect(self) -> "Wire":
        return Wire(self)


class Wire:
    """One connection of a client."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.pipe = Pipe()
        make: Any = server.config.http_protocol_class
        self.protocol = make(config=server.config, server_state=server.state, app_state={})
        self.pipe.protocol = self.protocol
        self.protocol.connection_made(self.pipe)

    def feed(self, data: bytes) -> None:
        protocol: Any = self.pipe.protocol
        protocol.data_received(data)

    def post(self, *messages: dict[str, Any], **fields: str) -> None:
        self.feed(request(json.dumps(messages).encode(), **fields))

    def lose(self) -> None:
        self.pipe.closed = True
        protocol: Any = self.pipe.protocol
        protocol.connection_lost(None)

    async def answer(self) -> Answer:
        """The next answer, taken off the wire."""
        await until(lambda: self._whole() is not None)
        answer = self.take()
        assert answer is not None
        return answer

    def take(self) -> Answer | None:
        """The answer that is there, if one is, taken off the wire."""
        whole = self._whole()
        if whole is None:
            return None
        head, body = whole
        del self.pipe.written[: len(head) + 4 + len(body)]
        status, *lines = head.decode().split("\r\n")
        return int(status.split()[1]), dict(line.split(": ", 1) for line in lines), json.loads(body) if body else None

    def _whole(self) -> tuple[bytes, bytes] | None:
        """Head and body of the first answer on the wire; what says to go on is no answer."""
        data = bytes(self.pipe.written).replace(_GO_ON, b"")
        self.pipe.written = bytearray(data)
        head, end, rest = data.partition(b"\r\n\r\n")
        size = _LENGTH.search(head + b"\r\n")
        if not end or size is None or len(rest) < int(size[1]):
            return None
        return head, rest[: int(size[1])]

    @contextmanager
    def no_task(self) -> Iterator[None]:
        """Nothing in this block goes through the application."""
        assert not self.server.state.tasks
        yield
        assert not self.server.state.tasks


def request(body: bytes, *, path: str = PATH, method: str = "POST", version: str = "1.1", **fields: str) -> bytes:
    """The bytes of a request of kate's."""
    told = {"host": "127.0.0.1", "user": "kate", **{name.replace("_", "-"): value for name, value in fields.items()}}
    lines = [f"{method} {path} HTTP/{version}", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body
