"""Turns what lies on the disk into a signed, finished recording: after a proper end, and after the writer died.

Theory. There is one way to finish a recording, used for both. The journals are replayed, every audio file is looked at,
and the manifest says what was found. Nothing is ever sealed again under a key that was used before, not even a closing
segment: a torn one may already have used that nonce (W3). Every slot is tried, because after a power loss an unsynced
hole may lie before good data; a slot that does not open becomes a `corrupt` span and the rest keeps its place. Frames
that no file covers become `gap` spans, unless the gate was shut there. The recording counts as `sealed` when its journal
says how it ended, one writer saw it through, and every epoch is closed; else as `recovered`.

Signature and manifest are written to temporary names, made durable, then renamed; the directory moves to its final place
last. A crash in between leaves a live directory, and doing all of it again gives the same.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import msgspec

from telegraphone.limits import JOURNAL_BYTES_MAX
from telegraphone.media import layout
from telegraphone.media.errors import DamagedHeader, SealedFormatError, WrongKey
from telegraphone.media.header import EpochHeader, read_header
from telegraphone.media.journal import JournalReading, JournalState, Record, open_journal, replay
from telegraphone.media.manifest import (
    ClockFact,
    ConsentFact,
    EpochFact,
    JournalFact,
    KeptFact,
    Manifest,
    Span,
    file_hash,
    signed,
)
from telegraphone.media.ports import KeyStore, SealedFile, SealedSink, SealedSource, Signer
from telegraphone.media.spans import Range, merged, without
from telegraphone.media.unseal import EpochReader, SlotCheck, Unsealer


class NothingRecorded(SealedFormatError):
    """The directory holds no file whose header and key are whole: nothing in it was ever acknowledged."""


@dataclass(frozen=True, slots=True)
class _Epoch:
    """One audio file as it was found: its facts, its damaged frames, and when its writing began."""

    fact: EpochFact
    damaged: tuple[Range, ...]
    header: EpochHeader | None

    @property
    def covered(self) -> Range:
        """The frames of the timeline that have a place in this file."""
        return self.fact.first_frame, self.fact.first_frame + self.fact.frames


@dataclass(frozen=True, slots=True)
class _Journals:
    """All journals of a recording as they were found."""

    facts: tuple[JournalFact, ...]
    headers: tuple[EpochHeader, ...]
    state: JournalState


def journal_state(source: SealedSource, keys: KeyStore, recording: str) -> JournalState:
    """Everything acknowledged about a recording that is still in its live directory; to be known before any media is
    accepted again. Raises FileNotFoundError, KeyMissing, DamagedEnvelope, OSError."""
    return _read_journals(source, keys, layout.live_directory(recording), recording).state


def recover(
    source: SealedSource,
    keys: KeyStore,
    recording: str,
    *,
    now: datetime,
    software: str,
    every_slot: bool = True,
) -> Manifest:
    """The manifest of a live directory whose writer is gone. Changes nothing on the disk.

    `every_slot` False tries closing segments only: enough when the caller has itself just closed every epoch. A key that
    cannot be fetched raises (KeyMissing, DamagedEnvelope): better to stop and be told than to sign audio away. Raises
    NothingRecorded when the directory is worth nothing.
    """
    directory = layout.live_directory(recording)
    journals = _read_journals(source, keys, directory, recording)
    state = journals.state
    epochs = _read_epochs(source, keys, recording, state, every_slot=every_slot)
    headers = [*journals.headers, *(epoch.header for epoch in epochs if epoch.header)]
    if not headers:
        raise NothingRecorded(f"nothing in {directory} can be read")
    rate = state.started.rate if state.started else max((header.rate for header in headers), default=0)
    frames = _length(state, epochs)
    started_at = state.started_at or min(header.created for header in headers)
    whole = state.ended is not None and not state.continued and all(epoch.fact.state == "closed" for epoch in epochs)
    return Manifest(
        tenant=headers[0].tenant,
        recording=recording,
        call=state.started.call if state.started else "",
        status="sealed" if whole else "recovered",
        rate=rate,
        frames=frames,
        started_at=started_at,
        ended_at=state.ended.at if state.ended else started_at + timedelta(seconds=frames / max(rate, 1)),
        end_reason=state.ended.reason if state.ended else "lost",
        tracks=state.started.tracks if state.started else (),
        epochs=tuple(epoch.fact for epoch in epochs),
        journals=journals.facts,
        spans=_spans(state, epochs, frames),
        clock=tuple(ClockFact(note.at, note.source, note.offset_ms, note.step_ms) for note in state.clock),
        consent=tuple(ConsentFact(note.at, note.reference, note.digest) for note in state.consent),
        software=software,
        sealed_at=now,
        kept=tuple(KeptFact(*kept) for kept in state.kept) or msgspec.UNSET,
    )


def finish(source: SealedSource, sink: SealedSink, signer: Signer, manifest: Manifest) -> None:
    """Makes the manifest durable and moves the recording to its final place; durable on return. Raises OSError, and may
    then be called again."""
    for settle in _finishing(source, sink, signer, manifest):
        settle()


def finish_together(
    source: SealedSource,
    sink: SealedSink,
    signer: Signer,
    manifests: Iterable[Manifest],
    settle_all: Callable[[], None],
) -> None:
    """The same for many recordings, of which `settle_all` makes everything durable at once. Raises OSError: then nothing is
    known of any of them, and each is to be finished by itself."""
    for _ in zip(*(_finishing(source, sink, signer, manifest) for manifest in manifests), strict=True):
        settle_all()


def _finishing(source: SealedSource, sink: SealedSink, signer: Signer, manifest: Manifest) -> Iterator[Callable[[], None]]:
    """Does it step by step; what a step did must be durable before the next, by what it yields or by other means."""
    directory = layout.live_directory(manifest.recording)
    facts = manifest.to_bytes()
    present = source.list(directory)
    with ExitStack() as opened:
        files = []
        for name, content in ((layout.SIGNATURE, signed(facts, signer)), (layout.MANIFEST, facts)):
            if f"{name}.new" in present:
                sink.unlink(f"{directory}/{name}.new")
            file = sink.create(f"{directory}/{name}.new")
            opened.callback(file.close)
            file.append(content)
            files.append(file)
        yield partial(_settle_files, files)
    for name in (layout.SIGNATURE, layout.MANIFEST):
        sink.rename(f"{directory}/{name}.new", f"{directory}/{name}")
    yield lambda: sink.syncdir(directory)
    shard = layout.sealed_shard(manifest.recording)
    sink.makedir(shard)
    sink.rename(directory, layout.sealed_directory(manifest.recording))
    yield lambda: settle_place(sink, manifest.recording)


def _settle_files(files: Iterable[SealedFile]) -> None:
    for file in files:
        file.datasync()


def settle_place(sink: SealedSink, recording: str) -> None:
    """Makes it durable that the recording lies in its final place. Raises OSError."""
    sink.syncdir(layout.sealed_shard(recording))
    sink.syncdir(layout.LIVE)


def _read_journals(source: SealedSource, keys: KeyStore, directory: str, recording: str) -> _Journals:
    lives = sorted(life for life in map(layout.journal_life, source.list(directory)) if life is not None)
    facts: list[JournalFact] = []
    headers: list[EpochHeader] = []
    records: list[Record] = []
    for life in lives:
        name = layout.journal_file(life)
        path = f"{directory}/{name}"
        header, reading = _read_journal(source, keys, path, (recording, life))
        if header:
            headers.append(header)
        records.extend(reading.records)
        size, digest = source.size(path), file_hash(source, path)
        dek_id = header.dek_id if header else ""
        facts.append(JournalFact(name, size, digest, life, len(reading.records), reading.dropped_bytes, dek_id))
    return _Journals(tuple(facts), tuple(headers), replay(records))


def _read_journal(
    source: SealedSource, keys: KeyStore, path: str, expected: tuple[str, int]
) -> tuple[EpochHeader | None, JournalReading]:
    """A journal's header and records; none where the header is torn or another file's: W2 says nothing followed it."""
    data = source.read(path, 0, JOURNAL_BYTES_MAX)
    try:
        header, raw = read_header(data)
        if (header.recording, header.epoch) != expected:
            raise DamagedHeader(f"{path} belongs to another recording or life")
        unsealer = Unsealer(header, raw, keys.open(header.tenant, header.dek_id))
    except (DamagedHeader, WrongKey):
        return None, JournalReading((), len(data))
    return header, open_journal(unsealer, data[len(raw) :])


def _read_epochs(source: SealedSource, keys: KeyStore, recording: str, state: JournalState, *, every_slot: bool) -> list[_Epoch]:
    """Every audio file of the recording, by stream and then by epoch."""
    directory = layout.live_directory(recording)
    names = sorted(parts for parts in map(layout.segment_file_parts, source.list(directory)) if parts)
    promised = {(began.stream, began.epoch): began for began in state.epochs}
    result = []
    for stream, epoch in names:
        path = f"{directory}/{layout.segment_file(stream, epoch)}"
        try:
            reader = EpochReader(source, path, keys)
            if (reader.header.recording, reader.header.stream, reader.header.epoch) != (recording, stream, epoch):
                raise DamagedHeader(f"{path} belongs to another place")
            result.append(_found(source, path, reader, reader.check(every_slot=every_slot)))
        except (DamagedHeader, WrongKey):
            began = promised.get((stream, epoch))
            fact = EpochFact(
                file=layout.segment_file(stream, epoch),
                size=source.size(path),
                sha256=file_hash(source, path),
                stream=stream,
                epoch=epoch,
                codec=began.codec if began else "",
                first_frame=began.first_frame if began else 0,
                frames=0,
                segments=0,
                damaged=0,
                state="unreadable",
                dek_id="",
            )
            result.append(_Epoch(fact, (), None))
    return result


def _found(source: SealedSource, path: str, reader: EpochReader, check: SlotCheck) -> _Epoch:
    header, length = reader.header, reader.header.segment_frames
    first = header.first_frame
    fact = EpochFact(
        file=layout.segment_file(header.stream, header.epoch),
        size=reader.size,
        sha256=file_hash(source, path),
        stream=header.stream,
        epoch=header.epoch,
        codec=header.codec,
        first_frame=first,
        frames=check.audio_bytes // header.frame_bytes,
        segments=check.slots,
        damaged=len(check.damaged),
        state="closed" if check.closed else "recovered",
        dek_id=header.dek_id,
    )
    return _Epoch(fact, merged((first + i * length, first + (i + 1) * length) for i in check.damaged), header)


def _length(state: JournalState, epochs: Iterable[_Epoch]) -> int:
    """Frames of the whole recording: as far as its end was written, or anything reaches."""
    known = [epoch.covered[1] for epoch in epochs]
    if state.ended:
        return max([*known, state.ended.position])
    return max([*known, *(span.start for span in state.spans), *(span.stop or 0 for span in state.spans)], default=0)


def _spans(state: JournalState, epochs: Sequence[_Epoch], frames: int) -> tuple[Span, ...]:
    """Every stretch without audio, in order of its start."""
    spans = [
        Span(
            gate.kind,
            gate.reason,
            *place,
            None,
            gate.started_at,
            gate.stopped_at or (state.ended.at if state.ended else None),
        )
        for gate in state.spans
        if (place := gate.within(frames))
    ]
    shut = merged((span.start, span.stop) for span in spans)
    gaps: dict[tuple[int, str], list[Range]] = {}
    for gap in state.gaps:
        gaps.setdefault((gap.stream, gap.reason), []).append((gap.start, min(gap.stop, frames)))
    for (stream, reason), places in gaps.items():
        # What the kernel cut just before its pause was known belongs to the pause.
        spans += [Span("gap", reason, *place, stream) for place in without(places, shut)]
    streams = {epoch.fact.stream for epoch in epochs}
    if state.started:
        streams |= {track.stream for track in state.started.tracks}
    for stream in sorted(streams):
        mine = [epoch for epoch in epochs if epoch.fact.stream == stream]
        noted = [(gap.start, gap.stop) for gap in state.gaps if gap.stream == stream]
        spans += [Span("corrupt", "damaged", *place, stream) for epoch in mine for place in epoch.damaged]
        missing = without([(0, frames)], [*(epoch.covered for epoch in mine), *shut, *noted])
        spans += [Span("gap", _why_missing(mine, place), *place, stream) for place in missing]
    return tuple(sorted(spans, key=lambda span: (span.start, -span.stop)))


def _why_missing(epochs: Iterable[_Epoch], place: Range) -> str:
    """Why no file covers a stretch: the last file before it was torn off, cannot be read, or nothing was sent."""
    before = [epoch.fact for epoch in epochs if epoch.fact.first_frame <= place[0]]
    last = max(before, key=lambda fact: (fact.first_frame, fact.epoch), default=None)
    if last is None or last.state == "closed":
        return "no_media"
    return "crash" if last.state == "recovered" else "unreadable"
