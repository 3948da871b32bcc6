"""Secrets that exist once in the world are pushed through a whole server, and then looked for in every line it said and every
file it wrote: they are found nowhere, and neither is what was said in a call that was recorded, or a key of it (properties
SEC-2, SEC-7; security 7: 16.2.5)."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher

from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.keystore.file import FileKeyStore
from telegraphone.limits import SEGMENT_FRAMES
from telegraphone.media import layout
from telegraphone.media.g711 import mu_to_linear
from telegraphone.phone import Phone, PhoneOptions
from telegraphone.phone.voices import FRAME_SAMPLES, Voice
from tests.interop.system import HOST, System, telegraphone

USER = "agent.of.canaries"
RECORDED_S = 1.5
"""Longer than a segment, so that some sound is sealed before the pause."""
API = "/api/v2"


def _canary(name: str) -> str:
    return f"canary-{name}-{secrets.token_hex(8)}"


@dataclass
class Canaries:
    """What must be found nowhere, by what it is."""

    password: str = field(default_factory=lambda: _canary("password"))
    wrong_password: str = field(default_factory=lambda: _canary("wrong"))
    password_as_user: str = field(default_factory=lambda: _canary("slip"))
    phone_password: str = field(default_factory=lambda: _canary("phone"))
    user_data: str = field(default_factory=lambda: _canary("data"))
    user_data_key: str = field(default_factory=lambda: _canary("key"))
    body: str = field(default_factory=lambda: _canary("body"))
    token: str = field(default_factory=lambda: _canary("token"))
    digits: str = field(default_factory=lambda: "".join(secrets.choice("123456789") for _ in range(18)))
    met: dict[str, str] = field(default_factory=dict)
    """Those that the server made."""
    spoken: list[bytes] = field(default_factory=list)
    """What a phone has said, frame by frame, as G.711."""

    keys: list[bytes] = field(default_factory=list)
    """What recordings are sealed with."""

    def voice(self, _: int) -> bytes:
        """Says what was never said before."""
        self.spoken.append(secrets.token_bytes(FRAME_SAMPLES))
        return self.spoken[-1]

    def all(self) -> Mapping[str, str]:
        made = {name: value for name, value in vars(self).items() if isinstance(value, str)}
        basic = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        return {**made, **self.met, "authorization": basic, "phone password's code": _code(self.phone_password)}


def _code(text: str) -> str:
    return base64.b64encode(text.encode()).decode().rstrip("=")


def _configuration(canaries: Canaries) -> str:
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    return f"""
[[phones]]
number = "5007"
password = "{canaries.phone_password}"

