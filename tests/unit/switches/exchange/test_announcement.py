"""An announcement as a phone is sent it: whole, between silences, and not before the phone can be reached."""

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from telegraphone.endpoints.media_ports import SocketPair
from telegraphone.media.g711 import a_to_linear, linear_to_a, linear_to_mu, mu_to_linear
from telegraphone.media.mixing import SILENCE, Law
from telegraphone.services.ports import MediaAddress
from telegraphone.switches.exchange.announcement import frames
from telegraphone.switches.exchange.hearing import Hearing
from telegraphone.switches.exchange.media_port import MediaPort, Party
from telegraphone.switches.exchange.payloads import Payloads
from telegraphone.wire.rtp.packet import read_packet

Coding = Callable[[bytes], bytes]
LINEAR = b"\x84\x10" * 1_000
BEFORE, BEHIND = 2_400, 1_600


@pytest.mark.parametrize(("law", "coded", "decoded"), [("PCMU", linear_to_mu, mu_to_linear), ("PCMA", linear_to_a, a_to_linear)])
def test_it_is_whole_and_between_silences(law: Law, coded: Coding, decoded: Coding) -> None:
    made = frames(LINEAR)[law]
    assert {len(frame) for frame in made} == {160}
    sound = b"".join(made)
    before, behind = sound[:BEFORE], sound[BEFORE + 1_000 :]
    assert sound[BEFORE : BEFORE + 1_000] == coded(LINEAR)
    assert len(behind) >= BEHIND
    assert {abs(each) for each in memoryview(decoded(before + behind)).cast("h")} <= {0, 8}


async def test_a_phone_behind_address_translation_hears_it_once_it_can_be_reached() -> None:
    sent: list[bytes] = []
    some = asyncio.Event()

    def send(port: MediaPort, packet: bytes) -> None:
        sent.append(read_packet(packet).payload)
        if len(sent) == 5:
            some.set()

    hearing = Hearing(send, lambda copy, packet: None, bytes)
    address = MediaAddress("192.0.2.1", 4_000)
    port = MediaPort(cast("SocketPair", (None, None)), address, Party(address, Payloads(), 4_001), latching=True)
    playing = asyncio.create_task(hearing.announce(port, frames(LINEAR)))
    await some.wait()
    assert set(sent) == {SILENCE["PCMU"] * 160}
    port.latching, before = False, len(sent)
    assert await playing
    assert tuple(sent[before:]) == frames(LINEAR)["PCMU"]
