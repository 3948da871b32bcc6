"""Each switch with its phones, and its events after the phones have registered."""

from collections.abc import AsyncIterator

import pytest

from telegraphone.domain.legs import DeviceRegistered
from tests.contract.switch.worlds import CALLED, CALLER, ExchangeWorld, Facts, SimulatedWorld, World


@pytest.fixture(params=[SimulatedWorld, ExchangeWorld], ids=["simulated", "exchange"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    made: World = request.param()
    await made.start()
    try:
        yield made
    finally:
        await made.close()


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
