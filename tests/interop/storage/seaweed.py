"""A real S3 server for the tests: SeaweedFS on loopback, with one user, stopped and started again at will."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.interop.system import HOST, free_port

USER, SECRET = "telegraphone", "a secret of the tests"
START_S = 60.0
_GRPC_OFFSET = 10_000


@dataclass
class Seaweed:
    """The server and what reaches it."""

    folder: Path
    port: int
    ports: dict[str, int]
    process: subprocess.Popen[bytes] | None = None
    buckets: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://{HOST}:{self.port}"

    @property
    def client(self) -> Any:
        """A client of the server's only user."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=USER,
            aws_secret_access_key=SECRET,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=20),
        )

    def start(self) -> None:
        """Starts the server and waits until it takes buckets."""
        (self.folder / "s3.json").write_text(
            json.dumps(
                {
                    "identities": [
                        {
                            "name": USER,
                            "credentials": [{"accessKey": USER, "secretKey": SECRET}],
                            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
                        }
                    ]
                }
            )
        )
        (self.folder / "data").mkdir(exist_ok=True)
        options = [f"-{name}={value}" for name, value in self.ports.items()]
        command = [
            str(Path(sys.executable).with_name("weed")),
            "server",
            f"-dir={self.folder / 'data'}",
            f"-ip={HOST}",
            f"-ip.bind={HOST}",
            "-master.volumeSizeLimitMB=64",
            "-master.telemetry=false",
            "-volume.max=64",
            "-filer",
            "-s3",
            f"-s3.port={self.port}",
            f"-s3.config={self.folder / 's3.json'}",
            *options,
        ]
        with (self.folder / "weed.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + START_S
        while True:
            fine = self.process.poll() is None and time.monotonic() < deadline
            assert fine, (self.folder / "weed.log").read_text()[-4_000:]
            try:
                self.client.put_object(Bucket=self.bucket("ready", versioned=False), Key="ready", Body=b"ready")
            except (ClientError, BotoCoreError, httpx.HTTPError):
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        """Ends the server at once, as an outage does; what it has taken stays."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def bucket(self, name: str, *, versioned: bool) -> str:
        """A bucket of this name, made if it is new; `versioned` ones can lock objects."""
        if name not in self.buckets:
            self.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=versioned)
            self.buckets.add(name)
        return name


@contextmanager
def seaweed(folder: Path) -> Iterator[Seaweed]:
    """A server with its files in this folder."""
    ports = {}
    for name in ("master", "volume", "filer"):
        ports[f"{name}.port"] = free_port()
        ports[f"{name}.port.grpc"] = free_port()
    ports["s3.port.grpc"] = free_port()
    # Both would listen on a port of their own that is always the same.
    ports["s3.port.iceberg"] = ports["s3.port.lance"] = 0
    server = Seaweed(folder, free_port(), ports)
    try:
        server.start()
        yield server
    finally:
        server.stop()
