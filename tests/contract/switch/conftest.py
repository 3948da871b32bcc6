"""Each switch with its phones, and its events after the phones have registered."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from telegraphone.domain.legs import DeviceRegistered
from tests.contract.switch.asterisk_world import RINGING_AS_HERE, AsteriskWorld
from tests.contract.switch.worlds import CALLED, CALLER, ExchangeWorld, Facts, SimulatedWorld, World
from tests.interop.asterisk.server import PASSWORD, USER, Asterisk, asterisk


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asterisk]:
    """The Asterisk of all these tests: it takes longer to start than most of them last."""
    async with asterisk(tmp_path_factory.mktemp("asterisk") / "asterisk", changes=RINGING_AS_HERE) as made:
        yield made


@pytest.fixture(params=["simulated", "exchange", "asterisk"])
def real_server(request: pytest.FixtureRequest) -> tuple[str, Asterisk | None]:
    """Which switch, and what it needs to have been started."""
    return request.param, request.getfixturevalue("server") if request.param == "asterisk" else None


@pytest.fixture
async def world(real_server: tuple[str, Asterisk | None]) -> AsyncIterator[World]:
    kind, server = real_server
    made: World = SimulatedWorld() if kind == "simulated" else ExchangeWorld() if server is None else AsteriskWorld(server)
    await made.start()
    try:
        yield made
    finally:
        await made.close()
    if server is not None:
        await nothing_is_left(server)


async def nothing_is_left(server: Asterisk) -> None:
    """No channel and no bridge outlives a test at Asterisk, of whatever was made for it."""
    async with httpx.AsyncClient(auth=(USER, PASSWORD), trust_env=False) as http:
        left: list[object] = []
        for _ in range(100):
            left = [(await http.get(f"{server.url}/{kind}")).json() for kind in ("channels", "bridges")]
            if left == [[], []]:
                return
            await asyncio.sleep(0.05)
    raise AssertionError(left)


@pytest.fixture
async def facts(world: World) -> Facts:
    """The events after the phones have registered."""
    facts = Facts(world.switch)
    there = set()
    while there != {CALLER, CALLED}:
        match await facts.next():
            case DeviceRegistered(dn):
                there.add(dn)
            case event:
                raise AssertionError(event)
    return facts
