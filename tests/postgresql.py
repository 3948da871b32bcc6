"""A PostgreSQL server of the tests' own: real, private, reached by a Unix socket only, and gone with its folder."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from telegraphone.database.engine import migrate, open_engine, postgresql_url
from telegraphone.database.tables import metadata
from telegraphone.services.audit import BEGINNING

_START_S: Final = 60.0


class Server:
    """One server. Making a database costs more than emptying one, so they are used again."""

    def __init__(self, folder: Path, settings: tuple[str, ...] = ("fsync=off",)) -> None:
        """`settings` as postgresql.conf has them."""
        self.folder = folder
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._names: set[str] = set()

    def url(self, name: str) -> str:
        """The URL of a database, as the configuration takes it."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def make(self) -> None:
        """Makes the server's files."""
        log = self._run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "-D", "data")
        assert log.returncode == 0, log.stdout.decode()

    def start(self) -> None:
        """Starts it; returns when it lets clients in."""
        options = [f"-c{each}" for each in ("listen_addresses=", f"unix_socket_directories={self.folder}", *self._settings)]
        with (self.folder / "log").open("ab") as log:
            command = [*_as_somebody(), str(_programs() / "postgres"), "-D", str(self.folder / "data"), *options]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + _START_S
        while self._run("pg_isready", "-q", "-h", str(self.folder), "-U", "postgres").returncode != 0:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self.folder / "log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        """Stops it at once, as a crash would; what was committed is there after the next start."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    def freeze(self, *, frozen: bool) -> None:
        """Lets the server and everything it has begun neither work nor end, or lets them go on."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        for process in (self._process.pid, *map(int, children)):
            os.kill(process, signal.SIGSTOP if frozen else signal.SIGCONT)

    async def fresh(self, name: str, *, empty: bool = False) -> str:
        """The URL, with its driver, of the database of this name: with our tables and nothing in them, or `empty`."""
        url = postgresql_url(self.url(name))
        if name not in self._names:
            await self._execute("postgres", f"CREATE DATABASE {name} STRATEGY file_copy")
            self._names.add(name)
        if empty:
            await self._execute(name, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
            return url
        engine = open_engine(url)
        await migrate(engine)
        await engine.dispose()
        beginning = f"INSERT INTO audit_head VALUES (1, 0, '{BEGINNING}')"
        await self._execute(name, f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY", beginning)
        return url

    async def _execute(self, name: str, *statements: str) -> None:
        engine = create_async_engine(postgresql_url(self.url(name)), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        await engine.dispose()

    def _run(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        command = [*_as_somebody(), str(_programs() / program), *arguments]
        return subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


@contextmanager
def running_server(*settings: str) -> Iterator[Server]:
    """A server that has been started; stopped and thrown away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="telegraphone-postgresql-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        server = Server(folder, settings or ("fsync=off",))
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Where Debian puts the server's programs, the newest first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    assert found, "run scripts/setup-system: there is no PostgreSQL"
    return found[-1].parent


def _as_somebody() -> list[str]:
    """The server refuses to run as root; Debian's package brings a user for it."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.getuid() == 0 else []
