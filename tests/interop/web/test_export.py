"""A call recorded by a started server is taken out over HTTP, and the package proves itself where there is no server."""

import asyncio
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx

from tests.interop.system import AGENT, HASH, PASSWORD, System, talking, telegraphone

COMPLIANCE = f'\n[[agents]]\nuser_name = "compliance.one"\npassword_hash = "{HASH}"\nroles = ["compliance"]\n'
TIME_S = 60.0


def _client(system: System, user: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"{system.url}/api/v2", auth=(user, PASSWORD), trust_env=False)


async def _recorded(system: System) -> str:
    async with talking(system), _client(system, AGENT) as http:
        call = (await http.get("/me/calls?fields=*")).json()["calls"][0]
        for operation in ("Start", "Pause", "Resume", "Stop"):
            answer = await http.post(f"/me/calls/{call['id']}", json={"operationName": f"{operation}CallRecording"})
            assert answer.json()["statusCode"] == 0
            await asyncio.sleep(0.5)
        return str(call["callUuid"])


def _verified(package: Path, signer: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "telegraphone", "verify", str(package), "--signer", signer]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIME_S, check=False)


async def test_an_export_verifies_offline_and_a_changed_one_does_not(tmp_path: Path) -> None:
    package = tmp_path / "export.zip"
    async with telegraphone(tmp_path, more=COMPLIANCE) as system:
        uuid = await _recorded(system)
        async with _client(system, "compliance.one") as http:
            async with asyncio.timeout(25):
                # What has ended is written behind its call's back.
                while (answer := await http.get(f"/recordings/{uuid}/export")).status_code == 404:  # noqa: ASYNC110 - no event
                    await asyncio.sleep(0.1)
            assert answer.status_code == 200, answer.text
            package.write_bytes(answer.content)
        signer = (system.data / "keys" / "signing.pub").read_text().strip()
    intact = await asyncio.to_thread(_verified, package, signer)
    assert intact.returncode == 0, intact.stdout + intact.stderr
    names = zipfile.ZipFile(package).namelist()
    assert any(name.endswith(".wav") for name in names), names

    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(package) as whole, zipfile.ZipFile(changed, "w") as copy:
        for name in names:
            content = whole.read(name)
            copy.writestr(name, content[:-1] + bytes([content[-1] ^ 1]) if name.endswith(".wav") else content)
    found = await asyncio.to_thread(_verified, changed, signer)
    assert found.returncode == 1, found.stdout + found.stderr
    assert ".wav" in found.stdout
