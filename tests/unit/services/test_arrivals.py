"""Recordings that have arrived where they are sent: told when the list has their ends, and said again while it is away."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from telegraphone.database.memory import MemoryCatalogue
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.services.arrivals import Arrivals
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.happenings import Kind
from telegraphone.services.ports import Unavailable
from tests.scenario.clock import VirtualClock

BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CALL, PART = CallUuid("CALL"), RecordingId("r-1")
RUNNING = PartRecord(PART, CALL, "c", "n", "5000", "5001", "5001", "agent.one", BEGAN)
ENDED = replace(RUNNING, stopped_at=BEGAN, status="sealed", bytes_stored=9)


class Away(MemoryCatalogue):
    """A list that is away until it is there."""

    away = True

    async def parts_of_call(self, tenant: str, call_uuid: CallUuid) -> tuple[PartRecord, ...]:
        if self.away:
            raise Unavailable("database")
        return await super().parts_of_call(tenant, call_uuid)


@pytest.mark.parametrize(("listed", "known"), [((), False), ((RUNNING,), False), ((RUNNING, ENDED), True)])
async def test_it_is_told_when_its_end_is_listed(listed: Sequence[PartRecord], known: bool) -> None:
    catalogue, clock, looked = MemoryCatalogue(sent_on=True), VirtualClock(), []
    arrivals = Arrivals(catalogue, catalogue.outbox, clock, lambda: looked.append(True))
    for each in listed:
        await catalogue.put(each)
    for _ in range(2):
        assert await arrivals.arrived(RUNNING.tenant, CALL, PART) is known
    told = [each.happening.kind for each in await catalogue.outbox.after(0, RUNNING.tenant, 10)]
    assert (told.count(Kind.STORED), bool(looked)) == (int(known), known)


async def test_while_the_list_is_away_it_is_to_be_said_again() -> None:
    catalogue = Away(sent_on=True)
    arrivals = Arrivals(catalogue, catalogue.outbox, VirtualClock(), lambda: None)
    await catalogue.put(ENDED)
    assert not await arrivals.arrived(ENDED.tenant, CALL, PART)
    catalogue.away = False
    assert await arrivals.arrived(ENDED.tenant, CALL, PART)
    assert [each.happening.kind for each in await catalogue.outbox.after(0, ENDED.tenant, 10)] == [Kind.STOPPED, Kind.STORED]