[[agents]]
user_name = "{USER}"
password_hash = "{cheap.hash(canaries.password)}"
phone = "5007"
roles = ["agent", "supervisor"]
"""


@asynccontextmanager
async def _phone(system: System, number: str, password: str, voice: Voice) -> AsyncIterator[Phone]:
    options = PhoneOptions(answers_after_s=0.1)
    phone = Phone(number, number, password, (HOST, system.sip_port), HOST, voice=voice, options=options)
    await phone.register()
    try:
        yield phone
    finally:
        await phone.close()


async def _tell(http: httpx.AsyncClient, path: str, **body: Any) -> None:
    response = await http.post(path, json=body)
    assert response.json() == {"statusCode": 0}, (body["operationName"], response.text)


async def _sign_in(http: httpx.AsyncClient, canaries: Canaries) -> None:
    response = await http.get(f"{API}/me")
    assert response.status_code == 200
    canaries.met |= {"cookie": http.cookies["JSESSIONID"], "csrf token": response.headers["X-CSRF-TOKEN"]}
    hello = {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}
    [answer] = (await http.post(f"{API}/notifications", json=[hello])).json()
    canaries.met["client id"] = answer["clientId"]


async def _recorded_call(http: httpx.AsyncClient, canaries: Canaries) -> None:
    """A call with user data and digits, recorded and paused."""
    await _tell(http, f"{API}/me", operationName="StartContactCenterSession", channels=["voice"])
    [device] = (await http.get(f"{API}/me/devices?fields=id")).json()["devices"]
    data = {canaries.user_data_key: {"card": canaries.user_data}}
    to = {"phoneNumber": "5001"}
    await _tell(http, f"{API}/me/devices/{device['id']}/calls", operationName="Dial", destination=to, userData=data)
    link = await _talking(http)
    await _tell(http, link, operationName="StartCallRecording")
    await asyncio.sleep(RECORDED_S)
    for operation in ("PauseCallRecording", "ResumeCallRecording", "StopCallRecording"):
        await _tell(http, link, operationName="SendDtmf", digits=canaries.digits)
        await _tell(http, link, operationName="UpdateUserData", userData={canaries.user_data: canaries.user_data_key})
        await _tell(http, link, operationName=operation)
    await _tell(http, link, operationName="Hangup")


async def _talking(http: httpx.AsyncClient) -> str:
    for _ in range(250):
        [call] = (await http.get(f"{API}/me/calls?fields=uri,state")).json()["calls"]
        if call["state"] == "Established":
            return str(call["uri"])
        await asyncio.sleep(0.1)
    raise AssertionError("nobody answered")


async def _mistakes(url: str, canaries: Canaries) -> None:
    """What people and programs send by mistake, and what must not be written down on that occasion either."""
    right = (USER, canaries.password)
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        for user, password in ((USER, canaries.wrong_password), (canaries.password_as_user, "x"), (USER, canaries.token)):
            assert (await http.get(f"{API}/me", auth=(user, password))).status_code == 403
        bearer = {"Authorization": f"Bearer {canaries.token}", "Cookie": f"JSESSIONID={canaries.token}"}
        assert (await http.get(f"{API}/me?token={canaries.token}", headers=bearer)).status_code == 403
        broken = f'{{"operationName": "{canaries.body}", '.encode()
        for body in (broken, broken + b'"x": 1}', f'["{canaries.body}"]'.encode()):
            assert (await http.post(f"{API}/me", content=body, auth=right)).status_code == 400
            assert (await http.post(f"{API}/notifications", content=body, auth=right)).status_code in {400, 500}
        assert (await http.get(f"{API}/{canaries.token}", auth=right)).status_code == 404
        for oddity in (b"GET / HTTP/9.9\r\nX: " + canaries.token.encode() + b"\r\n\r\n", canaries.token.encode() + b"\r\n\r\n"):
            await _say(url, oddity)


async def _say(url: str, data: bytes) -> None:
    reader, writer = await asyncio.open_connection(HOST, int(url.rpartition(":")[2]))
    writer.write(data)
    await reader.read()
    writer.close()


KEPT_IN_DATABASE = {"user_data", "user_data_key"}
"""What belongs to the list of recordings, because recordings are found by it; it is nowhere else."""


def _findings(system: System, canaries: Canaries) -> Iterator[str]:
    places = {"the log": system.log.encode()}
    places |= {str(path.relative_to(system.data)): path.read_bytes() for path in system.data.rglob("*") if path.is_file()}
    assert len(places) > 5, "there is something to look through"
    for place, content in places.items():
        for name, value in canaries.all().items():
            if name in KEPT_IN_DATABASE and place.startswith("telegraphone.db"):
                continue
            if value.encode() in content or value.encode("utf-16-le") in content:
                yield f"{name} in {place}"
        if any(each in content or mu_to_linear(each) in content for each in canaries.spoken):
            yield f"sound in {place}"
        if any(each in content or each.hex().encode() in content or base64.b64encode(each) in content for each in canaries.keys):
            yield f"a key in {place}"


async def _is_finished(system: System) -> None:
    """Returns when no file of the recording is still being moved."""
    async with asyncio.timeout(25):
        while any((system.data / "audio" / layout.LIVE).iterdir()):  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.1)


def _keys(system: System) -> list[bytes]:
    """Those of all recordings, those to come too, as the server would open them."""
    store, envelopes = FileKeyStore(system.data / "keys"), (system.data / "keys" / "envelopes").glob("*/*.json")
    return [store.open(DEFAULT_TENANT, path.stem) for path in envelopes]


async def test_no_secret_is_written_down(tmp_path: Path) -> None:
    canaries = Canaries()
    async with telegraphone(tmp_path, more=_configuration(canaries)) as system:
        phones = (("5007", canaries.phone_password), ("5001", "500150015001"))
        async with _phone(system, *phones[0], canaries.voice), _phone(system, *phones[1], canaries.voice):
            client = httpx.AsyncClient(base_url=system.url, auth=(USER, canaries.password), trust_env=False)
            async with client as http:
                await _sign_in(http, canaries)
                await _recorded_call(http, canaries)
            await _mistakes(system.url, canaries)
        await _is_finished(system)
        canaries.keys = _keys(system)
        assert len(canaries.keys) > 1, "of the journal and of sound"
        assert list(_findings(system, canaries)) == []
    assert list(_findings(system, canaries)) == [], "and nothing on the way out"
    sizes = {path.suffix: path.stat().st_size for path in (system.data / "audio").rglob("*")}
    assert sizes[".tgs"] > SEGMENT_FRAMES, "sound was kept"
    assert ".json" in sizes, "and the recording was finished"
    assert "login_failed" in system.log, "what happened is told, without the secrets"


def test_a_canary_is_found(tmp_path: Path) -> None:
    """The search itself, on a log and a file that have what must not be there."""
    canaries = Canaries(keys=[secrets.token_bytes(32)])
    (tmp_path / "data").mkdir()
    for number in range(6):
        (tmp_path / "data" / f"{number}").write_bytes(
            {
                2: canaries.keys[0],
                3: canaries.digits.encode(),
                4: b"RIFF" + canaries.voice(0),
                5: mu_to_linear(canaries.voice(1)),
            }.get(number, b"")
        )
    (tmp_path / "server.log").write_text(f"user said {canaries.user_data}")
    system = System(tmp_path, 0, 0, None, ())  # type: ignore[arg-type]  # nothing runs here
    assert set(_findings(system, canaries)) == {"a key in 2", "digits in 3", "sound in 4", "sound in 5", "user_data in the log"}
