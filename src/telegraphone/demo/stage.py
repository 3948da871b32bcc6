"""Sets the demonstration up: a folder with a configuration of its own, fresh secrets, and a server process running on it."""

import asyncio
import json
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from argon2 import PasswordHasher

HOST = "127.0.0.1"
CALLER_DN, AGENT_DN, SPARE_DN = "5000", "5001", "5002"
AGENT, SUPERVISOR = "agent.one", "supervisor.one"
_HTTP_PORT, _SIP_PORT = 8080, 5060
_START_S, _STOP_S = 20.0, 20.0

_CONFIGURATION = """\
# Made by `telegraphone demo`; every key is explained in docs/reference/configuration.md.
[server]
external_url = "{url}"
listen_host = "{host}"
listen_port = {http_port}
data_dir = "{data}"

[exchange]
sip_host = "{host}"
sip_port = {sip_port}

[[phones]]
number = "5000"
password = "{phones[5000]}"

[[phones]]
number = "5001"
password = "{phones[5001]}"

[[phones]]
number = "5002"
password = "{phones[5002]}"

[[agents]]
user_name = "agent.one"
first_name = "Agent"
last_name = "One"
password_hash = "{agent_hash}"
phone = "5001"

[[agents]]
user_name = "supervisor.one"
first_name = "Supervisor"
last_name = "One"
password_hash = "{supervisor_hash}"
roles = ["supervisor"]
"""


class StageError(Exception):
    """The demonstration cannot be set up; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The passwords of the demonstration, made on its first run and kept in its folder, readable by its owner only."""

    phones: dict[str, str]
    agents: dict[str, str]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything is: the folder, the server's addresses, the passwords."""

    folder: Path
    url: str
    sip_port: int
    secrets: Secrets

    @property
    def configuration(self) -> Path:
        """The server's configuration file."""
        return self.folder / "telegraphone.toml"

    @property
    def log(self) -> Path:
        """What the server says of itself."""
        return self.folder / "server.log"


def prepare(folder: Path) -> Stage:
    """Makes the folder or takes over the one of an earlier run, and writes a configuration on free ports into it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = _secrets(folder / "passwords.json")
    http_port, sip_port = _free(_HTTP_PORT, socket.SOCK_STREAM), _free(_SIP_PORT, socket.SOCK_DGRAM)
    stage = Stage(folder, f"http://{HOST}:{http_port}", sip_port, kept)
    hasher = PasswordHasher()
    text = _CONFIGURATION.format(
        url=stage.url,
        host=HOST,
        http_port=http_port,
        sip_port=sip_port,
        data=(folder / "data").resolve(),
        phones={int(number): password for number, password in kept.phones.items()},
        agent_hash=hasher.hash(kept.agents[AGENT]),
        supervisor_hash=hasher.hash(kept.agents[SUPERVISOR]),
    )
    _write_private(stage.configuration, text)
    return stage


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[None]:
    """The server as a process of its own, from its first healthy answer to its clean end."""
    command = (sys.executable, "-m", "telegraphone", "serve", "--config", str(stage.configuration))
    with stage.log.open("wb") as log:
        server = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, start_new_session=True)
    try:
        await _healthy(stage, server)
        yield
    finally:
        if server.returncode is None:
            server.terminate()
            try:
                await asyncio.wait_for(server.wait(), _STOP_S)
            except TimeoutError:
                server.kill()
                await server.wait()


async def _healthy(stage: Stage, server: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient(base_url=stage.url, trust_env=False) as http, asyncio.timeout(_START_S):
        while server.returncode is None:
            try:
                if (await http.get("/health")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise StageError(f"the server did not start; its log is {stage.log}")


def _secrets(path: Path) -> Secrets:
    if path.exists():
        return Secrets(**json.loads(path.read_text()))
    made = Secrets(
        phones={number: secrets.token_urlsafe(9) for number in (CALLER_DN, AGENT_DN, SPARE_DN)},
        agents={name: secrets.token_urlsafe(9) for name in (AGENT, SUPERVISOR)},
    )
    _write_private(path, json.dumps(asdict(made), indent=1))
    return made


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _free(preferred: int, kind: socket.SocketKind) -> int:
    """The well-known port, or any free one where somebody has that already."""
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StageError("no free port on the loopback interface")
