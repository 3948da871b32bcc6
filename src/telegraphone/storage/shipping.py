"""Sends sealed files to the place where they are kept, and removes them here only when they are proved to be there.

A recording is sent when it is finished; of a long one, each file that is complete before the call is over. What was sent is
proved by its SHA-256, which is told, and its end must be listed, before anything here is removed, the manifest last, so that
whatever breaks off is begun again. While the place is away recordings wait on this machine's disk; one that cannot be sent
keeps no other waiting, and is tried again after a time that doubles.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from telegraphone.limits import (
    MANIFEST_BYTES_MAX,
    SHIPPING_AT_ONCE_MAX,
    SHIPPING_PERIOD_S,
    SHIPPING_REST_S_MAX,
    SHIPPING_REST_S_MIN,
)
from telegraphone.media import layout
from telegraphone.media.errors import DamagedManifest
from telegraphone.media.manifest import Manifest, file_hash, load_manifest
from telegraphone.media.ports import FileFacts, SealedPlace, SealedSource
from telegraphone.storage.turns import Turns

log = structlog.get_logger()

_FACTS: Final = (layout.SIGNATURE, layout.MANIFEST)


@dataclass(slots=True)
class _Rest:
    """When a recording that could not be sent is tried again."""

    until: datetime
    wait_s: float
    away: bool
    """Whether the place is to blame, and not the recording."""


@dataclass(frozen=True, slots=True)
class LiveAsSealed:
    """A `SealedSource` that shows a recording's live directory where it will lie in the end."""

    home: SealedSource
    recording: str

    def list(self, directory: str) -> Sequence[str]:
        """See `SealedSource.list`."""
        return self.home.list(self._live(directory))

    def size(self, path: str) -> int:
        """See `SealedSource.size`."""
        return self.home.size(self._live(path))

    def read(self, path: str, offset: int, length: int) -> bytes:
        """See `SealedSource.read`."""
        return self.home.read(self._live(path), offset, length)

    def _live(self, path: str) -> str:
        return path.replace(layout.sealed_directory(self.recording), layout.live_directory(self.recording), 1)


