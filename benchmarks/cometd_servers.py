"""The Python servers under the benchmark's load: Telegraphone's own web face with real sign-ins, and the floor, the least that
asyncio can do. Both publish one event a second to each client, beginning at a line on standard input.
`python -m benchmarks.cometd_servers KIND PORT CLIENTS CALL`."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import msgspec
import uvicorn
import uvloop
from argon2 import PasswordHasher

from benchmarks.cometd_floor import Floor
from telegraphone.domain.agent import Agent, Directory
from telegraphone.endpoints.clock import SystemClock
from telegraphone.web.app import WebApp, WebPorts
from telegraphone.web.cometd import CometdWebSocket, Notifications, http_connections
from telegraphone.web.gws.answers import encode
from telegraphone.web.settings import WebSettings

HOST = "127.0.0.1"
USER = "agent.%d"
PASSWORD = "secret"
TICK_S = 0.005


class Nothing:
    """A part of the node that no request of this load reaches."""

    def __getattr__(self, name: str) -> "Nothing":
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())


async def publish(clients: int, call: dict[str, Any], send: Callable[[int, dict[str, Any]], None]) -> None:
    """One event a second for each client, evenly spread, as soon as they are there."""
    await asyncio.to_thread(sys.stdin.readline)
    began, published = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - began) * clients)
        while published < due:
            data = {"messageType": "CallStateChangeMessage", "notificationType": "StatusChange", "call": call}
            data["n"] = published // clients + 1
            data["t"] = time.monotonic_ns()
            send(published % clients, data)
            published += 1
        await asyncio.sleep(TICK_S)


async def floor(port: int, clients: int, call: dict[str, Any]) -> None:
    """A protocol that answers Bayeux, without routes, sign-ins, limits or tasks."""
    server = Floor(msgspec.json.encode)
    await asyncio.get_running_loop().create_server(server.connection, HOST, port, backlog=clients)
    print("listening", flush=True)
    await publish(clients, call, server.publish)


async def telegraphone(port: int, clients: int, call: dict[str, Any]) -> None:
    """The web application as it is; whatever else a node has is not there."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    agents = [Agent(USER % number, f"{number:032x}") for number in range(clients)]
    notifications = Notifications()
    nothing = cast("Any", Nothing())
    ports = WebPorts(
        clock=SystemClock(),
        directory=Directory(agents),
        agents=nothing,
        calls=nothing,
        catalogue=nothing,
        copies=nothing,
        player=nothing,
        audit=nothing,
        webhooks=nothing,
        recordings=nothing,
        reconciliation=nothing,
        archive=nothing,
        tokens=nothing,
        federation=nothing,
        notifications=notifications,
        password_hashes=dict.fromkeys((agent.user_name for agent in agents), hasher.hash(PASSWORD)),
    )
    app = WebApp(WebSettings(f"http://{HOST}:{port}"), ports, hasher=hasher)
    notifications.start()
    config = uvicorn.Config(
        app,
        http=http_connections(app.short_way),
        ws=CometdWebSocket,
        host=HOST,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws_per_message_deflate=False,
    )
    serving = asyncio.create_task(uvicorn.Server(config).serve())
    await asyncio.sleep(1)
    print("listening", flush=True)
    await publish(clients, call, lambda number, data: notifications.publish(USER % number, "/v2/me/calls", encode(data)))
    await serving


if __name__ == "__main__":
    kind, port, clients, call = sys.argv[1:]
    uvloop.run({"floor": floor, "telegraphone": telegraphone}[kind](int(port), int(clients), json.loads(call)))
