"""The whole program by TLS, a new certificate and new rights at SIGHUP, and who is still at work after a restart."""

import asyncio
import signal
import ssl
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509

from telegraphone.phone import Phone
from tests.interop.certificates import Authority
from tests.interop.system import AGENT, AGENTS, HOST, PASSWORD, free_port, free_sip_port, start, stop, telegraphone
from tests.interop.system import System as Running

PHONES = '\n[[phones]]\nnumber = "5001"\npassword = "x1"\n\n[[phones]]\nnumber = "5002"\npassword = "x2"\n'


def _configure(folder: Path, port: int) -> None:
    (folder / "telegraphone.toml").write_text(
        f'[server]\nexternal_url = "https://{HOST}:{port}"\nlisten_host = "{HOST}"\nlisten_port = {port}\n'
        f'tls_certificate = "tls.pem"\ntls_key = "tls.key"\n[exchange]\nsip_host = "{HOST}"\nsip_port = {free_sip_port()}\n'
        f"{PHONES}{AGENTS}"
    )


def _put(authority: Authority, folder: Path, name: str) -> None:
    for made, wanted in zip(authority.sign(name), ("tls.pem", "tls.key"), strict=True):
        (folder / wanted).write_bytes(made.read_bytes())


async def _until_it_answers(http: httpx.AsyncClient) -> httpx.Response:
    for _ in range(300):
        try:
            if (answer := await http.get("/health")).is_success:
                return answer
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("no answer")


async def _becomes(asked: Callable[[], Awaitable[object]], expected: object) -> None:
    for _ in range(250):
        answer = await asked()
        if answer == expected:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(answer)


def _make_supervisor(folder: Path) -> None:
    file = folder / "telegraphone.toml"
    text = file.read_text()
    assert text.count(f'user_name = "{AGENT}"') == 1
    file.write_text(text.replace(f'user_name = "{AGENT}"', f'user_name = "{AGENT}"\nroles = ["supervisor"]'))


async def _found(http: httpx.AsyncClient) -> object:
    return (await http.get("/api/v2/recordings?userName=*")).json()["statusCode"]


async def _shown(port: int, trusted: ssl.SSLContext) -> str:
    _, writer = await asyncio.open_connection(HOST, port, ssl=trusted)
    certificate = x509.load_der_x509_certificate(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
    writer.close()
    return certificate.subject.rfc4514_string()


async def test_the_program_serves_by_tls(tmp_path: Path) -> None:
    port, authority = free_port(), Authority(tmp_path)
    _configure(tmp_path, port)
    _put(authority, tmp_path, "first")
    trusted = ssl.create_default_context(cafile=authority.certificate)
    running = Running(tmp_path, port, 0, await start(tmp_path), ())
    try:
        client = httpx.AsyncClient(base_url=f"https://{HOST}:{port}", auth=(AGENT, PASSWORD), verify=trusted, trust_env=False)
        async with client as http:
            health = await _until_it_answers(http)
            assert health.json() == {"status": "ok", "parts": dict.fromkeys(("recorder", "switch", "database", "disk"), "ok")}
            answer = await http.get("/api/v2/me")
            assert "; Secure" in answer.headers["Set-Cookie"]
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
            assert answer.json()["user"]["uri"].startswith(f"https://{HOST}:{port}/api/v2/users/")
            _put(authority, tmp_path, "second")
            assert await _shown(port, trusted) == "CN=first"
            running.process.send_signal(signal.SIGHUP)
            await _becomes(lambda: _shown(port, trusted), "CN=second")
            assert (await http.get("/api/v2/me")).status_code == 200, "connections that were there go on"
            assert (await http.get("/api/v2/recordings?userName=*")).json()["statusCode"] == 5
            _make_supervisor(tmp_path)
            running.process.send_signal(signal.SIGHUP)
            await _becomes(lambda: _found(http), 0)
    finally:
        await stop(running)
    assert running.process.returncode == 0, running.log


async def _device(http: httpx.AsyncClient) -> Mapping[str, Any]:
    [device] = (await http.get("/api/v2/me/devices?fields=*")).json()["devices"]
    found: Mapping[str, Any] = device
    return found


async def test_a_restart_signs_no_agent_out(tmp_path: Path) -> None:
    async with telegraphone(tmp_path) as system:
        async with httpx.AsyncClient(base_url=system.url, auth=(AGENT, PASSWORD), trust_env=False) as http:
            phone = Phone("5001", "5001", "500150015001", (HOST, system.sip_port), HOST)
            await phone.register()
            session = {"operationName": "StartContactCenterSession", "channels": ["voice"]}
            assert (await http.post("/api/v2/me", json=session)).json() == {"statusCode": 0}
            assert (await http.post("/api/v2/me", json={"operationName": "AuxWork"})).json() == {"statusCode": 0}
            path = f"/api/v2/me/devices/{(await _device(http))['id']}"
            forward = {"operationName": "ForwardCallsOn", "destination": "5002"}
            assert (await http.post(path, json=forward)).json() == {"statusCode": 0}
            before = await _device(http)
            await phone.close()
            await stop(system)
        system.process = await start(tmp_path)
        async with httpx.AsyncClient(base_url=system.url, auth=(AGENT, PASSWORD), trust_env=False) as http:
            await _until_it_answers(http)
            assert (await _device(http))["deviceState"] == "Inactive", "no phone yet"
            phone = Phone("5001", "5001", "500150015001", (HOST, system.sip_port), HOST)
            await phone.register()
            await _becomes(lambda: _device(http), before)
            await phone.close()
