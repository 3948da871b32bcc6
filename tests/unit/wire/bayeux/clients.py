"""A CometD client for tests of the engine: says the messages of one browser tab, by request or by socket."""

import json
from itertools import count
from typing import Any

from telegraphone.wire.bayeux import BayeuxServer, Line, Owner, Transport

KATE = Owner("kate", "sign-in-1")
CALLS = "/v2/me/calls"
UNKNOWN = {"successful": False, "error": "402::Unknown client"}
BEGIN_ANEW = {"reconnect": "handshake", "interval": 0}
LONG_POLLING = {"connectionType": "long-polling"}


def new_server(**options: Any) -> BayeuxServer:
    numbers = count(1)
    return BayeuxServer(lambda: f"client-{next(numbers)}", aliases={CALLS: ("/notifications/me/calls",)}, **options)


def connected(**fields: Any) -> dict[str, Any]:
    """The reply to a connect that is well."""
    return {"channel": "/meta/connect", "successful": True, **fields}


class Client:
    """One client id; `body` is what it sends, lists of dictionaries are what comes back."""

    def __init__(self, server: BayeuxServer, owner: Owner = KATE) -> None:
        self.server = server
        self.owner = owner
        self.client_id = ""

    def request(self, *messages: dict[str, Any], now: float = 0.0) -> list[dict[str, Any]]:
        """Sends one request by long-polling and closes it when it is answered; empty when it is held."""
        line = self.post(*messages, now=now)
        answer = self.read(line, now=now)
        if answer:
            self.server.close_line(line, now)
        return answer

    def post(self, *messages: dict[str, Any], now: float = 0.0) -> Line:
        line = self.server.open_line(self.owner, Transport.LONG_POLLING)
        self.server.receive(line, json.dumps(messages).encode(), now)
        return line

    def read(self, line: Line, now: float = 0.0) -> list[dict[str, Any]]:
        return [message for frame in self.frames(line, now) for message in frame]

    def frames(self, line: Line, now: float = 0.0) -> list[list[dict[str, Any]]]:
        return [json.loads(frame) for frame in self.server.data_to_send(line, now)]

    def say(self, channel: str, /, **fields: Any) -> dict[str, Any]:
        return {"channel": channel, "clientId": self.client_id, **fields}

    def handshake(self, now: float = 0.0, **fields: Any) -> dict[str, Any]:
        [reply] = self.request(
            {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"], **fields}, now=now
        )
        self.client_id = reply.get("clientId", "")
        return reply

    def subscribe(self, subscription: Any, now: float = 0.0) -> dict[str, Any]:
        [reply] = self.request(self.say("/meta/subscribe", subscription=subscription), now=now)
        return reply

    def connect(self, now: float = 0.0, **fields: Any) -> list[dict[str, Any]]:
        return self.request(self.say("/meta/connect", **LONG_POLLING, **fields), now=now)

    def hold(self, now: float = 0.0, **fields: Any) -> Line:
        """A connect that is expected to be held."""
        line = self.post(self.say("/meta/connect", **LONG_POLLING, **fields), now=now)
        assert not line.pending
        return line


def started(
    server: BayeuxServer, *, owner: Owner = KATE, subscription: Any = CALLS, now: float = 0.0, **handshake: Any
) -> Client:
    """A client after its handshake, subscription and first connect."""
    client = Client(server, owner)
    client.handshake(now=now, **handshake)
    client.subscribe(subscription, now=now)
    client.connect(now=now)
    return client


class Socket:
    """A WebSocket of an owner; several client ids may speak over it."""

    def __init__(self, server: BayeuxServer, owner: Owner = KATE) -> None:
        self.server = server
        self.line = server.open_line(owner, Transport.WEBSOCKET)

    def send(self, *messages: dict[str, Any], now: float = 0.0) -> list[list[dict[str, Any]]]:
        """Sends one frame and gives the frames that come back at once."""
        self.server.receive(self.line, json.dumps(messages).encode(), now)
        return self.read(now)

    def read(self, now: float = 0.0) -> list[list[dict[str, Any]]]:
        return [json.loads(frame) for frame in self.server.data_to_send(self.line, now)]

    def close(self, now: float = 0.0) -> None:
        self.server.close_line(self.line, now)


def texts(messages: list[dict[str, Any]]) -> list[Any]:
    """The data of the events among these messages."""
    return [message["data"] for message in messages if "data" in message]
