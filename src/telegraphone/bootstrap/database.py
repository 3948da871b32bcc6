"""Composes the database: where it is, and that it may be away for a while."""

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.config import Config
from telegraphone.database.engine import answers, migrate, open_engine, postgresql_url, sqlite_url
from telegraphone.limits import CATALOGUE_RETRY_S
from telegraphone.services.ports import Clock, Unavailable

log = structlog.get_logger()

DATABASE_FILE = "telegraphone.db"
"""What the SQLite database is called, in the data folder."""

Chore = Callable[[], Coroutine[object, object, None]]
"""Work that goes on beside the calls for as long as there is some."""


async def open_database(config: Config, file: Path, stack: AsyncExitStack) -> tuple[AsyncEngine, bool]:
    """The database of this installation, PostgreSQL if one is named, else SQLite in the file; and whether its tables are up
    to date. They are not while a PostgreSQL server is out of reach, which keeps no node from recording: `brought_up_to_date`
    then sees to them. Raises `Unavailable`, and OSError for a password file that cannot be read."""
    engine = open_engine(_url(config) or sqlite_url(file))
    stack.push_async_callback(engine.dispose)
    if config.database.url:
        try:
            await answers(engine)
        except Unavailable as error:
            log.error("database_away", error=str(error))
            return engine, False
    await migrate(engine)
    return engine, True


def open_engine_of(config: Config) -> AsyncEngine:
    """The same database for who only reads it: nothing is made, connected to or brought up to date."""
    return open_engine(_url(config) or sqlite_url(Path(config.server.data_dir) / DATABASE_FILE))


async def brought_up_to_date(engine: AsyncEngine, clock: Clock, then: Callable[[], Awaitable[None]]) -> None:
    """Returns when the database could be reached, its tables are up to date, and what was to be done then is done."""
    while True:
        await clock.sleep_until(clock.now() + CATALOGUE_RETRY_S)
        try:
            await migrate(engine)
            await then()
        except Unavailable as error:
            log.error("database_away", error=str(error))
        else:
            log.info("database_back")
            return


def _url(config: Config) -> str:
    settings = config.database
    if not settings.url:
        return ""
    password = Path(settings.password_file).read_text(encoding="utf-8").rstrip("\r\n") if settings.password_file else ""
    return postgresql_url(settings.url, password)
