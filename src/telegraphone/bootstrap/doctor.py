"""Looks an installation over before it is started, or while it runs: what keeps it from recording, or will one day.

Nothing is changed: what is written to try something is removed again, and keys and tables that are not there yet are left to
the first start.
"""

import asyncio
import ctypes
import hashlib
import os
import resource
import shutil
import socket
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from telegraphone.bootstrap.database import DATABASE_FILE, open_engine_of
from telegraphone.bootstrap.vault import keys_used, place_of
from telegraphone.capture.sockets import enlarge
from telegraphone.config import Config
from telegraphone.database.engine import is_up_to_date
from telegraphone.endpoints.clock import SystemClock
from telegraphone.keystore.envelope import read_envelope
from telegraphone.keystore.transit import Transit
from telegraphone.limits import RECEIVE_BUFFER_BYTES
from telegraphone.media.errors import DamagedEnvelope, KeyMissing
from telegraphone.media.ports import FileFacts
from telegraphone.services.findings import Finding, Grade
from telegraphone.services.ports import Unavailable
from telegraphone.storage.folder_lock import FolderInUse, lock
from telegraphone.storage.memory import MemoryStore

_FILES_MIN: Final = 16_384
"""A recording takes some ten descriptors: this is room for 1,000 of them, and for the desktops of their agents."""
_SYNC_SLOW_S: Final = 0.05
"""An agent's pause is answered after two syncs or three."""
_CERTIFICATE_SOON: Final = timedelta(days=14)
_CLOCK_UNSYNCHRONISED: Final = 5


async def examine(config: Config) -> AsyncIterator[Finding]:
    """Everything that can be said of this machine and what the configuration names, best asked with the node stopped."""
    for finding in _here(config):
        yield finding
    where = config.database.url or str(Path(config.server.data_dir) / DATABASE_FILE)
    yield await _database(config, where)
    yield await asyncio.to_thread(_storage, config)


def _here(config: Config) -> Iterator[Finding]:
    """What needs nothing but this machine."""
    data = Path(config.server.data_dir)
    yield from _folder(data, config.recorder.disk_free_min_mb)
    yield from _keys(config)
    yield from _certificates(config)
    yield from _port_ranges(config)
    if data.is_dir() and _is_running(data):
        yield Finding(Grade.NOTE, "a node runs in this data folder: its ports were not tried")
    else:
        yield from _ports(config)
    yield from _machine()


def _folder(data: Path, free_min_mb: int) -> Iterator[Finding]:
    above = next(each for each in (data, *data.absolute().parents) if each.exists())
    if not data.is_dir():
        able = os.access(above, os.W_OK | os.X_OK)
        yield Finding(
            Grade.NOTE if able else Grade.WRONG,
            f"{data} is not there yet; "
            + ("the first start makes it" if able else f"and cannot be made: {above} is not writable"),
        )
    else:
        yield _written(data)
    free_mb = shutil.disk_usage(above).free // 1_000_000
    enough = free_mb >= free_min_mb
    text = f"{free_mb} MB are free for {data}"
    yield Finding(
        Grade.GOOD if enough else Grade.WRONG, text + ("" if enough else f": fewer than disk_free_min_mb, {free_min_mb}")
    )
    if above.stat().st_dev == Path("/").stat().st_dev:
        yield Finding(Grade.NOTE, f"{data} lies on the system's own file system: whatever else fills that ends recordings")


