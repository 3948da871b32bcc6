"""The connection to one Asterisk: requests over HTTP, events over one WebSocket; it retries nothing and decides nothing."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import urlencode

import httpx
import websockets
from websockets.asyncio.client import ClientConnection, connect

from telegraphone.limits import (
    ARI_ANSWER_BYTES_MAX,
    ARI_ANSWER_S,
    ARI_CONNECT_S,
    ARI_MESSAGE_BYTES_MAX,
    ARI_PING_S,
)
from telegraphone.services.ports import Unavailable
from telegraphone.wire.ari import requests
from telegraphone.wire.ari.requests import AriRequest
from telegraphone.wire.ari.resources import read_json, variable_of
from telegraphone.wire.errors import RemoteProtocolError

T = TypeVar("T")

_KEEP_ALIVE_S = 5.0
"""How long an idle connection is used again: Asterisk closes its own after 15 s, and what is sent then is lost."""
_NOT_FOUND = 404
_PORTS = {"http": 80, "https": 443}


class AriRefused(Exception):
    """Asterisk does not do it: the leg or bridge is not there (404), in another state (409, 422), or it failed (500)."""

    def __init__(self, request: AriRequest, status: int) -> None:
        super().__init__(f"{request.method} {request.path}: {status}")
        self.status = status

    @property
    def gone(self) -> bool:
        """Whether what the request was about does not exist."""
        return self.status == _NOT_FOUND


class Disconnected(Unavailable):
    """Nothing listens where Asterisk should be: its process is gone, and so are its calls."""

    def __init__(self, detail: str) -> None:
        super().__init__("switch", detail)


class AriLink:
    """Requests and events of the applications `apps` at one Asterisk. `url` is that of its HTTP server, with the prefix if
    it has one; `/ari` is added."""

    def __init__(self, *, url: str, user: str, password: str, apps: tuple[str, ...]) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/ari",
            auth=(user, password),
            timeout=httpx.Timeout(ARI_ANSWER_S, connect=ARI_CONNECT_S),
            # One connection for each request that waits: a limit would have pauses wait behind what hangs.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=_KEEP_ALIVE_S),
            trust_env=False,
        )
        scheme, _, rest = url.rstrip("/").partition("://")
        self._events_url = f"{'wss' if scheme == 'https' else 'ws'}://{rest}/ari/events?{urlencode({'app': ','.join(apps)})}"
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._authorization = {"Authorization": f"Basic {token}"}

    async def close(self) -> None:
        """Gives the connections back."""
        await self._http.aclose()

    async def ask(self, request: AriRequest) -> object:
        """What Asterisk answers, as JSON; None where it has nothing to say. Raises `AriRefused`, or `Unavailable`: then the
        outcome is unknown."""
        try:
            response = await self._http.request(request.method, request.path, params=dict(request.query), json=request.body)
        except httpx.ConnectError as error:
            raise Disconnected("nothing listens there") from error
        except httpx.HTTPError as error:
            raise Unavailable("switch", f"{type(error).__name__} on {request.method} {request.path}") from error
        if not response.is_success:
            raise AriRefused(request, response.status_code)
        if len(response.content) > ARI_ANSWER_BYTES_MAX:
            raise Unavailable("switch", "an answer is too long")
        try:
            return read_json(response.content) if response.content else None
        except RemoteProtocolError as error:
            raise Unavailable("switch", str(error)) from error

    async def get(self, request: AriRequest, make: Callable[[object], T]) -> T:
        """The same, read by `make`; what cannot be read is `Unavailable`."""
        found = await self.ask(request)
        try:
            return make(found)
        except RemoteProtocolError as error:
            raise Unavailable("switch", str(error)) from error

    async def do(self, request: AriRequest) -> bool:
        """Asks for something that is done as well where what it is about is gone, or is so already; False then."""
        try:
            await self.ask(request)
        except AriRefused as refused:
            if refused.status >= 500:
                raise Unavailable("switch", str(refused)) from refused
            return False
        return True

    async def variable(self, ari_id: str, name: str) -> str:
        """What a variable or function of a leg says; "" where Asterisk does not know it, or the leg."""
        try:
            return await self.get(requests.variable(ari_id, name), variable_of)
        except AriRefused:
            return ""

    async def is_there(self, ari_id: str) -> bool:
        """Whether this leg exists."""
        return await self.do(requests.one_leg(ari_id))

    async def is_near(self) -> bool:
        """Whether what answers is on this machine: then a connection to it has one address at both its ends. A forwarded port
        looks the same. What does not answer is not near."""
        url = self._http.base_url
        try:
            async with asyncio.timeout(ARI_CONNECT_S):
                _, writer = await asyncio.open_connection(url.host, url.port or _PORTS[url.scheme])
        except (OSError, TimeoutError):
            return False
        here, there = (writer.get_extra_info(each)[0] for each in ("sockname", "peername"))
        writer.close()
        return bool(here == there)

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[str | bytes]]:
        """The events from now on; they end when the connection does. Raises `Unavailable` where there is none to be had."""
        try:
            socket = await connect(
                self._events_url,
                additional_headers=self._authorization,
                max_size=ARI_MESSAGE_BYTES_MAX,
                open_timeout=ARI_ANSWER_S,
                ping_interval=ARI_PING_S,
                ping_timeout=ARI_PING_S,
                close_timeout=ARI_CONNECT_S,
                proxy=None,
            )
        except ConnectionError as error:
            raise Disconnected("nothing listens there") from error
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            raise Unavailable("switch", f"no events: {error}") from error
        try:
            yield _until_closed(socket)
        finally:
            await socket.close()


async def _until_closed(socket: ClientConnection) -> AsyncIterator[str | bytes]:
    try:
        async for message in socket:
            yield message
    except websockets.ConnectionClosed:
        return
