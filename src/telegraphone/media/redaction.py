"""Takes a span out of a finished recording for ever: what was said there is silence in every copy that still opens.

Each audio file that holds frames of the span is sealed anew, with filler in their place, under a new number and a new key;
everything else stays as it is. The new manifest names the files it replaces with their hashes and keys, and the manifest
before it. What was there is gone only when the old keys are destroyed, which is for whoever calls this, after the new
manifest is durable.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from telegraphone.media import layout
from telegraphone.media.header import FILLER, EpochHeader
from telegraphone.media.manifest import EpochFact, Manifest, ReplacedFact, Span, open_epoch
from telegraphone.media.ports import KeyStore, SealedSource
from telegraphone.media.seal import SealedSegment, Sealer, commitment, sealed_before
from telegraphone.media.spans import Range, within
from telegraphone.media.unseal import EpochReader


@dataclass(frozen=True, slots=True)
class Redaction:
    """The manifest that comes in the place of another, and the files that are new with it, by name."""

    manifest: Manifest
    files: dict[str, SealedSegment]


def redact(
    manifest: Manifest,
    source: SealedSource,
    keys: KeyStore,
    span: Range,
    *,
    reason: str,
    software: str,
    entropy: Callable[[int], bytes],
    now: datetime,
) -> Redaction:
    """The recording without the frames start ≤ f < stop, on every stream; nothing is written. Raises ValueError for a span that
    the recording does not have, and what `open_epoch` raises: a file that does not open cannot be redacted."""
    start, stop = span
    if not 0 <= start < stop <= manifest.frames:
        raise ValueError(f"frames {start} to {stop} of {manifest.frames}")
    numbers = {fact.stream: 0 for fact in manifest.epochs}
    for fact in manifest.epochs:
        numbers[fact.stream] = max(numbers[fact.stream], fact.epoch + 1)
    epochs: list[EpochFact] = []
    replaced = list(manifest.replaced_facts)
    files: dict[str, SealedSegment] = {}
    for fact in manifest.epochs:
        if fact.state == "unreadable" or not tuple(within((span,), fact.first_frame, fact.first_frame + fact.frames)):
            epochs.append(fact)
            continue
        reader = open_epoch(manifest, fact, source, keys, directory=layout.sealed_directory(manifest.recording))
        dek_id = entropy(16).hex()
        sealer = _sealer(reader.header, numbers[fact.stream], (dek_id, keys.create(manifest.tenant, dek_id)), entropy, now)
        numbers[fact.stream] += 1
        new, sealed = _sealed_anew(reader, fact, span, sealer)
        files[new.file] = sealed
        epochs.append(new)
        replaced.append(ReplacedFact(fact.file, fact.sha256, fact.dek_id))
    silence = Span("redacted", reason, start, stop)
    return Redaction(
        msgspec.structs.replace(
            manifest,
            status="redacted",
            epochs=tuple(epochs),
            spans=tuple(sorted((*manifest.spans, silence), key=lambda each: (each.start, -each.stop))),
            software=software,
            sealed_at=now,
            previous=hashlib.sha256(manifest.to_bytes()).hexdigest(),
            replaced=tuple(replaced),
        ),
        files,
    )


def _sealer(old: EpochHeader, epoch: int, key: tuple[str, bytes], entropy: Callable[[int], bytes], now: datetime) -> Sealer:
    """What seals the new file: as the old one, with another number and key."""
    dek_id, dek = key
    header = EpochHeader(
        tenant=old.tenant,
        recording=old.recording,
        stream=old.stream,
        epoch=epoch,
        codec=old.codec,
        rate=old.rate,
        bytes_per_second=old.bytes_per_second,
        segment_bytes=old.segment_bytes,
        first_frame=old.first_frame,
        dek_id=dek_id,
        nonce_prefix=entropy(7),
        commit=commitment(dek),
        created=now,
    )
    return Sealer(header, dek)


def _sealed_anew(reader: EpochReader, fact: EpochFact, span: Range, sealer: Sealer) -> tuple[EpochFact, SealedSegment]:
    """The whole file with filler in the span; what did not open before is filler too, and stays marked as corrupt."""
    header = sealer.header
    parts: list[bytes] = [sealer.header_bytes]
    for i, plain in reader.plain():
        if i < fact.segments:
            unit = bytearray(plain or FILLER[header.codec] * header.segment_frames)
            parts.append(sealer.seal(_silenced(unit, fact.first_frame + i * header.segment_frames, span, header)))
    rest = bytearray((reader.closing() if fact.state == "closed" else None) or b"")
    parts.append(sealer.close(_silenced(rest, fact.first_frame + fact.segments * header.segment_frames, span, header)))
    sealed = sealed_before(b"".join(parts))
    new = msgspec.structs.replace(
        fact,
        file=layout.segment_file(fact.stream, header.epoch),
        epoch=header.epoch,
        dek_id=header.dek_id,
        size=len(sealed),
        sha256=hashlib.sha256(sealed).hexdigest(),
        damaged=0,
        state="closed",
    )
    return new, sealed


def _silenced(unit: bytearray, start: int, span: Range, header: EpochHeader) -> bytearray:
    width, filler = header.frame_bytes, FILLER[header.codec]
    for low, high in within((span,), start, start + len(unit) // width):
        unit[(low - start) * width : (high - start) * width] = filler * (high - low)
    return unit
