"""What has happened between two records of a part: everything once, in order, however many records were never written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.domain.recording import Reason
from telegraphone.services import history
from telegraphone.services.catalogue import By, PartRecord
from telegraphone.services.happenings import Kind, happened
from telegraphone.services.ports import Cut, SealedRecording, SpanFact

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
AGENT = By("agent", "agent.one", "5001")
SUPERVISOR = By("supervisor", "supervisor.one")
NEW = PartRecord(RecordingId("r-1"), CallUuid("CALL1"), "c", "CALL1_5001", "5550100", "5001", "5001", "agent.one", NINE)


def _cut(second: float, *reasons: str) -> Cut:
    return Cut(NINE + timedelta(seconds=second), round(second * 8_000), frozenset(reasons))


def _life() -> list[PartRecord]:
    """A part's records: started, paused by two, resumed by both, paused until the end, sealed."""
    started = history.begun(NEW, _cut(0), AGENT)
    paused = history.shut(started, Reason.AGENT, _cut(2, "agent"), AGENT)
    twice = history.shut(paused, Reason.SUPERVISOR, _cut(3, "agent", "supervisor"), SUPERVISOR)
    lifted = history.opened(twice, Reason.AGENT, _cut(4, "supervisor"), AGENT)
    resumed = history.opened(lifted, Reason.SUPERVISOR, _cut(5), SUPERVISOR)
    again = history.shut(resumed, Reason.AGENT, _cut(8, "agent"), AGENT)
    spans = (SpanFact("paused", "agent", 16_000, 40_000), SpanFact("paused", "agent", 64_000, 80_000))
    sealed = SealedRecording(NEW.recording_id, NEW.call_uuid, NINE, 80_000, 8_000, spans, "sealed", 4_711)
    return [NEW, started, paused, twice, lifted, resumed, again, history.ended(again, sealed, AGENT)]


def _kinds(before: PartRecord | None, after: PartRecord) -> list[Kind]:
    return [each.kind for each in happened(before, after)]


def test_each_record_tells_what_is_new_in_it() -> None:
    life = _life()
    told = [_kinds(before, after) for before, after in zip([None, *life], life, strict=False)]
    assert told == [
        [],
        [Kind.STARTED],
        [Kind.PAUSED],
        [],
        [],
        [Kind.RESUMED],
        [Kind.PAUSED],
        [Kind.STOPPED, Kind.STORED],
    ]


def test_a_record_that_comes_late_tells_all_it_holds_in_order() -> None:
    life = _life()
    all_at_once = happened(None, life[-1])
    assert [each.kind for each in all_at_once] == [
        Kind.STARTED,
        Kind.PAUSED,
        Kind.RESUMED,
        Kind.PAUSED,
        Kind.STOPPED,
        Kind.STORED,
    ]
    assert [(each.at - NINE).total_seconds() for each in all_at_once] == [0, 2, 5, 8, 10, 10]
    assert _kinds(life[3], life[-1]) == [Kind.RESUMED, Kind.PAUSED, Kind.STOPPED, Kind.STORED]


def test_the_same_record_again_tells_nothing() -> None:
    for record in _life():
        assert _kinds(record, record) == []


def test_a_part_that_broke_off_tells_it_once() -> None:
    started = _life()[1]
    broken = replace(started, status="broken")
    assert _kinds(started, broken) == [Kind.FAILED]
    assert _kinds(broken, replace(broken, history=())) == []


def test_nobody_but_agents_is_named() -> None:
    for each in happened(None, _life()[-1]):
        assert "5550100" not in str(each.detail)
    assert happened(None, _life()[-1])[1].detail["by"] == {"source": "agent", "userName": "agent.one"}
