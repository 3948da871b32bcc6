"""The event history of a finished part: the recorder's spans with the calls' authors."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.domain.recording import Reason
from telegraphone.services import history
from telegraphone.services.catalogue import By, HistoryEntry, PartRecord
from telegraphone.services.ports import Cut, SealedRecording, SpanFact

BEGAN = datetime(2013, 8, 9, 21, 11, 22, tzinfo=UTC)
ONE, TWO, CALL = By("agent", "agent.one", "5001"), By("agent", "agent.two", "5002"), By("call")
EMPTY = PartRecord(RecordingId("r"), CallUuid("C" * 32), "", "n", "5000", "5001", "5001", "agent.one", BEGAN)


def cut(seconds: float) -> Cut:
    return Cut(BEGAN + timedelta(seconds=seconds), round(seconds * 8_000), frozenset())


def sealed(length_s: float, *spans: tuple[str, str, float, float], rate: int = 8_000) -> SealedRecording:
    facts = tuple(
        SpanFact(kind, reason, round(start * rate), round(end * rate))  # type: ignore[arg-type]  # test data
        for kind, reason, start, end in spans
    )
    return SealedRecording(RecordingId("r"), CallUuid("C" * 32), BEGAN, round(length_s * rate), rate, facts, "sealed", 1)


def brief(part: PartRecord) -> list[tuple[str, int, int, str, str]]:
    def who(by: By | None) -> str:
        return (by.user_name or by.source) if by else ""

    return [(each.type, each.offset_ms, each.duration_ms, who(each.started_by), who(each.stopped_by)) for each in part.history]


def test_the_documented_recording() -> None:
    record = history.begun(EMPTY, cut(0), By("policy"))
    record = history.shut(record, Reason.AGENT, cut(35), ONE)
    record = history.opened(record, Reason.AGENT, cut(482), ONE)
    part = history.ended(record, sealed(507, ("paused", "agent", 35, 482)), ONE)
    assert brief(part) == [
        ("Recording", 0, 507_000, "policy", "agent.one"),
        ("Paused", 35_000, 447_000, "agent.one", "agent.one"),
    ]
    assert (part.started_at, part.stopped_at, part.duration_ms) == (BEGAN, BEGAN + timedelta(seconds=507), 507_000)
    assert part.history[1].started_at == BEGAN + timedelta(seconds=35)


def test_pauses_never_overlap_but_a_hold_may_lie_in_one() -> None:
    record = history.begun(EMPTY, cut(0), ONE)
    for reason, start, end, by in ((Reason.AGENT, 1, 5, ONE), (Reason.POLICY, 3, 7, TWO), (Reason.HOLD, 2, 4, CALL)):
        record = history.opened(history.shut(record, reason, cut(start), by), reason, cut(end), by)
    spans = (("paused", "agent", 1.0, 5.0), ("paused", "policy", 3.0, 7.0), ("held", "hold", 2.0, 4.0))
    assert brief(history.ended(record, sealed(9, *spans), CALL)) == [
        ("Recording", 0, 9_000, "agent.one", "call"),
        ("Paused", 1_000, 6_000, "agent.one", "agent.two"),
        ("Held", 2_000, 2_000, "call", "call"),
    ]


def test_a_silence_says_that_consent_was_lacking_only_where_nothing_else_kept_it() -> None:
    alone, joined = (("paused", "consent", 0, 3),), (("paused", "consent", 0, 3), ("paused", "agent", 2, 4))
    for spans, reason in ((alone, "consent"), (joined, ""), ((*joined, ("paused", "consent", 3, 4)), "")):
        [_, silence] = history.ended(EMPTY, sealed(4, *spans), CALL).history
        assert silence.reason == reason


def test_a_pause_that_lasts_to_the_end_is_ended_by_what_ended_the_part() -> None:
    record = history.shut(history.begun(EMPTY, cut(0), ONE), Reason.AGENT, cut(1), ONE)
    assert brief(history.ended(record, sealed(4, ("paused", "agent", 1, 4)), CALL))[1] == (
        "Paused",
        1_000,
        3_000,
        "agent.one",
        "call",
    )


def test_gaps_say_why_and_nothing_else_does() -> None:
    record = history.shut(history.begun(EMPTY, cut(0), ONE), Reason.AGENT, cut(1), ONE)
    part = history.ended(record, sealed(4, ("gap", "packets lost", 0.5, 0.6), ("paused", "agent", 1, 4)), CALL)
    assert [(each.type, each.reason) for each in part.history] == [("Recording", ""), ("Gap", "packets lost"), ("Paused", "")]
    assert part.history[1].started_by == By("system")


def test_a_hold_noted_before_the_start_counts_from_its_first_sample() -> None:
    record = history.shut(EMPTY, Reason.HOLD, Cut(BEGAN, 0, frozenset({"hold"})), ONE)
    record = history.begun(record, cut(0), ONE)
    assert [each.type for each in record.history] == ["Recording", "Held"]
    assert brief(history.ended(record, sealed(2, ("held", "hold", 0, 2)), CALL))[1] == ("Held", 0, 2_000, "agent.one", "call")


def test_a_span_at_a_slightly_different_place_has_the_same_author_and_a_distant_one_has_none() -> None:
    record = history.shut(history.begun(EMPTY, cut(0), ONE), Reason.AGENT, cut(1), ONE)
    near, far = (brief(history.ended(record, sealed(4, ("paused", "agent", at, 4)), CALL))[1] for at in (1.019, 1.5))
    assert (near[3], far[3]) == ("agent.one", "")


def test_repeats_leave_one_entry() -> None:
    record = history.shut(history.begun(EMPTY, cut(0), ONE), Reason.AGENT, cut(1), ONE)
    assert history.shut(record, Reason.AGENT, cut(2), TWO) == record
    again = history.shut(history.opened(record, Reason.AGENT, cut(3), ONE), Reason.AGENT, cut(4), TWO)
    assert len(again.history) == 3


def test_positions_are_milliseconds_at_any_rate() -> None:
    part = history.ended(history.begun(EMPTY, cut(0), ONE), sealed(2, ("gap", "x", 0.5, 1.0), rate=16_000), CALL)
    assert brief(part)[1][:3] == ("Gap", 500, 500)


def test_longer_spans_come_first_where_two_begin_together() -> None:
    part = history.ended(history.begun(EMPTY, cut(0), ONE), sealed(9, ("held", "hold", 1, 2), ("paused", "agent", 1, 5)), CALL)
    assert [each.type for each in part.history] == ["Recording", "Paused", "Held"]
    entry = part.history[0]
    assert replace(entry, type="x") == HistoryEntry("x", BEGAN, BEGAN + timedelta(seconds=9), 0, 9_000, ONE, CALL)
