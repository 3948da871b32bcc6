"""A real server of Vault's Transit API for the tests: OpenBao on loopback, in memory."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.interop.system import HOST, free_port

TOKEN = "a token of the tests"
START_S = 60.0


@dataclass
class OpenBao:
    """The server and what reaches it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    @property
    def token_file(self) -> Path:
        """The file of a token that may do everything."""
        return self.folder / "token"

    def ask(self, method: str, path: str, **body: object) -> httpx.Response:
        """One request with that token."""
        return httpx.request(
            method, f"{self.url}/v1/{path}", json=body, headers={"X-Vault-Token": TOKEN}, timeout=5, trust_env=False
        )

    def start(self) -> None:
        """Starts the server with a Transit engine."""
        self.token_file.write_text(TOKEN + "\n")
        command = [str(Path(sys.executable).with_name("bao")), "server", "-dev", f"-dev-root-token-id={TOKEN}"]
        command += [f"-dev-listen-address={HOST}:{self.port}", "-dev-no-store-token"]
        with (self.folder / "bao.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "HOME": str(self.folder)})
        deadline = time.monotonic() + START_S
        while True:
            fine = self.process.poll() is None and time.monotonic() < deadline
            assert fine, (self.folder / "bao.log").read_text()[-4_000:]
            try:
                if self.ask("POST", "sys/mounts/transit", type="transit").is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)

    def stop(self) -> None:
        """Ends the server at once; it forgets everything."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def openbao(folder: Path) -> Iterator[OpenBao]:
    """A server with its files in this folder."""
    server = OpenBao(folder, free_port())
    try:
        server.start()
        yield server
    finally:
        server.stop()
