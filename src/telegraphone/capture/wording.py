"""What the recorder's port says, in the words of the link to a worker, and back."""

from telegraphone.capture import control
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.services.ports import Cut, MediaSource, SealedRecording, SpanFact


def stated(source: MediaSource) -> control.Source:
    """Who may send to a track."""
    codecs = {str(kind): codec for kind, codec in source.codecs.items()}
    suite, key = (source.keys.suite, source.keys.master) if source.keys is not None else ("", b"")
    arrives_at = (source.arrives_at.host, source.arrives_at.port) if source.arrives_at is not None else None
    reports = None
    if source.reports is not None:
        to, own_key = source.reports.to, source.keys.own if source.keys is not None else b""
        reports = control.Reports(to.host, to.port, source.reports.muxed, own_key)
    return control.Source(source.host, source.port, codecs, source.ssrc, suite, key, arrives_at, source.steady, reports)


def cut(reply: control.AnyReply) -> Cut:
    """Where a gate moved, by the answer to a command that moves it."""
    assert isinstance(reply, control.CutDone)
    return Cut(reply.cut.at, reply.cut.position, frozenset(reply.cut.shut_for), reply.cut.kept)


def sealed(fact: control.SealedFact) -> SealedRecording:
    """A finished recording."""
    return SealedRecording(
        recording_id=RecordingId(fact.recording),
        call_uuid=CallUuid(fact.call),
        started_at=fact.started_at,
        duration_samples=fact.frames,
        rate=fact.rate,
        spans=tuple(SpanFact(span.kind, span.reason, span.start, span.stop, span.stream) for span in fact.spans),
        status=fact.status,
        bytes_stored=fact.bytes_stored,
        tenant=fact.tenant,
    )


def unkept(fact: control.Unkept) -> str:
    """What a person should know of it."""
    what = "they are kept again" if fact.since_ns is None else "none is kept"
    return f"recording {fact.recording}: packets come for stream {fact.track}, and {what}"
