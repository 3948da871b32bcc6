"""A real Asterisk of the test's own, on the sample configuration of deploy/asterisk, on loopback ports that are free.

The sample is used as it is, but for what `_here` puts in: ports, passwords, folders. A test may change more of it, or add to it.
"""

import asyncio
import math
import os
import random
import re
import signal
import struct
import subprocess
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import httpx

from tests.interop.system import HOST, free_port, free_sip_port

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "deploy" / "asterisk"
USER, PASSWORD, APPLICATION = "telegraphone", "sesame of the tests", "telegraphone"
AGENTS, CUSTOMERS = ("5001", "5002"), ("5000",)
TRUNK_HOST = "127.0.0.2"
RTP_PORTS = 400
START_S, STOP_S, POLL_S = 60.0, 25.0, 0.025
PHONE_ANSWERS_S = 25

Changes = Mapping[str, Sequence[tuple[str, str]]]
"""By file, what stands in the sample and what stands there instead."""


@dataclass(slots=True)
class Asterisk:
    """One running Asterisk and where to reach it."""

    folder: Path
    ari_port: int
    sip_port: int
    rtp_ports: range
    process: asyncio.subprocess.Process
    http: httpx.AsyncClient = field(repr=False)
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The base URL of ARI."""
        return f"http://{HOST}:{self.ari_port}/ari"

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        """What it has said of itself so far."""
        with suppress(FileNotFoundError):
            return (self.folder / "log" / "messages.log").read_text(errors="replace")
        return ""

    async def ari(self, method: str, path: str, **parameters: str) -> httpx.Response:
        """One request of ARI, as `GET`, `/channels`."""
        return await self.http.request(method, self.url + path, params=parameters)

    async def ids(self, kind: str) -> list[str]:
        """The ids of all `channels` or `bridges` there are."""
        return [each["id"] for each in (await self.ari("GET", f"/{kind}")).json()]

    async def reaches(self, number: str) -> None:
        """Waits until this phone can be called: it has registered, and answered when it was asked whether it is there."""
        for _ in range(int(PHONE_ANSWERS_S / POLL_S)):
            if (await self.ari("GET", f"/endpoints/PJSIP/{number}")).json()["state"] == "online":
                return
            await asyncio.sleep(POLL_S)
        raise AssertionError(self.log)

    async def console(self, command: str) -> str:
        """What the console answers to a command."""
        process = await asyncio.create_subprocess_exec(*_command(self.folder), "-rx", command, stdout=PIPE, stderr=DEVNULL)
        out, _ = await asyncio.wait_for(process.communicate(), STOP_S)
        return out.decode(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """Sends the process a signal: kill it, stop it, let it go on."""
        self.process.send_signal(number)

    async def ends(self) -> None:
        """Waits until the process has ended."""
        await asyncio.wait_for(self.process.wait(), STOP_S)

    async def start_again(self) -> None:
        """Starts it anew on the same configuration and ports, after its end."""
        assert self.process.returncode is not None
        self.process = await _spawn(self.folder, self.environment)
        await _ready(self)


@cache
def home() -> Path:
    """The folder of the tests' Asterisk, fetched if it is not there yet."""
    answer = subprocess.run([ROOT / "scripts" / "setup-asterisk"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(answer.stdout.strip())


def version() -> str:
    """As Asterisk names it: "Asterisk 22.10.1…"."""
    return (home() / "version").read_text().strip()


@asynccontextmanager
async def asterisk(
    folder: Path,
    *,
    agents: Sequence[str] = AGENTS,
    customers: Sequence[str] = CUSTOMERS,
    changes: Changes | None = None,
    more: Mapping[str, str] | None = None,
    rtp_ports: int = RTP_PORTS,
    must_be_sound: bool = True,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Asterisk]:
    """An Asterisk with these agents' phones and these outside lines (endpoints of the trunk's context that register; password:
    the number, thrice). `changes` are made to the sample's files and `more` is added to them. Ends with the block."""
    ari_port, sip_port = free_port(), free_sip_port()
    first = random.randrange(20_000, 32_000, 2)
    rtp = range(first, first + rtp_ports)
    files = _here(folder, ari_port, sip_port, rtp, agents, customers)
    for name, pairs in (changes or {}).items():
        files[name] = _changed(name, files[name], pairs)
    for name, text in (more or {}).items():
        files[name] = files.get(name, "") + text
    etc = folder / "etc"
    etc.mkdir(parents=True)
    for name, text in files.items():
        (etc / name).write_text(text)
    process = await _spawn(folder, environment or {})
    async with httpx.AsyncClient(auth=(USER, PASSWORD), trust_env=False, timeout=START_S) as http:
        server = Asterisk(folder, ari_port, sip_port, rtp, process, http, environment or {})
        try:
            if must_be_sound:
                await _ready(server)
                await _sound(server)
            yield server
        finally:
            await _stop(server)


def _here(
    folder: Path, ari_port: int, sip_port: int, rtp: range, agents: Sequence[str], customers: Sequence[str]
) -> dict[str, str]:
    """The sample, with what is of this test and this machine."""
    files = {path.name: path.read_text() for path in SAMPLE.glob("*.conf")}
    sample_agents = [number for number in agents if number in AGENTS]
    here: Changes = {
        "asterisk.conf": [("[options]", _directories(folder) + "\n[options]")],
        "http.conf": [("bindport = 8088", f"bindport = {ari_port}")],
        "ari.conf": [("password = change-this-password", f"password = {PASSWORD}")],
        "rtp.conf": [("rtpstart = 20000", f"rtpstart = {rtp.start}"), ("rtpend = 29999", f"rtpend = {rtp.stop - 1}")],
        "pjsip.conf": [
            ("bind = 0.0.0.0:5060", f"bind = {HOST}:{sip_port}"),
            ("match = 192.0.2.10", f"match = {TRUNK_HOST}"),
            ("contact = sip:192.0.2.10:5060", f"contact = sip:{TRUNK_HOST}:{sip_port}"),
            ("qualify_frequency = 60", "qualify_frequency = 0"),
            # A phone on a busy machine may take longer to answer than the 3 s after which Asterisk takes it for gone.
            ("qualify_frequency = 30", f"qualify_frequency = 30\nqualify_timeout = {PHONE_ANSWERS_S}"),
            *((f"password = change-this-{number}", f"password = {number * 3}") for number in sample_agents),
        ],
        "musiconhold.conf": [("directory = moh", f"directory = {folder / 'moh'}")],
    }
    for name, pairs in here.items():
        files[name] = _changed(name, files[name], pairs)
    more = [_phone(number, "from-agents") for number in agents if number not in AGENTS]
    more += [_phone(number, "from-trunk") for number in customers]
    files["pjsip.conf"] += "".join(more)
    files["modules.conf"] = _without_missing_modules(files["modules.conf"])
    _write_music(folder / "moh")
    return files


def _changed(name: str, text: str, pairs: Sequence[tuple[str, str]]) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, f"{name} has {text.count(old)} times: {old}"
        text = text.replace(old, new)
    return text


def _phone(number: str, context: str) -> str:
    return (
        f'\n[{number}](agent)\ncontext = {context}\nauth = {number}\naors = {number}\ncallerid = "Phone {number}" <{number}>\n'
        f"[{number}](agent-auth)\nusername = {number}\npassword = {number * 3}\n[{number}](agent-aor)\n"
    )


def _directories(folder: Path) -> str:
    places = {"astmoddir": home() / "modules", "astdatadir": home() / "root/usr/share/asterisk", "astetcdir": folder / "etc"}
    places |= {f"ast{name}dir": folder / name for name in ("varlib", "db", "key", "cache", "agi", "spool", "run", "log")}
    for name in ("varlib", "db", "key", "cache", "agi", "spool/recording", "spool/monitor", "spool/tmp", "run", "log"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return "[directories]\n" + "".join(f"{name} = {path}\n" for name, path in places.items())


def _without_missing_modules(text: str) -> str:
    """The fallback of scripts/setup-asterisk, Asterisk 16, lacks some modules."""
    there = {path.name for path in (home() / "modules").iterdir()}
    lines = text.splitlines()
    return "\n".join(line for line in lines if not line.startswith("load = ") or line.removeprefix("load = ") in there) + "\n"


def _write_music(folder: Path) -> None:
    """Music on hold: a tone of 300 Hz, five seconds, in Asterisk's raw 16 bit format."""
    folder.mkdir(parents=True)
    wave = (int(6_000 * math.sin(math.tau * 300 * n / 8_000)) for n in range(40_000))
    (folder / "tone.sln").write_bytes(b"".join(struct.pack("<h", sample) for sample in wave))


def _command(folder: Path) -> list[str]:
    return [str(home() / "asterisk"), "-C", str(folder / "etc" / "asterisk.conf")]


async def _spawn(folder: Path, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    with (folder / "log" / "console").open("ab") as out:
        # A group of its own: a Ctrl-C at the test's terminal is the test's to handle.
        return await asyncio.create_subprocess_exec(
            *_command(folder),
            "-f",
            stdin=DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env=os.environ | environment,
        )


async def _ready(server: Asterisk) -> None:
    for _ in range(int(START_S / POLL_S)):
        assert server.process.returncode is None, server.log
        with suppress(httpx.TransportError):
            if (await server.ari("GET", "/asterisk/info")).is_success:
                return
        await asyncio.sleep(POLL_S)
    raise AssertionError(server.log)


async def _sound(server: Asterisk) -> None:
    """The sample starts without a complaint and with every module it names."""
    complaints = [line for line in server.log.splitlines() if re.search(r"\b(WARNING|ERROR)\[", line)]
    assert not complaints, "\n".join(complaints)
    wanted = set(re.findall(r"(?m)^load = (\S+)", (server.folder / "etc" / "modules.conf").read_text()))
    modules = (await server.ari("GET", "/asterisk/modules")).json()
    missing = wanted - {module["name"] for module in modules if module["status"] == "Running"}
    assert not missing, f"{sorted(missing)} do not run"


async def _stop(server: Asterisk) -> None:
    if server.process.returncode is None:
        with suppress(ProcessLookupError):
            server.signal(signal.SIGCONT)  # a test may have stopped it
            server.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(server.process.wait(), STOP_S)
        except TimeoutError:
            server.process.kill()
            await server.process.wait()
