"""Keeps finished recordings as whole things: what is there, proved by its manifest, and its end by destroyed keys.

Erasing goes keys first: from then on no copy opens, wherever it is. Of the files the manifest goes last, so that an erasure
that a crash interrupted is found again and finished by asking once more.
"""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from telegraphone.domain.errors import RecordingLocked
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.media import layout
from telegraphone.media.errors import DamagedEnvelope, DamagedManifest
from telegraphone.media.manifest import Manifest, load_manifest
from telegraphone.media.ports import KeyStore, SealedPlace, SealedSource
from telegraphone.services.archive_ports import Erased, KeptFile, KeptRecording
from telegraphone.services.ports import Unavailable
from telegraphone.storage.turns import Turns

PORT: Final = "archive"
Result = TypeVar("Result")


class SealedArchive:
    """An `Archive` over the places where sealed recordings lie."""

    def __init__(
        self,
        source: SealedSource,
        places: Sequence[SealedPlace],
        keys: KeyStore,
        trusted: Collection[bytes],
        *,
        turns: Turns,
        utc: Callable[[], datetime],
        locked: timedelta = timedelta(0),
    ) -> None:
        """`source` reads all `places` as one; `trusted` are the raw public keys of the nodes whose manifests are believed. For
        so long after it was sealed a recording is `locked`."""
        self._source = source
        self._places = tuple(places)
        self._keys = keys
        self._trusted = frozenset(trusted)
        self._turns = turns
        self._utc = utc
        self._locked = locked

    async def kept(self, recording_id: RecordingId) -> KeptRecording:
        """See `Archive.kept`."""
        return await self._in_thread(lambda: kept_recording(self._manifest(recording_id)))

    async def erase(self, recording_id: RecordingId) -> Erased:
        """See `Archive.erase`."""
        async with self._turns.of(recording_id):
            return await self._in_thread(lambda: self._erase(self._manifest(recording_id)))

    def _manifest(self, recording_id: str) -> Manifest:
        try:
            manifest = load_manifest(self._source, layout.sealed_directory(recording_id), self._trusted)
        except (FileNotFoundError, ValueError):
            raise KeyError(recording_id) from None
        if manifest.recording != recording_id:
            raise DamagedManifest("the manifest is another recording's")
        return manifest

    def _erase(self, manifest: Manifest) -> Erased:
        if self._utc() < (until := manifest.sealed_at + self._locked):
            raise RecordingLocked(RecordingId(manifest.recording), until)
        destroyed = sum(self._keys.erase(manifest.tenant, dek_id) for dek_id in manifest.dek_ids)
        directory = layout.sealed_directory(manifest.recording)
        left = set()
        for place in self._places:
            for name in sorted(_names(place, directory), key=_manifest_last):
                try:
                    place.remove(f"{directory}/{name}")
                except FileNotFoundError:
                    continue
                except OSError:
                    left.add(name)
        return Erased(kept_recording(manifest), destroyed, tuple(sorted(left)))

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        try:
            return await asyncio.to_thread(work)
        except (DamagedManifest, DamagedEnvelope) as error:
            raise Unavailable(PORT, str(error), retryable=False) from error
        except OSError as error:
            raise Unavailable(PORT, str(error)) from error


def kept_recording(manifest: Manifest) -> KeptRecording:
    """The same facts in the words of the use cases."""
    return KeptRecording(
        recording_id=RecordingId(manifest.recording),
        tenant=manifest.tenant,
        call_uuid=CallUuid(manifest.call),
        started_at=manifest.started_at,
        manifest_sha256=hashlib.sha256(manifest.to_bytes()).hexdigest(),
        files=tuple(KeptFile(name, *facts) for name, facts in manifest.files.items()),
    )


def _manifest_last(name: str) -> tuple[int, str]:
    return (layout.SIGNATURE, layout.MANIFEST).index(name) + 1 if name in (layout.SIGNATURE, layout.MANIFEST) else 0, name


def _names(place: SealedPlace, directory: str) -> Sequence[str]:
    try:
        return place.list(directory)
    except FileNotFoundError:
        return ()
