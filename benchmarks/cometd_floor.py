"""The floor of the CometD benchmark: a Bayeux server of one asyncio protocol that does what cannot be left out and nothing
else: no routes, no sign-ins, no limits, no expiry, no tasks. Nothing that keeps the promises of a server can be below it."""

import asyncio
import base64
import hashlib
from collections.abc import Callable
from typing import Any

import httptools
import msgspec

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


class Client:
    """One client id."""

    def __init__(self) -> None:
        self.queue: list[bytes] = []
        self.held: Connection | None = None
        self.socket: Connection | None = None


class Floor:
    """All client ids; the one that subscribed to `/events/<n>` hears what is published to n."""

    def __init__(self, encode: Callable[[Any], bytes]) -> None:
        self._encode = encode
        self.clients: dict[str, Client] = {}
        self.listeners: dict[str, list[Client]] = {}

    def connection(self) -> "Connection":
        """A protocol for one connection."""
        return Connection(self)

    def publish(self, number: int, data: Any) -> None:
        """One event."""
        channel = f"/events/{number}"
        message = b'{"channel":"%b","data":%b}' % (channel.encode(), self._encode(data))
        for client in self.listeners.get(channel, ()):
            if client.socket is not None:
                client.socket.write(b"[%b]" % message)
            elif client.held is not None:
                held, client.held = client.held, None
                held.write(b'[%b,{"channel":"/meta/connect","successful":true,"id":"3"}]' % message)
            else:
                client.queue.append(message)

    def obey(self, message: dict[str, Any], connection: "Connection") -> bytes | None:
        """The reply, or nothing for a connect that is held."""
        channel = message["channel"]
        if channel == "/meta/handshake":
            client_id = f"c{len(self.clients)}"
            self.clients[client_id] = Client()
            return b'{"channel":"/meta/handshake","successful":true,"clientId":"%b"}' % client_id.encode()
        client = self.clients[message["clientId"]]
        if channel == "/meta/subscribe":
            self.listeners.setdefault(message["subscription"], []).append(client)
            return b'{"channel":"/meta/subscribe","successful":true}'
        if connection.upgraded:
            client.socket = connection
        if not client.queue and "advice" not in message:
            client.held = connection
            return None
        waiting, client.queue = client.queue, []
        return b",".join([*waiting, b'{"channel":"/meta/connect","successful":true,"id":"3"}'])


class Connection(asyncio.Protocol):
    """HTTP by httptools; WebSocket frames by hand, masked with zeros as the load sends them."""

    def __init__(self, server: Floor) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._decode = msgspec.json.decode
        self._body = b""
        self._key = b""
        self.upgraded = False

    def connection_made(self, transport: Any) -> None:
        """See asyncio."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self.upgraded:
            self._frame(data)
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            accept = base64.b64encode(hashlib.sha1(self._key + _GUID).digest())
            self._transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept
            )
            self.upgraded = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        if name == b"Sec-WebSocket-Key":
            self._key = value

    def on_message_begin(self) -> None:
        """See httptools."""
        self._body = b""

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._body += body

    def on_message_complete(self) -> None:
        """See httptools."""
        if self._body:
            self._obey(self._body)

    def _frame(self, data: bytes) -> None:
        while data:
            length, head = data[1] & 127, 2
            if length == 126:
                length, head = int.from_bytes(data[2:4], "big"), 4
            self._obey(data[head + 4 : head + 4 + length])
            data = data[head + 4 + length :]

    def _obey(self, body: bytes) -> None:
        replies = [self._server.obey(message, self) for message in self._decode(body)]
        told = [reply for reply in replies if reply is not None]
        if told:
            self.write(b"[%b]" % b",".join(told))

    def write(self, body: bytes) -> None:
        """One answer or frame."""
        if not self.upgraded:
            self._transport.write(_HEAD % (len(body), body))
        elif len(body) < 126:
            self._transport.write(b"\x81%c%b" % (len(body), body))
        else:
            self._transport.write(b"\x81\x7e%b%b" % (len(body).to_bytes(2, "big"), body))
