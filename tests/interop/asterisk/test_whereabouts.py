"""Whether an Asterisk is on this machine, by the connection to it and by who has the port of a leg."""

import asyncio
import socket

import pytest

from telegraphone.services.ports import MediaAddress
from telegraphone.switches.asterisk.link import AriLink
from telegraphone.switches.asterisk.missed_packets import is_behind
from telegraphone.switches.asterisk.packet_taps import somebody_has


@pytest.mark.parametrize(("host", "near"), [("127.0.0.1", True), ("127.0.0.2", False)])
async def test_who_is_reached_from_its_own_address_is_near(host: str, near: bool) -> None:
    """The system chooses 127.0.0.1 to connect from to all of 127.0.0.0/8, as it would its own address to others."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), host, 0)
    port = server.sockets[0].getsockname()[1]
    link = AriLink(url=f"http://{host}:{port}", user="telegraphone", password="secret", apps=("telegraphone",))
    assert await link.is_near() is near
    server.close()
    await server.wait_closed()
    assert not await link.is_near()
    await link.close()


def test_a_port_that_somebody_has() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert somebody_has(MediaAddress("127.0.0.1", port))
        assert somebody_has(MediaAddress("0.0.0.0", port)), "a PBX may listen at every address"
    assert not somebody_has(MediaAddress("127.0.0.1", port))
    assert not somebody_has(MediaAddress("192.0.2.1", port)), "it is another machine's address"


def test_packets_that_wait_for_who_has_the_port() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        taken.bind(("127.0.0.1", 0))
        place = MediaAddress(*taken.getsockname())
        assert not is_behind(place)
        sender.sendto(b"late", taken.getsockname())
        assert is_behind(place)
        taken.recv(100)
        assert not is_behind(place)
