"""Calls through a real Asterisk for its benchmark: phones that answer at once, RTP from the load generator, ARI around them."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from websockets.asyncio.client import connect

from tests.interop.asterisk.server import APPLICATION, HOST, PASSWORD, USER, Asterisk

PATIENCE_S = 60.0


class Phones(asyncio.DatagramProtocol):
    """Answers every call to `sip:PORT@…` with the offer's first codec and RTP at that port of the load generator."""

    def __init__(self) -> None:
        self.media: dict[int, int] = {}
        """Asterisk's RTP port by the phone's."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # it is one of datagrams
        """Keeps the way back."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Answers a request; there is nothing to do for a response or an ACK."""
        text = data.decode()
        head, _, body = text.partition("\r\n\r\n")
        method, target = head.split(" ", 2)[:2]
        if method not in {"INVITE", "BYE", "CANCEL", "OPTIONS"}:
            return
        kept = [line for line in head.split("\r\n")[1:] if line.split(":")[0].lower() in {"via", "from", "call-id", "cseq"}]
        to = next(line for line in head.split("\r\n") if line.lower().startswith("to:"))
        lines = ["SIP/2.0 200 OK", *kept, to if "tag=" in to else f"{to};tag=phone"]
        answer = ""
        if method == "INVITE":
            port = int(target.removeprefix("sip:").split("@")[0])
            offered = re.search(r"m=audio (\d+)", body)
            assert offered is not None
            self.media[port] = int(offered[1])
            lines += [f"Contact: <{target}>", "Content-Type: application/sdp"]
            answer = f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
        lines.append(f"Content-Length: {len(answer)}")
        self._transport.sendto(("\r\n".join(lines) + f"\r\n\r\n{answer}").encode(), addr)


@dataclass(slots=True)
class Board:
    """ARI, and what it has told."""

    server: Asterisk
    phones: Phones
    address: str
    started: set[str] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def do(self, method: str, path: str, **parameters: str) -> Any:
        """A request that must succeed; its answer."""
        answer = await self.server.ari(method, path, **parameters)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def listen(self, events: AsyncIterator[str | bytes]) -> None:
        """Notes who has come to the application."""
        async for text in events:
            event = json.loads(text)
            if event["type"] == "StasisStart":
                self.started.add(event["channel"]["id"])
                self.changed.set()

    async def come(self, *ids: str) -> None:
        """Waits until these are in the application."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.started.issuperset(ids):
                self.changed.clear()
                await self.changed.wait()

    async def leg(self, name: str, port: int, where: Mapping[str, str]) -> None:
        """A leg to the phone at this port, answered; `where` it goes then: to the application, or first to an extension."""
        endpoint = f"PJSIP/trunk/sip:{port}@{self.address}"
        await self.do("POST", "/channels", endpoint=endpoint, channelId=name, **where)
        await self.come(name)

    async def bridge(self, name: str, *legs: str) -> None:
        """Joins them."""
        await self.do("POST", "/bridges", type="mixing", bridgeId=name)
        await self.do("POST", f"/bridges/{name}/addChannel", channel=",".join(legs))


@asynccontextmanager
async def board(server: Asterisk) -> AsyncIterator[Board]:
    """Phones that answer, and the application connected."""
    loop = asyncio.get_running_loop()
    transport, phones = await loop.create_datagram_endpoint(Phones, local_addr=(HOST, 0))
    port = transport.get_extra_info("sockname")[1]
    here = Board(server, phones, f"{HOST}:{port}")
    url = f"ws{server.url.removeprefix('http')}/events?app={APPLICATION}&api_key={USER}:{quote(PASSWORD)}"
    async with connect(url, max_queue=None) as events:
        listening = asyncio.create_task(here.listen(aiter(events)))
        try:
            yield here
        finally:
            listening.cancel()
            transport.close()
