"""That the latest purpose counts, for a while, and comes to nobody else; what it does is in tests/scenario."""

from datetime import UTC, datetime

import pytest

from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue
from telegraphone.database.memory_access import MemoryPurposes
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.errors import PurposeMissing
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.domain.permissions import Action
from telegraphone.limits import PURPOSE_S
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.library import Library
from telegraphone.services.purposes import Purposes
from tests.scenario.clock import VirtualClock

BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OFFICER = Agent("officer", "4", roles=frozenset({Role.COMPLIANCE}))
OTHER = Agent("other", "5", roles=frozenset({Role.COMPLIANCE}))
CALL = CallUuid("A" * 32)


async def test_what_was_said_last_holds_for_a_while_and_for_one() -> None:
    clock, catalogue = VirtualClock(BEGAN), MemoryCatalogue()
    library = Library(catalogue, Directory((OFFICER, OTHER)), MemoryAuditTrail(clock))
    asking = Purposes(library, frozenset({DEFAULT_TENANT}), MemoryPurposes(), clock)
    await catalogue.put(PartRecord(RecordingId("1"), CALL, "", "", "5000", "5001", "5001", "agent.one", BEGAN, BEGAN))
    for purpose in ("audit", "complaint 17"):
        await asking.state(OFFICER, CALL, purpose, "")
    assert await asking.of(OFFICER, Action.LISTEN, CALL, "") == {"purpose": "complaint 17"}
    with pytest.raises(PurposeMissing):
        await asking.of(OTHER, Action.LISTEN, CALL, "")
    await clock.advance(PURPOSE_S)
    with pytest.raises(PurposeMissing):
        await asking.of(OFFICER, Action.LISTEN, CALL, "")
