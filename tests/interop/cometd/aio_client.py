"""One client of the aiocometd-ng library, driven like client.mjs. It has no acknowledgements."""

import asyncio
import base64
import json
import logging
import sys
from typing import Any

import aiocometd_ng
from aiocometd_ng.constants import ConnectionType
from aiocometd_ng.extensions import AuthExtension

OPTIONS = json.loads(sys.argv[1])


def tell(**fact: Any) -> None:
    print(json.dumps(fact), flush=True)


class Basic(AuthExtension):
    """Sends the password with every request, and tells what comes back."""

    async def outgoing(self, payload: list[dict[str, Any]], headers: dict[str, str] | None = None) -> None:
        word = f"{OPTIONS['user']}:{OPTIONS.get('password', 'secret')}".encode()
        if headers is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(word).decode()

    async def incoming(self, payload: list[dict[str, Any]], headers: Any = None) -> None:
        for message in payload:
            kind = message["channel"].removeprefix("/meta/")
            if kind != message["channel"]:
                tell(meta=kind, **{name: message.get(name) for name in ("successful", "error", "advice")})

    async def authenticate(self) -> None:
        """Nothing to fetch."""


async def listen(client: Any) -> None:
    async for message in client:
        for name in OPTIONS["subscriptions"]:
            tell(heard=message["channel"], by=name, data=message["data"])


async def main() -> None:
    logging.disable()
    kind = ConnectionType.WEBSOCKET if OPTIONS["transport"] == "websocket" else ConnectionType.LONG_POLLING
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    # No connection_timeout: the code behind it does not run on Python 3.10 or later.
    client = aiocometd_ng.Client(OPTIONS["url"], kind, auth=Basic(), connection_timeout=0)
    listening = None
    tell(ready=[OPTIONS["transport"]])
    while line := await reader.readline():
        match json.loads(line):
            case {"do": "handshake"}:
                await client.open()
                for name in OPTIONS["subscriptions"]:
                    await client.subscribe(name)
                listening = asyncio.create_task(listen(client))
            case {"do": "publish", "name": name, "data": data}:
                try:
                    await client.publish(name, data)
                    tell(meta="publish", successful=True, error=None, advice=None)
                except aiocometd_ng.exceptions.ServerError as error:
                    tell(meta="publish", successful=False, error=error.response["error"], advice=None)
            case {"do": "disconnect"}:
                await client.close()
            case _:
                break
    if listening is not None:
        listening.cancel()


asyncio.run(main())
