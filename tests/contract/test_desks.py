"""What every keeper of desks promises."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from telegraphone.database.desks import SqlDesks
from telegraphone.database.engine import open_engine, sqlite_url
from telegraphone.database.memory import MemoryDesks
from telegraphone.services.desks import Desks, KeptDesk
from telegraphone.services.ports import Unavailable
from tests.contract.databases import KINDS, database
from tests.postgresql import Server

READY = KeptDesk("agent.one", signed_in=True, state="Ready", do_not_disturb=False, forward_to="")
AWAY = KeptDesk("agent.two", signed_in=False, state="", do_not_disturb=True, forward_to="5003")


@pytest.fixture(params=["memory", *KINDS])
async def desks(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[Desks]:
    if request.param == "memory":
        yield MemoryDesks()
        return
    async with database(request.param, tmp_path, postgresql) as engine:
        yield SqlDesks(engine)


async def test_what_was_put_is_found(desks: Desks) -> None:
    assert await desks.all() == ()
    for desk in (AWAY, READY):
        await desks.put(desk)
    assert await desks.all() == (READY, AWAY)


async def test_a_desk_is_replaced(desks: Desks) -> None:
    later = KeptDesk("agent.one", signed_in=False, state="", do_not_disturb=False, forward_to="")
    await desks.put(READY)
    await desks.put(later)
    assert await desks.all() == (later,)


async def test_desks_of_two_tenants_are_two(desks: Desks) -> None:
    there = replace(READY, tenant="other", state="NotReady")
    for desk in (there, READY):
        await desks.put(desk)
    assert await desks.all() == (READY, there)


async def test_a_database_that_is_away_is_unavailable(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "gone" / "desks.db"))
    with pytest.raises(Unavailable):
        await SqlDesks(engine).put(READY)
    with pytest.raises(Unavailable):
        await SqlDesks(engine).all()
    await engine.dispose()