class Shipping:
    """A task of the node; `run` it."""

    def __init__(
        self,
        home: SealedPlace,
        place: SealedPlace,
        trusted: Collection[bytes],
        *,
        turns: Turns,
        arrived: Callable[[Manifest], Awaitable[bool]],
        utc: Callable[[], datetime],
        keep: timedelta = timedelta(0),
    ) -> None:
        """From `home` to `place`; `arrived` tells that a whole recording is proved there, and answers whether the catalogue has
        its end, which is found nowhere else if it has not; `keep` is how long finished recordings stay at home besides, for
        quick playing."""
        self._home = home
        self._place = place
        self._trusted = frozenset(trusted)
        self._turns = turns
        self._arrived = arrived
        self._utc = utc
        self._keep = keep
        self._resting: dict[str, _Rest] = {}
        self._proved: set[str] = set()
        self._told: set[str] = set()
        self._early: set[str] = set()

    @property
    def well(self) -> bool:
        """Whether the place took everything it was sent."""
        return not any(rest.away for rest in self._resting.values())

    @property
    def waiting(self) -> int:
        """Recordings that could not be sent and will be tried again."""
        return len(self._resting)

    async def run(self) -> None:
        """Sends what there is to send, for ever."""
        while True:
            await self.round()
            await asyncio.sleep(SHIPPING_PERIOD_S)

    async def round(self) -> None:
        """Tries everything once that does not rest."""
        finished = await asyncio.to_thread(self._finished)
        live = await asyncio.to_thread(_names, self._home, layout.LIVE)
        for forgotten in (self._proved - set(finished), self._resting.keys() - {*finished, *live}):
            for recording in forgotten:
                self._proved.discard(recording)
                self._told.discard(recording)
                self._resting.pop(recording, None)
        self._early = {path for path in self._early if path.split("/")[-2] in live}
        now, room = self._utc(), asyncio.Semaphore(SHIPPING_AT_ONCE_MAX)
        async with asyncio.TaskGroup() as tasks:
            for recording in dict.fromkeys((*finished, *live)):
                rest = self._resting.get(recording)
                if rest is None or rest.until <= now:
                    tasks.create_task(self._attempt(recording, room, finished=recording in finished))

    async def _attempt(self, recording: str, room: asyncio.Semaphore, *, finished: bool) -> None:
        work = self._finish if finished else self._ship_early
        async with room, self._turns.of(recording):
            try:
                await work(recording)
            except FileNotFoundError:
                # It was finished, erased or discarded meanwhile; if not, the next round finds it again.
                return
            except (OSError, DamagedManifest) as error:
                self._failed(recording, error)
            else:
                if self._resting.pop(recording, None):
                    log.info("recording_stored_late", recording=recording, still_waiting=self.waiting)

    def _failed(self, recording: str, error: Exception) -> None:
        before = self._resting.get(recording)
        wait_s = min(SHIPPING_REST_S_MAX, 2 * before.wait_s) if before else SHIPPING_REST_S_MIN
        self._resting[recording] = _Rest(self._utc() + timedelta(seconds=wait_s), wait_s, isinstance(error, OSError))
        log.error("recording_not_stored", recording=recording, error=str(error), again_in_s=wait_s, waiting=self.waiting)

    async def _finish(self, recording: str) -> None:
        manifest = await asyncio.to_thread(self._ship, recording)
        if recording not in self._told:
            if not await self._arrived(manifest):
                return
            self._told.add(recording)
        if manifest.sealed_at + self._keep <= self._utc():
            await asyncio.to_thread(self._remove, manifest)

    async def _ship_early(self, recording: str) -> None:
        await asyncio.to_thread(self._ship_complete, recording)

    # --- in a worker thread ---------------------------------------------------------------------------------------

    def _finished(self) -> list[str]:
        return [name for shard in _names(self._home, layout.SEALED) for name in _names(self._home, f"{layout.SEALED}/{shard}")]

    def _ship(self, recording: str) -> Manifest:
        directory = layout.sealed_directory(recording)
        manifest = load_manifest(self._home, directory, self._trusted)
        if recording not in self._proved:
            for name, facts in manifest.files.items():
                self._send(f"{directory}/{name}", self._home, facts)
            for name in _FACTS:
                content = self._home.read(f"{directory}/{name}", 0, MANIFEST_BYTES_MAX)
                self._send(f"{directory}/{name}", self._home, FileFacts(len(content), hashlib.sha256(content).hexdigest()))
            self._proved.add(recording)
        return manifest

    def _ship_complete(self, recording: str) -> None:
        """Sends what is complete of a recording that is still being made: a stream's files before its last (W3), in case
        this machine is lost. They stay here until the manifest has named them."""
        live = layout.live_directory(recording)
        numbers = [parts for parts in map(layout.segment_file_parts, self._home.list(live)) if parts]
        for stream, epoch in numbers:
            name = layout.segment_file(stream, epoch)
            if f"{live}/{name}" in self._early or epoch >= max(last for each, last in numbers if each == stream):
                continue
            facts = FileFacts(self._home.size(f"{live}/{name}"), file_hash(self._home, f"{live}/{name}"))
            self._send(f"{layout.sealed_directory(recording)}/{name}", LiveAsSealed(self._home, recording), facts)
            self._early.add(f"{live}/{name}")

    def _send(self, path: str, content: SealedSource, facts: FileFacts) -> None:
        """Returns when exactly this content is proved to be there."""
        if not self._place.holds(path, facts):
            self._place.keep(path, content, facts)
            if not self._place.holds(path, facts):
                raise OSError(f"{path} is not there as it was sent")

    def _remove(self, manifest: Manifest) -> None:
        for name in (*manifest.files, *_FACTS):
            with suppress(FileNotFoundError):
                self._home.remove(f"{layout.sealed_directory(manifest.recording)}/{name}")


def _names(source: SealedSource, directory: str) -> Sequence[str]:
    try:
        return source.list(directory)
    except FileNotFoundError:
        return ()
