"""A whole Telegraphone as its users run it: a process of its own on a configuration file, on loopback ports that are free."""

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from argon2 import PasswordHasher

from telegraphone.phone import Phone, PhoneOptions

HOST = "127.0.0.1"
PASSWORD = "correct horse 7"  # of every account in these tests
AGENT, OTHER_AGENT, SUPERVISOR, ADMIN = "agent.one", "agent.two", "supervisor.one", "admin.one"
START_S, STOP_S = 90.0, 60.0

# Cheap on purpose: the tests sign in often, and the strength of a test password protects nothing.
HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)

AGENTS = f"""
[[agents]]
user_name = "{AGENT}"
password_hash = "{HASH}"
phone = "5001"

[[agents]]
user_name = "{OTHER_AGENT}"
password_hash = "{HASH}"
phone = "5002"

[[agents]]
user_name = "{SUPERVISOR}"
password_hash = "{HASH}"
roles = ["supervisor"]

[[agents]]
user_name = "{ADMIN}"
password_hash = "{HASH}"
roles = ["admin"]
"""


@dataclass(slots=True)
class System:
    """One running server and where to reach it."""

    folder: Path
    http_port: int
    sip_port: int
    process: asyncio.subprocess.Process
    numbers: tuple[str, ...]

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return f"http://{HOST}:{self.http_port}"

    @property
    def data(self) -> Path:
        """The server's data directory."""
        return self.folder / "data"

    @property
    def log(self) -> str:
        """What the server has said of itself so far."""
        return (self.folder / "server.log").read_text(errors="replace")

    def children(self) -> list[int]:
        """Process ids of the server's own processes: its recorder workers."""
        return [int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]


_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = range(10_000 + _WORKER % 16, 20_000, 16)
"""Below those that the system gives to whoever asks for any, and of each test process its own: a free one stays free until
its server starts."""
_handed_out: set[int] = set()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody has at this moment."""
    return _free(kind)


def free_sip_port() -> int:
    """A port that nobody has at this moment, neither over UDP nor over TCP."""
    return _free(socket.SOCK_DGRAM, socket.SOCK_STREAM)


def _free(*kinds: socket.SocketKind) -> int:
    if len(_handed_out) > len(PORTS) // 2:
        _handed_out.clear()  # the first ones are long over
    for port in secrets.SystemRandom().sample(sorted({*PORTS} - _handed_out), 100):
        with ExitStack() as stack:
            try:
                for kind in kinds:
                    stack.enter_context(socket.socket(socket.AF_INET, kind)).bind((HOST, port))
            except OSError:
                continue
            _handed_out.add(port)
            return port
    raise AssertionError("every port is taken")


@asynccontextmanager
async def telegraphone(
    folder: Path,
    *,
    numbers: tuple[str, ...] = ("5000", "5001", "5002"),
    accounts: str = AGENTS,
    more: str = "",
    server: str = "",
    exchange: str = "",
    health: str = "/health",
) -> AsyncIterator[System]:
    """A server with these phones (password: the number, thrice) and the four accounts, or others. `more` is further TOML,
    `server` and `exchange` further lines of these tables; it has started when `health` answers 200. Ends by SIGTERM, and fails
    the test when it does not end cleanly by itself."""
    http_port, sip_port = free_port(), free_sip_port()
    phones = "".join(f'\n[[phones]]\nnumber = "{each}"\npassword = "{each * 3}"\n' for each in numbers)
    (folder / "telegraphone.toml").write_text(
        f'[server]\nexternal_url = "http://{HOST}:{http_port}"\nlisten_host = "{HOST}"\nlisten_port = {http_port}\n'
        f'data_dir = "{folder / "data"}"\n{server}\n[exchange]\nsip_host = "{HOST}"\nsip_port = {sip_port}\n'
        f"{exchange}\n{phones}{accounts}{more}"
    )
    system = System(folder, http_port, sip_port, await start(folder), numbers)
    try:
        await healthy(system, health)
        yield system
    finally:
        await stop(system)
    assert system.process.returncode == 0, system.log


@asynccontextmanager
async def talking(system: System) -> AsyncIterator[None]:
    """Two phones of our own in a call: 5000 has called 5001, the agent's, which answered by itself."""
    registrar = (HOST, system.sip_port)
    caller = Phone("5000", "5000", "5000" * 3, registrar, HOST)
    agent = Phone("5001", "5001", "5001" * 3, registrar, HOST, options=PhoneOptions(answers_after_s=0.0))
    try:
        await caller.register()
        await agent.register()
        await caller.call("5001")
        yield
    finally:
        # Where the server was killed nobody answers their farewells: each waits until SIP gives up, both at once.
        await asyncio.gather(caller.close(), agent.close())


async def start(folder: Path) -> asyncio.subprocess.Process:
    """Starts the server on the folder's configuration."""
    command = (sys.executable, "-m", "telegraphone", "serve", "--config", str(folder / "telegraphone.toml"))
    with (folder / "server.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, env={**os.environ, "NO_COLOR": "1"})


async def healthy(system: System, path: str = "/health") -> None:
    """Returns when the server answers; fails with its log when it does not."""
    async with httpx.AsyncClient(base_url=system.url, trust_env=False) as http:
        for _ in range(int(START_S / 0.1)):
            assert system.process.returncode is None, system.log
            try:
                if (await http.get(path)).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError(system.log)


async def stop(system: System) -> None:
    """Asks the server to end, and ends it when it does not."""
    if system.process.returncode is not None:
        return
    system.process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(system.process.wait(), STOP_S)
    except TimeoutError:
        system.process.kill()
        await system.process.wait()
