"""Writes a part's event history: who shut and opened the gate while it runs, and the true spans once it has ended.

Theory. Two witnesses are joined. The calls know *who* did something and roughly when; the recorder alone knows *what* the
media holds, and says so when the part is sealed or recovered. So a running part's record collects open entries with their
authors, and its end replaces their times by the recorder's spans (gws-api 13.3).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from telegraphone.domain.recording import Reason
from telegraphone.services.catalogue import By, HistoryEntry, PartRecord
from telegraphone.services.ports import Cut, SealedRecording, SpanFact

PREROLL: Final = "PreRoll"
"""What came before the start was asked for."""
PRECONSENT: Final = "PreConsent"
"""What came before consent, and was kept when that was given."""
_BY_SYSTEM: Final = By("system")
_WHOLE: Final = "Recording"
_TYPES: Final = {"paused": "Paused", "held": "Held", "gap": "Gap"}
_SAMPLES_PER_MS: Final = 8
_SAME_MOMENT_MS: Final = 20
"""A span and an entry that differ by less than a packet are the same (properties PCI-3)."""


def begun(record: PartRecord, cut: Cut, by: By) -> PartRecord:
    """The part was begun at this cut; what lies before it was kept in memory until then. Reasons noted before are in force
    from its first sample on."""
    before_ms = cut.position_samples // _SAMPLES_PER_MS
    at = first_sample(cut)
    entries = [replace(each, started_at=at, offset_ms=0) for each in record.history]
    if before_ms:
        entries.append(HistoryEntry(PREROLL, at, cut.at, 0, before_ms, by, by))
    whole = HistoryEntry(_WHOLE, at, None, 0, 0, by)
    return replace(record, started_at=at, history=(whole, *entries))


def first_sample(cut: Cut) -> datetime:
    """When the recording's first sample was, from any place in it."""
    return cut.at - timedelta(microseconds=cut.position_samples * 1000 / _SAMPLES_PER_MS)


def shut(record: PartRecord, reason: Reason, cut: Cut, by: By) -> PartRecord:
    """Audio is kept out for this reason from here on."""
    if _is_open(record, reason):
        return record
    kind = "Held" if reason is Reason.HOLD else "Paused"
    entry = HistoryEntry(kind, cut.at, None, cut.position_samples // _SAMPLES_PER_MS, 0, by, reason=reason.value)
    return replace(record, history=(*record.history, entry))


def opened(record: PartRecord, reason: Reason, cut: Cut, by: By) -> PartRecord:
    """This reason keeps audio out no longer, and from this place on did not keep it out of memory."""
    end_ms, kept_ms = cut.position_samples // _SAMPLES_PER_MS, cut.kept_samples // _SAMPLES_PER_MS
    end = cut.at - timedelta(milliseconds=kept_ms)
    entries = [
        replace(each, stopped_at=end, duration_ms=max(0, end_ms - each.offset_ms), stopped_by=by)
        if each.stopped_at is None and each.reason == reason.value
        else each
        for each in record.history
    ]
    if kept_ms:
        entries.append(HistoryEntry(PRECONSENT, end, cut.at, end_ms, kept_ms, by, by, reason=reason.value))
    return replace(record, history=tuple(entries))


def ending(record: PartRecord, by: By) -> PartRecord:
    """The part was to end by this, and the recorder has not said that it has. One that never said that it began has no end."""
    entries = (replace(each, stopped_by=by) if each.type == _WHOLE else each for each in record.history)
    return replace(record, history=tuple(entries))


def ended(record: PartRecord, sealed: SealedRecording, by: By) -> PartRecord:
    """The part as the recorder says it is, with the authors that the running record knew: who wanted it to end and was not
    answered has ended it, whoever found it."""
    ms = sealed.duration_samples * 1000 // sealed.rate
    known = _whole(record)
    by = known.stopped_by if known and known.stopped_by else by
    whole = _entry(sealed, _Span(_WHOLE, 0, ms), known.started_by if known else None, by)
    spans = [*_pauses(sealed), *(_span(each, sealed.rate) for each in sealed.spans if each.kind != "paused")]
    entries = [_with_authors(record, sealed, span, by) for span in spans]
    entries += [each for each in record.history if each.type in (PREROLL, PRECONSENT)]
    return replace(
        record,
        started_at=whole.started_at,
        stopped_at=whole.stopped_at,
        duration_ms=ms,
        status=sealed.status,
        bytes_stored=sealed.bytes_stored,
        history=(whole, *sorted(entries, key=lambda each: (each.offset_ms, -each.duration_ms))),
    )


def _whole(record: PartRecord) -> HistoryEntry | None:
    return next((each for each in record.history if each.type == _WHOLE), None)


@dataclass(frozen=True, slots=True)
class _Span:
    type: str
    start_ms: int
    end_ms: int
    reason: str = ""
    stream: int | None = None


def _span(fact: SpanFact, rate: int) -> _Span:
    return _Span(_TYPES[fact.kind], fact.start_samples * 1000 // rate, fact.end_samples * 1000 // rate, fact.reason, fact.stream)


def _pauses(sealed: SealedRecording) -> list[_Span]:
    """Pauses for several reasons as the silences they make together, of no single reason: pauses of one file never overlap."""
    joined: list[_Span] = []
    pauses = (_span(each, sealed.rate) for each in sealed.spans if each.kind == "paused")
    for span in sorted(pauses, key=lambda each: each.start_ms):
        if joined and span.start_ms < joined[-1].end_ms:
            reason = span.reason if span.reason == joined[-1].reason else ""
            joined[-1] = replace(joined[-1], end_ms=max(joined[-1].end_ms, span.end_ms), reason=reason)
        else:
            joined.append(span)
    return joined


def _with_authors(record: PartRecord, sealed: SealedRecording, span: _Span, ended_by: By) -> HistoryEntry:
    if span.type == "Gap":
        return replace(_entry(sealed, span, _BY_SYSTEM, _BY_SYSTEM), reason=span.reason, stream=span.stream)
    known = [each for each in record.history if each.type == span.type]
    first = _nearest(span.start_ms, [(each.offset_ms, each.started_by) for each in known])
    last = _nearest(span.end_ms, [(each.offset_ms + each.duration_ms, each.stopped_by) for each in known if each.stopped_at])
    # Of other pauses their authors say why; that consent alone was lacking nobody else can tell.
    reason = span.reason if span.reason == Reason.CONSENT.value else ""
    return replace(_entry(sealed, span, first, last or ended_by), reason=reason)


def _nearest(place_ms: int, authors: list[tuple[int, By | None]]) -> By | None:
    distances = [(abs(at - place_ms), index) for index, (at, _) in enumerate(authors)]
    if not distances or min(distances)[0] > _SAME_MOMENT_MS:
        return None
    return authors[min(distances)[1]][1]


def _entry(sealed: SealedRecording, span: _Span, started_by: By | None, stopped_by: By) -> HistoryEntry:
    at = [sealed.started_at + timedelta(milliseconds=ms) for ms in (span.start_ms, span.end_ms)]
    return HistoryEntry(span.type, at[0], at[1], span.start_ms, span.end_ms - span.start_ms, started_by, stopped_by)


def _is_open(record: PartRecord, reason: Reason) -> bool:
    return any(each.stopped_at is None and each.reason == reason.value for each in record.history)
