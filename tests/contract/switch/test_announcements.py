"""What becomes of announcements, at each switch that plays them."""

import asyncio
from typing import Final

import pytest

from telegraphone.services.switch_ports import Announcement, Announcements
from tests.contract.switch.calls import NEVER, talking
from tests.contract.switch.worlds import CALLER, Facts, World
from tests.interop.asterisk.server import Asterisk

SHORT: Final = Announcement("short.wav", "0" * 64, b"\x00\x08" * 2_400)
LONG: Final = Announcement("long.wav", "1" * 64, b"\x00\x08" * 80_000)
PATIENCE_S: Final = 25
"""Longer than the long one: what is not cut off comes to its end, which is told."""


@pytest.fixture(params=["simulated", "exchange"])
def real_server(request: pytest.FixtureRequest) -> tuple[str, Asterisk | None]:
    """An Asterisk plays none for us."""
    return request.param, None


def port(world: World) -> Announcements:
    sound: Announcements = world.switch.sound  # type: ignore[assignment]  # that of these two
    return sound


async def test_it_is_heard_to_its_end(world: World, facts: Facts) -> None:
    caller, called = await talking(world, facts)
    begun = asyncio.get_running_loop().time()
    assert await asyncio.gather(port(world).announce(caller, SHORT), port(world).announce(called, SHORT)) == [True, True]
    assert asyncio.get_running_loop().time() - begun >= SHORT.seconds - 0.05
    assert await port(world).announce(caller, SHORT), "and again"


async def test_hold_cuts_it_off_and_who_holds_hears_none(world: World, facts: Facts) -> None:
    caller, _ = await talking(world, facts)
    playing = asyncio.create_task(port(world).announce(caller, LONG))
    await asyncio.sleep(0.1)
    assert not playing.done()
    await world.hold(CALLER)
    assert await asyncio.wait_for(playing, PATIENCE_S) is False
    assert await asyncio.wait_for(port(world).announce(caller, LONG), PATIENCE_S) is False
    await world.retrieve(CALLER)
    await facts.next()
    await facts.next()
    assert await port(world).announce(caller, SHORT)


async def test_another_one_and_the_end_of_the_leg_cut_it_off(world: World, facts: Facts) -> None:
    caller, _ = await talking(world, facts)
    first = asyncio.create_task(port(world).announce(caller, LONG))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(port(world).announce(caller, LONG))
    assert await asyncio.wait_for(first, PATIENCE_S) is False
    await asyncio.sleep(0.1)
    assert not second.done()
    await world.hang_up(CALLER)
    assert await asyncio.wait_for(second, PATIENCE_S) is False
    assert await port(world).announce(NEVER, SHORT) is False


async def test_who_gives_up_waiting_ends_it(world: World, facts: Facts) -> None:
    caller, _ = await talking(world, facts)
    playing = asyncio.create_task(port(world).announce(caller, LONG))
    await asyncio.sleep(0.1)
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    assert await world.heard(CALLER, frozenset()) == frozenset()
    assert await port(world).announce(caller, SHORT)