def _written(data: Path) -> Finding:
    """Whether files can be made durable there, and how long that takes."""
    probe, took_s = data / f".doctor-{uuid.uuid4()}", []
    try:
        with os.fdopen(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for _ in range(9):
                begun = time.monotonic()
                file.write(bytes(5_000))
                file.flush()
                os.fdatasync(file.fileno())
                took_s.append(time.monotonic() - begun)
    except OSError as error:
        return Finding(Grade.WRONG, f"{data} cannot be written: {error.strerror}")
    finally:
        probe.unlink(missing_ok=True)
    usual_s = statistics.median(took_s)
    text = f"a write to {data} is durable after {1000 * usual_s:.1f} ms"
    return (
        Finding(Grade.NOTE, text + ": agents will wait for their pauses") if usual_s > _SYNC_SLOW_S else Finding(Grade.GOOD, text)
    )


def _is_running(data: Path) -> bool:
    try:
        os.close(lock(data / "recording.lock", 0.0))
    except FolderInUse:
        return True
    except OSError:
        return False
    return False


def _keys(config: Config) -> Iterator[Finding]:
    folder = Path(keys_used(config).folder)
    if not folder.is_dir():
        yield Finding(Grade.NOTE, f"{folder} is not there yet: the first start makes the keys; back them up then")
        return
    if open_to := sorted(each.name for each in folder.rglob("*.key") if each.stat().st_mode & 0o077):
        yield Finding(Grade.WRONG, f"others on this machine may read keys: chmod 600 {', '.join(open_to)} in {folder}")
    try:
        store = keys_used(config).open()
    except (OSError, ValueError, DamagedEnvelope) as error:
        yield Finding(Grade.WRONG, f"the keys in {folder} cannot be used: {error}")
        return
    missing = store.ring.unconfirmed() if config.keys.kind == "file" else ()
    if missing:
        grade = Grade.WRONG if config.keys.backup == "require" else Grade.NOTE
        yield Finding(grade, f"nobody has read a back-up of {', '.join(missing)}: say `telegraphone key backup`, then `confirm`")
    elif config.keys.kind == "file":
        yield Finding(Grade.GOOD, f"every wrapping key in {folder} has a back-up that was read back")
    else:
        yield _key_service(config)


def _key_service(config: Config) -> Finding:
    keys = config.keys
    transit = Transit(
        keys.vault_address, keys.vault_mount, keys.vault_key, Path(keys.vault_token_file), authorities=keys.vault_authorities
    )
    tenant, dek_id, dek = config.tenants[0].name if config.tenants else "default", "0" * 32, os.urandom(32)
    try:
        (wrapped,) = transit.wrap(tenant, [(dek_id, dek)])
        right = transit.unwrap(read_envelope(wrapped)) == dek
    except (OSError, KeyMissing, DamagedEnvelope, ValueError) as error:
        return Finding(Grade.WRONG, f"{keys.vault_address} wraps no keys: {error}")
    return Finding(Grade.GOOD if right else Grade.WRONG, f"{keys.vault_address} wraps keys and opens them")


def _certificates(config: Config) -> Iterator[Finding]:
    for name in filter(None, (config.server.tls_certificate, config.exchange.tls_certificate)):
        try:
            certificate = x509.load_pem_x509_certificate(Path(name).read_bytes())
        except (OSError, ValueError) as error:
            yield Finding(Grade.WRONG, f"{name} is no certificate that can be read: {error}")
            continue
        left = certificate.not_valid_after_utc - datetime.now(UTC)
        grade = Grade.GOOD if left > _CERTIFICATE_SOON else Grade.WRONG
        yield Finding(grade, f"the certificate {name} is good for {max(0, left.days)} days")


def _port_ranges(config: Config) -> Iterator[Finding]:
    exchange, recorder = config.exchange, config.recorder
    phones = range(exchange.rtp_port_first, exchange.rtp_port_last + 1)
    copies = range(recorder.rtp_port_first, recorder.rtp_port_last + 1)
    if phones.start < copies.stop and copies.start < phones.stop:
        yield Finding(Grade.WRONG, "exchange.rtp_port_* and recorder.rtp_port_* overlap: give each ports of its own")
    yield Finding(Grade.GOOD, f"there are ports for {len(phones) // 4} calls of phones and {len(copies) // 4} recordings")


def _ports(config: Config) -> Iterator[Finding]:
    server, exchange, telemetry = config.server, config.exchange, config.telemetry
    wanted = [("server.listen_port", server.listen_host, server.listen_port, socket.SOCK_STREAM)]
    wanted += [
        ("exchange.sip_port", exchange.sip_host, exchange.sip_port, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)
    ]
    if exchange.tls_port:
        wanted.append(("exchange.tls_port", exchange.sip_host, exchange.tls_port, socket.SOCK_STREAM))
    if telemetry.metrics_port:
        wanted.append(("telemetry.metrics_port", telemetry.metrics_host, telemetry.metrics_port, socket.SOCK_STREAM))
    for name, host, port, kind in wanted:
        protocol = "TCP" if kind == socket.SOCK_STREAM else "UDP"
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as tried:
            if kind == socket.SOCK_STREAM:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((host, port))
            except OSError as error:
                yield Finding(Grade.WRONG, f"{name}: {host}:{port} by {protocol} cannot be had: {error.strerror}")
            else:
                yield Finding(Grade.GOOD, f"{name}: {host}:{port} by {protocol} is free")


def _machine() -> Iterator[Finding]:
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = files == resource.RLIM_INFINITY or files >= _FILES_MIN
    text = f"{files} files may be open"
    yield (
        Finding(Grade.GOOD, text)
        if enough
        else Finding(Grade.NOTE, f"{text}: raise LimitNOFILE to {_FILES_MIN} for 1,000 recordings")
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        enlarge(receiving)
        # The kernel keeps twice what is asked for, for what it needs beside the packets.
        granted = receiving.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
    if granted < RECEIVE_BUFFER_BYTES:
        yield Finding(
            Grade.WRONG,
            f"a socket may hold only {granted // 1024} KiB while the recorder is busy: "
            f"sysctl -w net.core.rmem_max={RECEIVE_BUFFER_BYTES}",
        )
    else:
        yield Finding(Grade.GOOD, f"a socket may hold {granted // 1024} KiB while the recorder is busy")
    told = ctypes.create_string_buffer(512)  # struct timex, of which nothing is set: adjtimex(2) then only reads
    if ctypes.CDLL(None).adjtimex(told) == _CLOCK_UNSYNCHRONISED:
        yield Finding(Grade.NOTE, "the clock is not synchronised: run an NTP client, or times in evidence are worth little")
    else:
        yield Finding(Grade.GOOD, "the clock is synchronised")


async def _database(config: Config, where: str) -> Finding:
    if not config.database.url and not await asyncio.to_thread(os.path.exists, where):
        return Finding(Grade.NOTE, f"{where} is not there yet: the first start makes it")
    try:
        engine = open_engine_of(config)
        try:
            newest = await is_up_to_date(engine)
        finally:
            await engine.dispose()
    except (OSError, ValueError, Unavailable) as error:
        return Finding(Grade.WRONG, f"the database {where} cannot be asked: {error}")
    if newest:
        return Finding(Grade.GOOD, f"the database {where} answers, and its tables are up to date")
    return Finding(Grade.NOTE, f"the database {where} answers; the next start brings its tables up to date: back it up before")


def _storage(config: Config) -> Finding:
    """A file there and back; where objects are locked only the way there is asked."""
    place, kind = place_of(config.storage, SystemClock()), config.storage.kind
    if place is None:
        return Finding(Grade.GOOD, "finished recordings stay in the data folder")
    name, content, probe = f"doctor/{uuid.uuid4()}", b"telegraphone", MemoryStore()
    probe.files[name], facts = bytearray(content), FileFacts(len(content), hashlib.sha256(content).hexdigest())
    try:
        if config.storage.object_lock != "none":
            place.holds(name, facts)
            return Finding(Grade.GOOD, f"the {kind} storage answers; as it locks objects, nothing was sent to it")
        place.keep(name, probe, facts)
        right = place.holds(name, facts)
        place.remove(name)
    except OSError as error:
        return Finding(Grade.WRONG, f"the {kind} storage cannot be used: {error}")
    return Finding(Grade.GOOD if right else Grade.WRONG, f"the {kind} storage took a file, proved it and removed it again")
