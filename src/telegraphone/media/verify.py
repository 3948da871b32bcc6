"""Says whether a finished recording is what was sealed, offline, without repairing anything.

Without any key: the signature, and that exactly the files it names are there, byte for byte. With the data keys also:
which segment is damaged, that the journal says what the manifest says, and that every stretch marked as paused or held
really holds filler: the proof of a pause.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from telegraphone.limits import JOURNAL_BYTES_MAX
from telegraphone.media import layout
from telegraphone.media.errors import DamagedEnvelope, DamagedManifest, KeyMissing, SealedFormatError
from telegraphone.media.header import FILLER, read_header
from telegraphone.media.journal import JournalReading, Record, open_journal, replay
from telegraphone.media.manifest import EpochFact, JournalFact, Manifest, file_hash, load_manifest, open_epoch
from telegraphone.media.ports import KeyStore, SealedSource
from telegraphone.media.spans import Range, merged, within
from telegraphone.media.unseal import EpochReader, Unsealer


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where: a file, and where it can be told, a segment of it."""

    file: str
    problem: str
    segment: int | None = None

    def __str__(self) -> str:
        place = self.file if self.segment is None else f"{self.file}, segment {self.segment}"
        return f"{place}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found; no findings means that all checks that could be made have passed."""

    manifest: Manifest | None
    findings: tuple[Finding, ...]
    with_keys: bool

    @property
    def intact(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verify(
    source: SealedSource,
    directory: str,
    trusted: Collection[bytes],
    *,
    keys: KeyStore | None = None,
    recording: str | None = None,
) -> Report:
    """Checks the recording in a directory: by signature and hashes, and by content too where `keys` are given.

    `trusted` are raw Ed25519 public keys; `recording` is the id that is expected there. Raises OSError only.
    """
    try:
        manifest = load_manifest(source, directory, trusted)
    except (FileNotFoundError, DamagedManifest) as error:
        return Report(None, (Finding(layout.MANIFEST, _words(error)),), keys is not None)
    findings = list(_without_keys(source, directory, manifest))
    if recording is not None and manifest.recording != recording:
        findings.append(Finding(layout.MANIFEST, f"speaks of recording {manifest.recording}"))
    if keys:
        present = set(source.list(directory))
        for fact in manifest.epochs:
            if fact.file in present and fact.state != "unreadable":
                findings += _epoch(source, keys, directory, (manifest, fact))
        if all(fact.file in present for fact in manifest.journals):
            findings += _journals(source, keys, directory, manifest)
    return Report(manifest, tuple(findings), keys is not None)


def _without_keys(source: SealedSource, directory: str, manifest: Manifest) -> Iterator[Finding]:
    """Exactly the named files, each with its size and hash."""
    facts = manifest.files
    present = set(source.list(directory)) - {layout.MANIFEST, layout.SIGNATURE, layout.NEXT_SIGNATURE}
    # A file that was replaced may be locked where it lies; its key is destroyed.
    for name in sorted(present - facts.keys() - {fact.file for fact in manifest.replaced_facts}):
        yield Finding(name, "is not named by the manifest")
    for name, (size, digest) in facts.items():
        if name not in present:
            yield Finding(name, "is missing")
        elif source.size(f"{directory}/{name}") != size:
            yield Finding(name, "has another size than the manifest says")
        elif file_hash(source, f"{directory}/{name}") != digest:
            yield Finding(name, "has another hash than the manifest says")


def _epoch(source: SealedSource, keys: KeyStore, directory: str, what: tuple[Manifest, EpochFact]) -> Iterator[Finding]:
    """Every segment opens, and marked pauses hold filler."""
    manifest, fact = what
    try:
        reader = open_epoch(manifest, fact, source, keys, directory=directory)
    except (SealedFormatError, KeyMissing, DamagedEnvelope) as error:
        yield Finding(fact.file, _words(error))
        return
    spans = [span for span in manifest.spans if span.stream in (None, fact.stream)]
    known = merged((span.start, span.stop) for span in spans if span.kind == "corrupt")
    silent = merged((span.start, span.stop) for span in spans if span.kind in ("paused", "held", "redacted"))
    length = reader.header.segment_frames
    for i, plain in _units(reader, fact):
        start = fact.first_frame + i * length
        if plain is None:
            if tuple(within(known, start, start + length)) != ((start, start + length),):
                yield Finding(fact.file, "does not open: changed, moved or torn", i)
        elif not _holds_filler(reader, plain, start, silent):
            yield Finding(fact.file, "holds audio where a pause is marked", i)


def _units(reader: EpochReader, fact: EpochFact) -> Iterator[tuple[int, bytes | None]]:
    """Every segment the manifest promises, and what it holds; those behind the file's end as None."""
    yield from ((i, plain) for i, plain in reader.plain() if i < fact.segments)
    yield from ((i, None) for i in range(reader.slots, fact.segments))
    if fact.state == "closed":
        yield fact.segments, reader.closing() if reader.slots == fact.segments else None


def _holds_filler(reader: EpochReader, plain: bytes, start: int, silent: tuple[Range, ...]) -> bool:
    width, filler = reader.header.frame_bytes, FILLER[reader.header.codec]
    return all(
        plain[(low - start) * width : (high - start) * width] == filler * (high - low)
        for low, high in within(silent, start, start + len(plain) // width)
    )


def _journals(source: SealedSource, keys: KeyStore, directory: str, manifest: Manifest) -> Iterator[Finding]:
    """The journals open as far as the manifest says, and tell of the same pauses."""
    records: list[Record] = []
    for fact in sorted(manifest.journals, key=lambda fact: fact.life):
        if not fact.dek_id:
            continue
        try:
            reading = _journal(source, keys, directory, (manifest, fact))
        except (SealedFormatError, KeyMissing, DamagedEnvelope) as error:
            yield Finding(fact.file, _words(error))
            return
        records += reading.records
        if (len(reading.records), reading.dropped_bytes) != (fact.records, fact.dropped_bytes):
            yield Finding(fact.file, "does not open as far as the manifest says", len(reading.records))
            return
    told = {
        (span.kind, span.reason, *place) for span in replay(records).spans if (place := span.within(manifest.frames)) is not None
    }
    signed = {(span.kind, span.reason, span.start, span.stop) for span in manifest.spans if span.kind in ("paused", "held")}
    # Older manifests do not name what was shut at the very end and kept nothing out.
    if not {gate for gate in told if gate[2] < gate[3]} <= signed <= told:
        yield Finding(layout.MANIFEST, "marks other pauses than the journal tells of")


def _journal(source: SealedSource, keys: KeyStore, directory: str, what: tuple[Manifest, JournalFact]) -> JournalReading:
    manifest, fact = what
    data = source.read(f"{directory}/{fact.file}", 0, JOURNAL_BYTES_MAX)
    header, raw = read_header(data)
    if (header.tenant, header.recording, header.epoch) != (manifest.tenant, manifest.recording, fact.life):
        raise SealedFormatError(f"{fact.file} belongs to another recording or life")
    unsealer = Unsealer(header, raw, keys.open(header.tenant, fact.dek_id))
    return open_journal(unsealer, data[len(raw) :])


def journal_records(source: SealedSource, keys: KeyStore, directory: str, manifest: Manifest) -> list[Record]:
    """What the journals of a recording say, in order, as far as they open. Raises as `open_epoch` does."""
    facts = sorted((fact for fact in manifest.journals if fact.dek_id), key=lambda fact: fact.life)
    return [record for fact in facts for record in _journal(source, keys, directory, (manifest, fact)).records]


def _words(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "is missing"
        case KeyMissing():
            return "its data key is not in the key store"
        case _:
            return str(error)
