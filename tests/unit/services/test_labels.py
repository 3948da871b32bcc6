"""Labels where something else happens at the same moment."""

from datetime import UTC, datetime

import pytest

from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue
from telegraphone.database.memory_labels import MemoryLabels
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.errors import NotFound
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.domain.labels import Label, LabelDefinition
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.labels import Labels
from telegraphone.services.library import Library
from tests.scenario.clock import VirtualClock

BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SUPERVISOR = Agent("supervisor.one", "3", roles=frozenset({Role.SUPERVISOR}))
A = CallUuid("A" * 32)


class Vanishing(MemoryLabels):
    """The recording is erased after it was looked at and before it is labelled."""

    def __init__(self, catalogue: MemoryCatalogue) -> None:
        super().__init__(catalogue)
        self._list = catalogue

    async def add(self, tenant: str, call_uuid: CallUuid, label: Label) -> bool:
        self._list.forget(tenant, call_uuid)
        return await super().add(tenant, call_uuid, label)


async def test_a_recording_that_is_erased_meanwhile_is_not_found_and_bears_nothing() -> None:
    catalogue, trail = MemoryCatalogue(), MemoryAuditTrail(VirtualClock(BEGAN))
    await catalogue.put(PartRecord(RecordingId("1"), A, "", "", "5000", "5001", "5001", "agent.one", BEGAN, BEGAN))
    kept = Vanishing(catalogue)
    await kept.define(DEFAULT_TENANT, LabelDefinition("complaint", "Complaint"))
    labels = Labels(Library(catalogue, Directory((SUPERVISOR,)), trail), kept, kept, trail, VirtualClock(BEGAN))
    with pytest.raises(NotFound, match="recording"):
        await labels.add(SUPERVISOR, A, "complaint", "", "")
    assert await kept.of(DEFAULT_TENANT, (A,)) == ((),)
    assert trail.lines == []
