"""Keeps finished recordings as whole things: what is there, proved by its manifest, and its end by destroyed keys.

Erasing goes keys first: from then on no copy opens, wherever it is. Of the files the manifest goes last, so that an erasure
that a crash interrupted is found again and finished by asking once more.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from telegraphone.domain.errors import RecordingLocked
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.media import layout, reports
from telegraphone.media.manifest import Manifest, signed
from telegraphone.media.ports import KeyStore, SealedPlace, SealedSource, Signer
from telegraphone.media.redaction import redact
from telegraphone.media.verify import journal_records, verify
from telegraphone.services.archive_ports import Erased, KeptFile, KeptRecording, Order, Redacted, SignedDocument, StoneOrder
from telegraphone.storage.content import keep_content
from telegraphone.storage.exporting import Exporter
from telegraphone.storage.finished import in_thread, manifest_of
from telegraphone.storage.turns import Turns


@dataclass(frozen=True, slots=True)
class Hand:
    """What an archive needs to make something new: the node's signature, its name, time and chance."""

    signer: Signer
    software: str
    utc: Callable[[], datetime]
    entropy: Callable[[int], bytes]


class SealedArchive:
    """An `Archive` over the places where sealed recordings lie."""

    def __init__(
        self,
        source: SealedSource,
        places: Sequence[SealedPlace],
        keys: KeyStore,
        hand: Hand,
        *,
        turns: Turns,
        locked: timedelta = timedelta(0),
    ) -> None:
        """`source` reads all `places` as one, of which the first is this machine's. For so long after it was sealed a recording
        is `locked`."""
        self._source = source
        self._places = tuple(places)
        self._keys = keys
        self._hand = hand
        self._trusted = frozenset({hand.signer.public_key()})
        self._turns = turns
        self._locked = locked

    async def kept(self, recording_id: RecordingId) -> KeptRecording:
        """See `Archive.kept`."""
        manifest = await in_thread(partial(self._manifest, recording_id))
        kept = kept_recording(manifest)
        return replace(kept, locked_until=manifest.sealed_at + self._locked) if self._locked else kept

    async def erase(self, recording_id: RecordingId) -> Erased:
        """See `Archive.erase`."""
        async with self._turns.of(recording_id):
            return await in_thread(lambda: self._erase(self._manifest(recording_id)))

    async def redact(self, recording_id: RecordingId, start_ms: int, stop_ms: int, reason: str) -> Redacted:
        """See `Archive.redact`."""
        async with self._turns.of(recording_id):
            return await in_thread(lambda: self._redact(self._manifest(recording_id), (start_ms, stop_ms), reason))

    async def report(self, recording_id: RecordingId, kind: Literal["pauses", "completeness"]) -> SignedDocument:
        """See `Archive.report`."""
        return await in_thread(lambda: self._report(self._manifest(recording_id), kind))

    async def check(self, recording_id: RecordingId) -> tuple[str, ...]:
        """See `Archive.check`."""
        return await in_thread(lambda: self._check(recording_id))

    async def missing(self, recording_id: RecordingId) -> Sequence[str]:
        """See `Shelves.missing`."""
        async with self._turns.of(recording_id):
            return await in_thread(lambda: self._missing(self._manifest(recording_id)))

    async def export(self, orders: Sequence[Order], *, sealed_files: bool = False) -> AsyncIterator[bytes]:
        """See `Archive.export`."""
        found = [
            order if isinstance(order, StoneOrder) else (order, await in_thread(partial(self._manifest, order.recording_id)))
            for order in orders
        ]
        exporter = Exporter(self._source, self._keys, self._hand.signer, self._hand.software)
        pieces = exporter.pieces(found, sealed_files=sealed_files, now=self._hand.utc())
        while (piece := await in_thread(lambda: next(pieces, None))) is not None:
            yield piece

    def _manifest(self, recording_id: str) -> Manifest:
        return manifest_of(self._source, recording_id, self._trusted)

    def _refuse_locked(self, manifest: Manifest) -> None:
        if self._hand.utc() < (until := manifest.sealed_at + self._locked):
            raise RecordingLocked(manifest.recording, until)

    def _erase(self, manifest: Manifest) -> Erased:
        self._refuse_locked(manifest)
        destroyed = self._destroy(manifest) + sum(self._keys.erase(manifest.tenant, dek_id) for dek_id in manifest.dek_ids)
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

    def _destroy(self, manifest: Manifest) -> int:
        """Destroys the keys of what redactions replaced; how many were still there."""
        return sum(self._keys.erase(manifest.tenant, fact.dek_id) for fact in manifest.replaced_facts)

    def _redact(self, manifest: Manifest, span_ms: tuple[int, int], reason: str) -> Redacted:
        self._refuse_locked(manifest)
        self._destroy(manifest)
        hand, per_ms = self._hand, manifest.rate // 1_000
        span = span_ms[0] * per_ms, min(span_ms[1] * per_ms, manifest.frames)
        redaction = redact(
            manifest, self._source, self._keys, span, reason=reason, software=hand.software, entropy=hand.entropy, now=hand.utc()
        )
        directory, facts = layout.sealed_directory(manifest.recording), redaction.manifest.to_bytes()
        signature = signed(facts, hand.signer)
        # A manifest and its signature are two files: the new signature lies beside the old one until both are new.
        steps = {**redaction.files, layout.NEXT_SIGNATURE: signature, layout.MANIFEST: facts, layout.SIGNATURE: signature}
        # This machine last: while it has the old manifest the redaction is not done, and may be repeated.
        for place in reversed(self._places):
            if layout.MANIFEST in _names(place, directory):
                for name, content in steps.items():
                    keep_content(place, f"{directory}/{name}", content)
        self._destroy(redaction.manifest)
        for place in self._places:
            for name in (layout.NEXT_SIGNATURE, *(fact.file for fact in redaction.manifest.replaced_facts)):
                # One that the store has locked stays, and opens no more.
                with suppress(OSError):
                    place.remove(f"{directory}/{name}")
        return Redacted(kept_recording(manifest), kept_recording(redaction.manifest), *span_ms)

    def _report(self, manifest: Manifest, kind: Literal["pauses", "completeness"]) -> SignedDocument:
        records = journal_records(self._source, self._keys, layout.sealed_directory(manifest.recording), manifest)
        document = {"pauses": reports.pauses, "completeness": reports.completeness}[kind](manifest, records)
        return SignedDocument(document, signed(document, self._hand.signer))

    def _check(self, recording_id: str) -> tuple[str, ...]:
        self._manifest(recording_id)
        directory = layout.sealed_directory(recording_id)
        report = verify(self._source, directory, self._trusted, keys=self._keys, recording=recording_id)
        return tuple(str(finding) for finding in report.findings)

    def _missing(self, manifest: Manifest) -> Sequence[str]:
        directory = layout.sealed_directory(manifest.recording)
        listed = self._source.list(directory)
        # What a store keeps although somebody has hidden it is not listed, and there.
        unlisted = [(name, facts) for name, facts in manifest.files.items() if name not in listed]
        return [name for name, facts in unlisted if not any(place.holds(f"{directory}/{name}", facts) for place in self._places)]


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
    last = (layout.NEXT_SIGNATURE, layout.SIGNATURE, layout.MANIFEST)
    return last.index(name) + 1 if name in last else 0, name


def _names(place: SealedPlace, directory: str) -> Sequence[str]:
    try:
        return place.list(directory)
    except FileNotFoundError:
        return ()
