"""Whatever is missing of a call that was to be recorded is told within a minute, once, and nothing else is (REC-1, F42)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from telegraphone.database.memory import MemoryCatalogue
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.limits import RECONCILED_AT_ONCE
from telegraphone.services.archive_ports import KeptRecording
from telegraphone.services.catalogue import HistoryEntry, PartRecord
from telegraphone.services.ports import Unavailable
from telegraphone.services.reconciliation import Reconciliation, lost_much
from telegraphone.services.troubles import Problem
from tests.scenario.clock import VirtualClock

CALL, TENANT = CallUuid("CALL0001"), "default"
BEGAN = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
PART = PartRecord(
    recording_id=RecordingId("0d3f9f3e-7a52-4d07-9a5e-3c6d3e1f8a11"),
    call_uuid=CALL,
    conn_id="c",
    name="n",
    ani="5000",
    dnis="5001",
    recorded_dn="5001",
    user_name="agent.one",
    started_at=BEGAN,
)
ENDED = replace(PART, stopped_at=BEGAN + timedelta(seconds=60), duration_ms=60_000, status="sealed")


class Shelf:
    """The archive as far as reconciliation looks at it."""

    def __init__(self) -> None:
        self.kept_ids = {PART.recording_id}
        self.away = False

    async def kept(self, recording_id: RecordingId) -> KeptRecording:
        if self.away:
            raise Unavailable("archive")
        if recording_id not in self.kept_ids:
            raise KeyError(recording_id)
        return KeptRecording(recording_id, TENANT, CALL, BEGAN, "", ())


class World:
    def __init__(self) -> None:
        self.catalogue, self.shelf, self.clock = MemoryCatalogue(), Shelf(), VirtualClock()
        self.waiting: set[CallUuid] = set()
        is_waiting = self.waiting.__contains__
        self.it = Reconciliation(self.catalogue, self.shelf, self.clock, is_waiting)  # type: ignore[arg-type]  # one method is asked
        self.it.demand(TENANT, CALL)
        self.it.demand(TENANT, CALL)

    async def told(self, seconds: float = 60.0) -> list[str]:
        """The problems told in this time."""
        with capture_logs() as logs:
            for _ in range(int(seconds / 10)):
                await self.it.look()
                await self.clock.advance(10)
        return [entry["problem"] for entry in logs if entry["event"] == "call_not_reconciled"]


async def test_a_call_that_is_kept_whole_is_settled_without_a_word() -> None:
    world = World()
    await world.catalogue.put(ENDED)
    assert await world.told() == []
    assert (world.it.settled, world.it.open) == (1, 0)


async def test_what_the_list_has_not_taken_yet_is_not_missing() -> None:
    world = World()
    world.waiting.add(CALL)
    assert await world.told(600) == []
    await world.catalogue.put(PART)
    assert await world.told(600) == [], "nor is a part of which the end still waits"
    world.waiting.clear()
    assert await world.told() == [Problem.UNFINISHED.value]


async def test_a_call_without_any_recording_is_told_once_within_a_minute() -> None:
    world = World()
    assert await world.told(30) == []
    assert await world.told(30) == [Problem.MISSING.value]
    assert await world.told(600) == []
    await world.catalogue.put(ENDED)
    assert await world.told() == []
    assert (world.it.settled, world.it.open) == (1, 0)


async def test_a_recording_that_is_being_made_is_no_problem_and_one_that_nobody_makes_is() -> None:
    world = World()
    world.it.is_being_made = lambda recording_id: recording_id == PART.recording_id
    await world.catalogue.put(PART)
    assert await world.told(600) == []
    world.it.is_being_made = lambda _: False
    assert await world.told() == [Problem.UNFINISHED.value]
    await world.catalogue.put(replace(PART, status="broken"))
    assert await world.told() == [Problem.BROKEN.value]


async def test_a_listed_recording_of_which_nothing_is_kept_is_told() -> None:
    world = World()
    world.shelf.kept_ids.clear()
    await world.catalogue.put(ENDED)
    assert await world.told() == [Problem.LOST.value]


@pytest.mark.parametrize(("lost_ms", "problem"), [(600, None), (601, Problem.SHORT)])
async def test_what_was_lost_of_a_recording_is_weighed(lost_ms: int, problem: Problem | None) -> None:
    world = World()
    gap = HistoryEntry("Gap", BEGAN, BEGAN, 0, lost_ms, reason="crash", stream=0)
    pause = HistoryEntry("Paused", BEGAN, BEGAN, 0, 50_000, reason="agent")
    await world.catalogue.put(replace(ENDED, history=(gap, pause)))
    assert await world.told() == ([problem.value] if problem else [])
    assert (world.it.settled, world.it.given_up) == ((0, 1) if problem else (1, 0))


def silent(stream: int, begin_ms: int, end_ms: int) -> HistoryEntry:
    """Nobody sent to a track in between."""
    return HistoryEntry("Gap", BEGAN, BEGAN, begin_ms, end_ms - begin_ms, reason="no_media", stream=stream)


PAUSE = HistoryEntry("Paused", BEGAN, BEGAN, 20_000, 10_000, reason="agent")


@pytest.mark.parametrize(
    ("history", "mixed", "problem"),
    [
        ((silent(0, 0, 60_000),), False, Problem.ONE_WAY),
        ((silent(1, 0, 20_000), PAUSE, silent(1, 30_000, 60_000)), False, Problem.ONE_WAY),
        # Who waited long for the other, and said something at last, was heard.
        ((silent(0, 0, 59_000),), False, None),
        ((silent(0, 0, 30_000), silent(1, 30_000, 60_000)), False, None),
        ((silent(0, 0, 59_000), silent(1, 0, 59_000)), False, None),
        # Of voices that come mixed one track has all.
        ((silent(0, 0, 60_000),), True, None),
        ((silent(0, 0, 60_000), silent(1, 0, 50_000)), True, None),
        ((silent(0, 0, 60_000), silent(1, 0, 60_000)), True, Problem.ONE_WAY),
    ],
)
def test_who_was_silent_for_long_was_not_unheard(history: tuple[HistoryEntry, ...], mixed: bool, problem: Problem | None) -> None:
    assert lost_much(replace(ENDED, history=history), mixed=mixed) is problem


async def test_while_the_archive_is_away_nothing_is_settled_and_nothing_is_called_lost() -> None:
    world = World()
    world.shelf.away = True
    await world.catalogue.put(ENDED)
    assert await world.told(600) == []
    assert world.it.open == 1
    world.shelf.away = False
    assert await world.told() == []
    assert world.it.settled == 1


async def test_a_call_is_given_up_after_a_day() -> None:
    world = World()
    await world.told(40)
    await world.clock.advance(24 * 3_600)
    await world.told(10)
    assert (world.it.open, world.it.given_up) == (0, 1)


class Asked(MemoryCatalogue):
    """Remembers how many calls it was asked for at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once: list[int] = []

    async def parts_of_calls(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[tuple[PartRecord, ...], ...]:
        self.at_once.append(len(call_uuids))
        return await super().parts_of_calls(tenant, call_uuids)


async def test_the_list_is_asked_for_many_calls_at_a_time_and_each_is_judged_by_its_own() -> None:
    world = World()
    world.it = Reconciliation(asked := Asked(), world.shelf, world.clock)  # type: ignore[arg-type]  # one method is asked
    for number in range(RECONCILED_AT_ONCE + 10):
        for tenant in ("north", "south"):
            call = CallUuid(f"{tenant}{number}")
            world.it.demand(tenant, call)
            if (tenant, number) != ("south", 3):
                await asked.put(replace(ENDED, tenant=tenant, call_uuid=call, recording_id=RecordingId(call)))
                world.shelf.kept_ids.add(RecordingId(call))
    await world.it.look()
    assert asked.at_once == [RECONCILED_AT_ONCE, 10, RECONCILED_AT_ONCE, 10]
    assert (world.it.settled, world.it.open) == (2 * (RECONCILED_AT_ONCE + 10) - 1, 1)
    assert await world.told() == [Problem.MISSING.value]
