"""What a recorder worker is given in these tests: a real disk below a directory, keys in files."""

import os
import re
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from telegraphone.capture import tap, worker
from telegraphone.capture.disk import DiskSink
from telegraphone.capture.files import Workshop
from telegraphone.capture.finishing import Ended, Finished, Library
from telegraphone.capture.key_pool import KeyPool
from telegraphone.capture.worker import Ports
from telegraphone.keystore.file import FileKeyStore
from telegraphone.media.memory import Room
from telegraphone.storage.local import LocalSource


def utc() -> datetime:
    return datetime.now(UTC)


def disk_ports(data: str, keys: str) -> Ports:
    """Files below `data`, keys below `keys`."""
    sink = DiskSink(Path(data))
    store = FileKeyStore(Path(keys))
    library = Library(LocalSource(Path(data)), DiskSink(Path(data)), store, store, utc, "test")
    return Ports(sink, library, Workshop(sink, KeyPool(store), utc))


@dataclass(frozen=True, slots=True)
class WaitingLibrary(Library):
    """Finishes nothing before there is a file `told`; a test that fails is not waited for."""

    told: Path = Path()

    def finish(self, ended: Sequence[Ended]) -> list[Finished]:
        given_up = time.monotonic() + 20
        while not self.told.exists() and time.monotonic() < given_up:
            time.sleep(0.02)
        return Library.finish(self, ended)


def disk_ports_that_finish_when_told(data: str, keys: str) -> Ports:
    """The same, but what has ended waits for a file named `finish` beside `data`."""
    ports, store = disk_ports(data, keys), FileKeyStore(Path(keys))
    told = Path(data).with_name("finish")
    library = WaitingLibrary(LocalSource(Path(data)), DiskSink(Path(data)), store, store, utc, "test", told=told)
    return Ports(ports.sink, library, ports.workshop)


def leave_little_memory(process: int, more_bytes: int) -> None:
    """From now on the kernel gives the process only so much more than it has."""
    (line,) = re.findall(r"VmData:\s*(\d+) kB", Path(f"/proc/{process}/status").read_text())
    limit = int(line) * 1_024 + more_bytes
    resource.prlimit(process, resource.RLIMIT_DATA, (limit, limit))


def disk_ports_with_little_memory(data: str, keys: str) -> Ports:
    """The same, with room for the stacks of a worker's three threads and 6 MB besides, in each of its lives."""
    ports = disk_ports(data, keys)
    stack, _ = resource.getrlimit(resource.RLIMIT_STACK)
    leave_little_memory(os.getpid(), 3 * min(stack, 8 << 20) + (6 << 20))
    return ports


def disk_ports_with_little_room(data: str, keys: str) -> Ports:
    """The same, with room for half a second of a call before its start."""
    setattr(worker, "Room", partial(Room, 8_000))  # noqa: B010 -- in this process alone, which is the worker's
    return disk_ports(data, keys)


def disk_ports_that_wait_for_sound(data: str, keys: str) -> Ports:
    """The same, but while a call is being recorded silence fills nothing until it is a minute and more behind."""
    setattr(tap, "_BEHIND", 70 * 8_000)  # noqa: B010 -- as above
    return disk_ports(data, keys)


def disk_ports_unless_broken(data: str, keys: str) -> Ports:
    """The same, but the worker dies of it while a file named `broken` is in `data`."""
    if (Path(data) / "broken").exists():
        raise RuntimeError("broken, as the test wishes")
    return disk_ports(data, keys)
