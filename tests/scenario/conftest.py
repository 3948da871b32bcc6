"""What most scenarios begin with: a contact centre in virtual time, and its supervisor's client."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.scenario.world import World, contact_centre


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with contact_centre() as centre:
        yield centre


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client("supervisor.one") as client:
        yield client
