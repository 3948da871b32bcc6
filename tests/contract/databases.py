"""The databases that every contract of `database` is tried on: SQLite in a file, and a real PostgreSQL server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.engine import migrate, open_engine, sqlite_url
from tests.postgresql import Server

KINDS = ("sqlite", "postgresql")


@asynccontextmanager
async def database(kind: str, folder: Path, server: Server, *, empty: bool = False) -> AsyncIterator[AsyncEngine]:
    """A database of this kind with our tables, or `empty`."""
    if kind == "sqlite":
        engine = open_engine(sqlite_url(folder / "telegraphone.db"))
        if not empty:
            await migrate(engine)
    else:
        engine = open_engine(await server.fresh("contract", empty=empty))
    try:
        yield engine
    finally:
        await engine.dispose()
