"""A recording server on loopback that is sent whole messages as clients write them, and everything it says and tells."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import CallForked
from telegraphone.endpoints.clock import SystemClock
from telegraphone.services.ports import MediaAddress, MediaKeys, MediaSource, RecorderFull, SwitchEvent, Unavailable
from telegraphone.switches.siprec import Admission, SiprecServer, Trunk
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sdp import SessionDescription
from telegraphone.wire.sip.message import Request, Response, parse_message

HOST = "127.0.0.1"
FIXTURES = Path(__file__).parents[2] / "fixtures" / "siprec"
ROUNDS, ROUND_S, TURNS = 5, 0.01, 20
PATIENCE_S = 25.0
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)

Fact = TypeVar("Fact")


async def quiet() -> None:
    """Returns when everything has happened that follows from what was said. Server and clients are in this loop and what they
    send is there at once, so turns count, and not how long a busy machine lets each take."""
    for _ in range(ROUNDS):
        await asyncio.sleep(ROUND_S)
        for _ in range(TURNS):
            await asyncio.sleep(0)


class Ports:
    """Intakes that are numbers only."""

    def __init__(self, room: int = 1_000) -> None:
        self.open: dict[str, MediaAddress] = {}
        self.legs: dict[LegId, str] = {}
        self.room = room
        self.agrees = True
        self.shaken: list[tuple[str, MediaAddress, tuple[str, ...], bool]] = []
        """Whom hands were shaken with."""
        self.heard: set[str] = set()
        """The names of those at which something arrives."""
        self.any_port: set[str] = set()
        """The names of those that hear any port."""
        self._next = 30_000

    def open_intake(self, name: str, *, any_port: bool = False) -> MediaAddress:
        if any_port:
            self.any_port.add(name)
        if len(self.open) >= self.room:
            raise RecorderFull(17)
        self._next += 2
        self.open[name] = MediaAddress("192.0.2.9", self._next)
        return self.open[name]

    def assign_intake(self, leg: LegId, name: str | None) -> None:
        if name is None:
            self.legs.pop(leg, None)
        else:
            self.legs[leg] = name

    def close_intake(self, name: str) -> None:
        self.open.pop(name, None)

    fingerprint = "sha-256 " + ":".join(["AB"] * 32)

    async def shake_hands(self, intake: str, peer: MediaAddress, fingerprints: tuple[str, ...], *, active: bool) -> MediaKeys:
        self.shaken.append((intake, peer, fingerprints, active))
        if not self.agrees:
            raise Unavailable("recorder", "no keys")
        return MediaKeys("AEAD_AES_128_GCM", bytes(28), bytes(28))

    def is_heard(self, name: str) -> bool:
        return name in self.heard


def message(name: str, **words: str) -> bytes:
    """The bytes of a fixture: `{word}` is replaced, lines end in CRLF (in LF within the body of one named so)."""
    text = (FIXTURES / f"{name}.sip").read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace("{" + word + "}", value)
    head, _, body = text.partition("\n\n")
    content = (body if "end-in-lf" in name else body.replace("\n", "\r\n")).encode()
    return f"{head}\nContent-Length: {len(content)}\n\n".replace("\n", "\r\n").encode() + content


class LaterClock(SystemClock):
    """The clock of the machine, put forward by `ahead_s`."""

    ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


class LaterLoop:
    """The loop as an endpoint sees it when the clock is put forward."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: LaterClock) -> None:
        self._loop = loop
        self._clock = clock

    def time(self) -> float:
        return self._loop.time() + self._clock.ahead_s

    def call_at(self, at: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_at(at - self._clock.ahead_s, callback)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


class Laboratory:
    """The server, its events, and one socket that speaks to it. Calls are taken as they come while `takes`."""

    def __init__(self, trunk: Trunk, ports: Ports, admission: Admission | None) -> None:
        self.ports = ports
        self.takes = True
        self.events: list[SwitchEvent] = []
        self.asked: list[Request] = []
        """What the server has asked for by itself; it is answered with `reply_status`."""
        self.reply_status: int | None = 200
        self.reply_fields: tuple[str, ...] = ()
        self.clock = LaterClock()
        self.server = SiprecServer(
            host=HOST,
            port=0,
            media_host="192.0.2.9",
            trunks=[trunk],
            intakes=ports,
            handshakes=ports,
            admission=admission,
            clock=self.clock,
        )
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.setblocking(False)
        self._responses: asyncio.Queue[Response] = asyncio.Queue()
        self._answered: list[Request] = []
        """What is asked again because the machine stood still before the answer was read is nothing new."""
        self.tags: dict[str, str] = {}
        self.answer_body = b""
        """What an ACK brings, where the server has made the offer."""

    def pass_time(self, seconds: float) -> None:
        """Lets so much time pass for the SIP engine and for the server, in one step."""
        sip = self.server._sip
        assert sip is not None
        if not isinstance(sip._loop, LaterLoop):
            sip._loop = LaterLoop(sip._loop, self.clock)  # type: ignore[assignment]  # as much of a loop as it asks for
        self.clock.ahead_s += seconds
        sip._deadline_reached()

    async def send(self, name: str, **words: str) -> Response:
        """The final response to a fixture; a 2xx to an INVITE is acknowledged."""
        request = parse_message(message(name, to_tag="?"))
        assert isinstance(request, Request)
        return await self.say(message(name, to_tag=self.tags.get(request.call_id, "?"), **words))

    async def say(self, data: bytes) -> Response:
        """The final response to these bytes."""
        request = parse_message(data)
        assert isinstance(request, Request)
        loop = asyncio.get_running_loop()
        await loop.sock_sendto(self._socket, data, (HOST, self.server.port))
        async with asyncio.timeout(PATIENCE_S):
            while True:
                response = await self._responses.get()
                if response.cseq == request.cseq and response.call_id == request.call_id and response.status >= 200:
                    break
        if request.method == "INVITE" and response.success:
            self.tags[request.call_id] = response.to.tag
            await self.acknowledge(request, response, self.answer_body)
        return response

    async def throw(self, data: bytes) -> None:
        """Sends these bytes and waits for nothing."""
        await asyncio.get_running_loop().sock_sendto(self._socket, data, (HOST, self.server.port))

    async def acknowledge(self, request: Request, response: Response, body: bytes = b"") -> None:
        lines = [
            f"ACK {request.uri} SIP/2.0",
            f"Via: {request.via};branch=z9hG4bK-ack",
            f"From: {request.from_}",
            f"To: {response.to}",
            f"Call-ID: {request.call_id}",
            f"CSeq: {request.cseq.number} ACK",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        data = "\r\n".join([*lines, "", ""]).encode() + body
        await asyncio.get_running_loop().sock_sendto(self._socket, data, (HOST, self.server.port))
        await quiet()

    def of(self, kind: type[Fact]) -> list[Fact]:
        """The events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def call(self) -> CallForked:
        """The newest call."""
        return self.of(CallForked)[-1]

    def numbers(self) -> list[str]:
        """Whose numbers the newest call has, the caller first."""
        return [party.number for party in self.call.parties]

    async def sources(self) -> list[MediaSource]:
        """Who sends the voice of each party of the newest call to where it is recorded."""
        legs = [party.leg for party in self.call.parties]
        return [await self.server.fork(leg, self.ports.open[self.ports.legs[leg]]) for leg in legs]

    async def run_events(self) -> None:
        async for event in self.server.events():
            self.events.append(event)
            if isinstance(event, CallForked) and self.takes:
                await self.server.answer(event.parties[0].leg)

    async def run_socket(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            data, source = await loop.sock_recvfrom(self._socket, 65_535)
            try:
                heard = parse_message(data)
            except RemoteProtocolError:
                # An answer repeats what was asked, and that may have been nonsense.
                continue
            if isinstance(heard, Response):
                self._responses.put_nowait(heard)
                continue
            if heard not in self._answered:
                self.asked.append(heard)
            if self.reply_status is None:
                continue
            self._answered.append(heard)
            fields = [f"{name}: {value}" for name, value in heard.headers if name in {"Via", "From", "To", "Call-ID", "CSeq"}]
            reply = "\r\n".join([f"SIP/2.0 {self.reply_status} Said", *fields, *self.reply_fields, "Content-Length: 0", "", ""])
            await loop.sock_sendto(self._socket, reply.encode(), source)

    def close_socket(self) -> None:
        self._socket.close()


def again(data: bytes, cseq: int, lab: Laboratory, old: bytes = b"", new: bytes = b"") -> bytes:
    """The request as a later one of the same dialog, with one thing changed; the length must not be."""
    assert len(old) == len(new)
    call_id = data.partition(b"Call-ID: ")[2].partition(b"\r\n")[0].decode()
    to = f"To: <sip:recorder@192.0.2.9>;tag={lab.tags[call_id]}".encode()
    for before, after in (
        (b"To: <sip:recorder@192.0.2.9>", to),
        (b"CSeq: 1 ", b"CSeq: %d " % cseq),
        (b"branch=z9hG4bK-", b"branch=z9hG4bK-%d-" % cseq),
        *(((old, new),) if old else ()),
    ):
        data = data.replace(before, after)
    return data


def with_metadata(document: bytes) -> bytes:
    """The plain call with this metadata."""
    head, _, body = message("plain").partition(b"\r\n\r\n")
    first, _, rest = body.partition(b"<?xml")
    body = first + document + b"\r\n" + rest[rest.index(b"--unique-boundary-1--") :]
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", b""]) + body


def described(response: Response) -> SessionDescription:
    """The description in a response."""
    assert response.content_type == "application/sdp"
    return SessionDescription.parse(response.body)


@asynccontextmanager
async def laboratory(
    *, ports: Ports | None = None, admission: Admission | None = None, **profile: Any
) -> AsyncIterator[Laboratory]:
    """A server with one trunk of this profile."""
    made = Laboratory(Trunk(**{"name": "lab", "sources": LOOPBACK, **profile}), ports or Ports(), admission)
    await made.server.start()
    tasks = [asyncio.create_task(each) for each in (made.run_events(), made.run_socket())]
    try:
        yield made
    finally:
        await made.server.close()
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        made.close_socket()
    assert [each for each in outcomes if isinstance(each, Exception)] == []
