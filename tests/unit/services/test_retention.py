"""Recordings whose time is over: they go in the background, and never a moment earlier than everything that keeps them."""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from hypothesis import example, given, settings
from hypothesis import strategies as st

from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue, MemoryStandings
from telegraphone.database.memory_ages import MemoryAges
from telegraphone.database.memory_labels import MemoryLabels
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.domain.labels import Label
from telegraphone.domain.retention import RetentionRule
from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.media.manifest import check_signature
from telegraphone.services.archive_ports import Erased, KeptRecording
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.happenings import Kind
from telegraphone.services.keeping import Ending, Tombstone
from telegraphone.services.ports import Unavailable
from telegraphone.services.retention import Decided, Overdue, Retention
from telegraphone.storage.notary import SignedStatements
from tests.scenario.archive import SimulatedArchive
from tests.scenario.clock import VirtualClock
from tests.scenario.player import SimulatedPlayer

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OURS = "default"
TEN_YEARS = timedelta(days=3_653)
DAY_S = 86_400.0

MONTH = RetentionRule("a month", 30, dnises=("5001",))
QUARTER = RetentionRule("complaints", 90, label="complaint")
EVER = RetentionRule("precedents", 0, label="precedent")
RULES = (MONTH, QUARTER, EVER)


class SetClock(VirtualClock):
    """A clock whose date may be set wrong."""

    wrong_by = timedelta()

    def utc(self) -> datetime:
        return super().utc() + self.wrong_by

    @property
    def truth(self) -> datetime:
        return super().utc()

    def passes(self, seconds: float) -> None:
        self._now += seconds


class Shelf(SimulatedArchive):
    """An archive that lacks some recordings."""

    lacks: frozenset[str] = frozenset()

    async def kept(self, recording_id: RecordingId) -> KeptRecording:
        if recording_id in self.lacks:
            raise KeyError(recording_id)
        return await super().kept(recording_id)

    async def erase(self, recording_id: RecordingId) -> Erased:
        if recording_id in (*self.lacks, *self.erased):
            raise KeyError(recording_id)
        return Erased(await super().kept(recording_id), (await super().erase(recording_id)).keys_destroyed, ())


class Office:
    """A contact centre's recordings, and retention at work on them."""

    def __init__(self, *rules: RetentionRule) -> None:
        self.clock = SetClock(NOON)
        self.catalogue, self.trail = MemoryCatalogue(), MemoryAuditTrail(self.clock)
        self.standings, self.archive = MemoryStandings(self.catalogue), Shelf(SimulatedPlayer())
        self.ages, self.labels = MemoryAges(self.catalogue, self.standings), MemoryLabels(self.catalogue)
        self.keys = MemoryKeyStore(self.clock.entropy)
        self._rules = rules or RULES
        self.start()

    def start(self) -> None:
        """A process that remembers nothing."""
        self.overdue = Overdue(self.ages, self.catalogue, self.labels, Decided(self._rules, "v1"))
        ending = Ending(self.standings, self.archive, SignedStatements(self.keys), self.trail)
        self.retention = Retention(self.overdue, self.archive, ending, self.trail, self.clock)

    async def record(self, name: str, dnis: str = "5001", tenant: str = OURS) -> CallUuid:
        call, end = CallUuid(name), self.clock.utc()
        numbers = ("c", "n", "5000", dnis, dnis, "agent.one")
        part = PartRecord(RecordingId(name), call, *numbers, end, end, 1, "sealed", tenant=tenant, bytes_stored=1)
        await self.catalogue.put(part)
        return call

    async def label(self, call: CallUuid, name: str) -> None:
        await self.labels.add(OURS, call, Label(name, "", "agent.one", NOON))

    async def left(self) -> set[str]:
        return {part.call_uuid for part in self.catalogue.everything()}

    async def after_days(self, days: float) -> set[str]:
        """What is left after so many days, looked at every day."""
        await self.retention.look()
        while days > 0:
            self.clock.passes(min(days, 1.0) * DAY_S)
            days -= 1.0
            await self.retention.look()
        return await self.left()


