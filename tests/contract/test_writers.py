"""Many who write to one database at once: each has its turn."""

import asyncio
from pathlib import Path

import pytest

from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.engine import migrate, open_engine, sqlite_url
from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.services.catalogue import PartQuery
from tests.contract.test_catalogue import _part


async def test_writers_of_one_program_stand_in_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite lets who waits ask now and then, so the last of many could wait for ever: here it may not ask even once."""
    monkeypatch.setattr("telegraphone.database.engine._BUSY_MS", 0)
    engine = open_engine(sqlite_url(tmp_path / "t.sqlite3"))
    await migrate(engine)
    catalogue = SqlCatalogue(engine)
    many = [[_part(f"{writer}-{number}") for number in range(4)] for writer in range(12)]
    await asyncio.gather(*(catalogue.put(*records) for records in many))
    assert len(await catalogue.find_calls(PartQuery(DEFAULT_TENANT), 100, 0)) == 48
    await engine.dispose()
