"""Opens a database and brings its tables up to date; its failures are `Unavailable("database")` for everyone above."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

import aiosqlite
import asyncpg  # type: ignore[import-untyped]  # it is published without types
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Pool, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DataError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from telegraphone.limits import DATABASE_ANSWER_S, DATABASE_CONNECT_S
from telegraphone.services.ports import Unavailable

_MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_MS = 5_000
_WRITES = "telegraphone_writes"
_turns: WeakKeyDictionary[Pool, asyncio.Lock] = WeakKeyDictionary()
"""Who writes to an SQLite database next."""


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite database in this file."""
    return f"sqlite+aiosqlite:///{path}"


def postgresql_url(url: str, password: str = "") -> str:
    """A `postgresql://` URL with the driver that we use, and with a password where there is one. Raises ValueError."""
    try:
        target = make_url(url)
    except ArgumentError:
        raise ValueError(url) from None
    if target.get_backend_name() != "postgresql":
        raise ValueError(url)
    target = target.set(drivername="postgresql+asyncpg", password=password or target.password)
    return target.render_as_string(hide_password=False)


def open_engine(url: str) -> AsyncEngine:
    """An engine over this database; connects when first used."""
    target = make_url(url)
    if target.get_backend_name() != "sqlite":
        # A connection is tried before it is used: the server may have been started anew since.
        waits = {"timeout": DATABASE_CONNECT_S}
        return create_async_engine(target, pool_pre_ping=True, pool_timeout=DATABASE_CONNECT_S, connect_args=waits)
    path = target.database or ":memory:"
    engine = create_async_engine(target, async_creator=lambda: _connect_sqlite(path))
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


class _SqliteConnection(aiosqlite.Connection):
    """Remembers when its thread has said its last word, which nobody else waits for when connecting fails."""

    stopped: "asyncio.Future[None] | None" = None

    def stop(self) -> "asyncio.Future[None] | None":
        self.stopped = super().stop()
        return self.stopped


async def _connect_sqlite(path: str) -> aiosqlite.Connection:
    """Connects; when that fails, waits for the connection's thread, which would else speak to a loop that is closed."""
    # SQLAlchemy sets the isolation level from the loop's thread, hence no check of the thread.
    connection = _SqliteConnection(lambda: sqlite3.connect(path, check_same_thread=False), iter_chunk_size=64)
    try:
        return await connection
    except BaseException:
        if connection.stopped is not None:
            await connection.stopped
        raise


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Readers never wait for a writer, and what was committed has reached the disk."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_MS}", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Python's own way begins a transaction only before a row is changed, which would leave an upgrade that fails half done."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")


async def migrate(engine: AsyncEngine) -> None:
    """Brings the tables to the newest version, however long that takes; a fresh database gets them all. Raises
    `Unavailable`."""
    async with transaction(engine, limit_s=None) as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def is_up_to_date(engine: AsyncEngine) -> bool:
    """Whether the tables are those of the newest version. Raises `Unavailable`."""
    async with transaction(engine) as connection:
        return await connection.run_sync(_is_newest)


def _is_newest(connection: Connection) -> bool:
    newest = ScriptDirectory.from_config(migrations()).get_heads()
    return set(MigrationContext.configure(connection).get_current_heads()) == set(newest)


def migrations() -> Config:
    """Where Alembic finds the steps."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


async def answers(engine: AsyncEngine) -> bool:
    """Whether the database can be asked; raises `Unavailable` when it cannot."""
    async with transaction(engine) as connection:
        return bool(await connection.scalar(text("SELECT 1")))


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """As `transaction`, for one that writes: it waits its turn at once. SQLite refuses a write, whatever the waiting time, where
    another has written since the transaction read; and who waits for a writer there asks now and then, so that one of many
    may find it taken for ever. Those of this program therefore stand in a line."""
    if engine.dialect.name != "sqlite":
        async with transaction(engine) as connection:
            yield connection
        return
    turn = _turns.setdefault(engine.pool, asyncio.Lock())
    try:
        async with asyncio.timeout(DATABASE_ANSWER_S):
            await turn.acquire()
    except TimeoutError as error:
        raise Unavailable("database", "no turn in time") from error
    try:
        async with transaction(engine.execution_options(**{_WRITES: True})) as connection:
            yield connection
    finally:
        turn.release()


@asynccontextmanager
async def transaction(engine: AsyncEngine, limit_s: float | None = DATABASE_ANSWER_S) -> AsyncIterator[AsyncConnection]:
    """One transaction, committed and durable when the block ends. Raises `Unavailable`, also when it takes longer than the
    limit; not retryable when the database answers that it will never take this."""
    try:
        async with asyncio.timeout(limit_s), engine.begin() as connection:
            yield connection
    except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise Unavailable("database", type(error).__name__, retryable=not isinstance(error, DataError)) from error