async def test_what_no_rule_keeps_any_longer_goes_with_a_stone() -> None:
    office = Office()
    await office.record("a")
    assert await office.after_days(29.9) == {"a"}
    assert await office.after_days(0.2) == set()
    stone = office.standings.tombstones[OURS, CallUuid("a")]
    said = json.loads(stone.statement)
    assert (said["by"], said["rule"], said["parts"], said["keys_destroyed"]) == ("retention", "a month @v1", ["a"], 3)
    check_signature(stone.statement.encode(), stone.signature.encode(), {office.keys.public_key()})
    assert office.archive.erased == ["a"]
    deeds = [line.deed for line in office.trail.lines]
    assert [(deed.actor, deed.action, deed.subject, deed.result) for deed in deeds] == [
        ("retention", "delete", "a", "begun"),
        ("retention", "delete", "a", "done"),
    ]
    assert deeds[0].detail == {"rule": "a month @v1", "kept_until": (NOON + timedelta(days=30)).isoformat()}
    assert deeds[1].detail["tombstone"] == hashlib.sha256(stone.statement.encode()).hexdigest()
    [*_, told] = await office.catalogue.outbox.after(0, OURS, 10)
    assert (told.happening.kind, told.happening.detail) == (Kind.ERASED, {"by": {"source": "policy", "rule": "a month @v1"}})


async def test_labels_and_holds_and_protection_keep_it_longer() -> None:
    office = Office()
    calls = {name: await office.record(name) for name in ("plain", "complaint", "precedent", "held", "protected")}
    await office.record("another queue", "7000")
    await office.record("another tenant", tenant="other")
    for name in ("complaint", "precedent"):
        await office.label(calls[name], name)
    await office.standings.hold(OURS, calls["held"], "case 7", ("compliance.one", NOON))
    await office.standings.protect(OURS, calls["protected"], on=True)
    for_ever = {"precedent", "held", "protected", "another queue", "another tenant"}
    assert await office.after_days(31) == {"complaint", *for_ever}
    assert await office.after_days(60) == for_ever
    await office.standings.release(OURS, calls["held"], "case 7")
    await office.standings.protect(OURS, calls["protected"], on=False)
    assert await office.after_days(1) == for_ever - {"held", "protected"}


async def test_what_would_go_is_said_and_nothing_goes() -> None:
    office = Office()
    complaint = await office.record("complaint")
    await office.record("plain")
    await office.label(complaint, "complaint")
    await office.retention.look()
    for days, expected in ((29, []), (31, ["plain"]), (91, ["complaint", "plain"])):
        found = [each async for each in office.overdue.expired(NOON + timedelta(days=days))]
        assert sorted(each.aged.call_uuid for each in found) == expected
    assert await office.left() == {"plain", "complaint"}
    assert office.trail.lines == []


async def test_many_go_in_bounded_looks_and_what_stays_does_not_stop_them() -> None:
    office = Office()
    for number in range(250):
        call = await office.record(f"{number:03}")
        if number < 150:
            await office.label(call, "precedent")
    assert await office.after_days(31) == {f"{number:03}" for number in range(150)}


async def test_a_crash_between_the_steps_is_finished_by_the_next_process() -> None:
    for broken in ("erase", "bury", "write"):
        office = Office()
        call = await office.record("a")
        await office.after_days(29)
        office.clock.passes(2 * DAY_S)
        _break_once(office, broken)
        with structlog.testing.capture_logs():
            await _crashing(office)
        assert await office.left() == {"a"}
        assert not await office.standings.hold(OURS, call, "too late", ("compliance.one", NOON))
        office.start()
        assert await office.after_days(0) == set(), broken
        assert (OURS, call) in office.standings.tombstones


def _break_once(office: Office, step: str) -> None:
    whose = {"erase": office.archive, "bury": office.standings, "write": office.trail}[step]
    whole = getattr(whose, step)

    async def crash(argument: RecordingId | Tombstone) -> None:
        setattr(whose, step, whole)
        raise asyncio.CancelledError(argument)

    setattr(whose, step, crash)


async def _crashing(office: Office) -> None:
    try:
        await office.retention.look()
    except asyncio.CancelledError:
        return
    raise AssertionError("it went through")


async def test_what_is_not_in_reach_is_not_buried() -> None:
    office = Office()
    await office.record("a")
    office.archive.lacks = frozenset({"a"})
    assert await office.after_days(31) == {"a"}
    office.archive.lacks = frozenset()
    office.archive.away = True
    assert await office.after_days(1) == {"a"}
    office.archive.away = False
    assert await office.after_days(1) == set()


async def test_a_locked_recording_keeps_no_other_waiting() -> None:
    office = Office()
    await office.record("a")
    office.archive.locked = True
    assert await office.after_days(31) == {"a"}
    office.archive.locked = False
    assert await office.after_days(1) == set()


async def test_a_database_that_is_away_is_waited_for() -> None:
    office = Office(RetentionRule("a day", 1))
    await office.record("a")
    await office.after_days(0)

    async def away() -> tuple[None, None]:
        raise Unavailable("database")

    there, office.ages.reached = office.ages.reached, away  # type: ignore[method-assign]  # it is away
    running = asyncio.create_task(office.retention.run())
    await office.clock.advance(1_000)
    office.ages.reached = there  # type: ignore[method-assign]  # and back again
    office.clock.passes(1.1 * DAY_S)
    await office.clock.advance(1_000)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await office.left() == set()


async def test_after_a_long_absence_an_operator_has_to_say_that_the_clock_is_right() -> None:
    office = Office()
    await office.record("a")
    await office.after_days(0)
    office.clock.passes(40 * DAY_S)
    office.start()
    with structlog.testing.capture_logs() as lines:
        assert await office.after_days(1) == {"a"}
    assert [line["event"] for line in lines] == ["clock_ahead"]
    await office.ages.reach(office.clock.utc())
    assert await office.after_days(0) == set()


async def test_what_is_recorded_while_the_clock_is_not_believed_is_kept_as_long() -> None:
    office = Office()
    await office.after_days(0)
    office.clock.passes(10 * DAY_S)
    office.start()
    await office.record("a")
    await office.after_days(1)
    await office.ages.reach(office.clock.utc())
    assert await office.after_days(28) == {"a"}
    assert await office.after_days(2) == set()


@dataclass(frozen=True, slots=True)
class Promise:
    """What the world knows of a recording, whatever the clock says."""

    ended: datetime
    days: int


_STEPS = st.one_of(
    st.tuples(st.just("pass"), st.sampled_from([1, 11, 29, 45])),
    st.tuples(st.just("set the clock"), st.sampled_from([TEN_YEARS, -TEN_YEARS, timedelta()])),
    st.tuples(st.just("record"), st.sampled_from(["plain", "complaint"])),
    st.tuples(st.just("hold"), st.booleans()),
    st.tuples(st.just("protect"), st.booleans()),
    st.tuples(st.just("restart"), st.none()),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_STEPS, max_size=25))
@example([("record", "complaint"), ("pass", 45)])
def test_nothing_goes_before_everything_that_keeps_it_whatever_the_clock_says(steps: list[tuple[str, object]]) -> None:
    """Property CMP-1, fault F18: earliest deletion = max(retention, hold, protection); jumps of ten years cause no early one."""
    with structlog.testing.capture_logs():
        asyncio.run(_life(steps))


async def _life(steps: list[tuple[str, object]]) -> None:
    office, promised, kept = Office(), dict[str, Promise](), dict[str, set[str]]()
    for number, (what, how) in enumerate([("record", "plain"), *steps]):
        name = f"{number:02}"
        newest = max(promised, default="")
        match what:
            case "record":
                call = await office.record(name)
                promised[name] = Promise(office.clock.truth, 90 if how == "complaint" else 30)
                if how == "complaint":
                    await office.label(call, "complaint")
            case "set the clock":
                assert isinstance(how, timedelta)
                office.clock.wrong_by = how
            case "hold" if newest in await office.left():
                if how:
                    await office.standings.hold(OURS, CallUuid(newest), "case 7", ("compliance.one", NOON))
                else:
                    await office.standings.release(OURS, CallUuid(newest), "case 7")
                (kept.setdefault(newest, set()).add if how else kept.setdefault(newest, set()).discard)("hold")
            case "protect" if newest in await office.left():
                await office.standings.protect(OURS, CallUuid(newest), on=bool(how))
                (kept.setdefault(newest, set()).add if how else kept.setdefault(newest, set()).discard)("protection")
            case "restart":
                office.start()
            case "pass":
                assert isinstance(how, int)
                for _ in range(how):
                    await _looked(office, promised, kept)
                    office.clock.passes(DAY_S)
        await _looked(office, promised, kept)
    # And when all is well again, what nothing keeps goes.
    still = {name for name in await office.left() if kept.get(name)}
    for _ in range(2):
        office.clock.wrong_by = timedelta()
        await office.ages.reach(office.clock.utc())
        left = await office.after_days(95)
    assert left == still


async def _looked(office: Office, promised: dict[str, Promise], kept: dict[str, set[str]]) -> None:
    before = await office.left()
    await office.retention.look()
    for gone in before - await office.left():
        assert office.clock.truth >= promised[gone].ended + timedelta(days=promised[gone].days), gone
        assert not kept.get(gone), gone
