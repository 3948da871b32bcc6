"""That wishes for a second person are bounded, and what comes between; what they do is in tests/scenario."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue
from telegraphone.database.memory_access import MemoryApprovals
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.errors import NotFound, SecondPersonMissing
from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.domain.permissions import Action
from telegraphone.services import approvals
from telegraphone.services.approvals import FourEyes
from telegraphone.services.audit import Deed
from telegraphone.services.library import Library
from tests.scenario.clock import VirtualClock

OFFICER = Agent("officer", "4", roles=frozenset({Role.COMPLIANCE}))
OTHER = replace(OFFICER, user_name="other", id="5")
NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class SlowTrail(MemoryAuditTrail):
    """A trail that somebody acts during the writing of: `meanwhile` is done once, before an approval is written down."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def write(self, deed: Deed) -> None:
        if self.meanwhile is not None and deed.action == "approve":
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        await super().write(deed)


async def test_a_wish_that_is_taken_back_while_it_is_approved_stays_away() -> None:
    clock = VirtualClock(NINE)
    trail = SlowTrail(clock)
    library = Library(MemoryCatalogue(), Directory((OFFICER, OTHER)), trail)
    four_eyes = FourEyes({DEFAULT_TENANT: frozenset({Action.DELETE})}, MemoryApprovals(), library, clock)
    with pytest.raises(SecondPersonMissing):
        await four_eyes.passed(OFFICER, Action.DELETE, "A", "")
    [wish] = await four_eyes.waiting(OFFICER, "")
    trail.meanwhile = lambda: four_eyes.drop(OFFICER, wish.id, "")
    with pytest.raises(NotFound):
        await four_eyes.approve(OTHER, wish.id, "")
    assert await four_eyes.waiting(OFFICER, "") == ()
    last = trail.lines[-1].deed
    assert (last.actor, last.action, last.result, last.detail["reason"]) == ("other", "approve", "refused", "NotFound")
    with pytest.raises(SecondPersonMissing):
        await four_eyes.passed(OFFICER, Action.DELETE, "A", "")


async def test_of_too_many_wishes_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvals, "APPROVALS_MAX", 2)
    clock = VirtualClock(NINE)
    library = Library(MemoryCatalogue(), Directory((OFFICER,)), MemoryAuditTrail(clock))
    four_eyes = FourEyes({DEFAULT_TENANT: frozenset({Action.DELETE})}, MemoryApprovals(), library, clock)
    for subject in "ABC":
        await clock.advance(1)
        with pytest.raises(SecondPersonMissing):
            await four_eyes.passed(OFFICER, Action.DELETE, subject, "")
    assert [each.subject for each in await four_eyes.waiting(OFFICER, "")] == ["B", "C"]
    assert await four_eyes.passed(OFFICER, Action.EXPORT, "D", "") == {}


async def test_who_wishes_too_much_takes_nothing_away_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvals, "APPROVALS_MAX", 3)
    clock = VirtualClock(NINE)
    library = Library(MemoryCatalogue(), Directory((OFFICER, OTHER)), MemoryAuditTrail(clock))
    four_eyes = FourEyes({DEFAULT_TENANT: frozenset({Action.DELETE})}, MemoryApprovals(), library, clock)
    for agent, subject in ((OTHER, "A"), (OTHER, "B"), (OFFICER, "C"), (OFFICER, "D"), (OTHER, "E")):
        await clock.advance(1)
        with pytest.raises(SecondPersonMissing):
            await four_eyes.passed(agent, Action.DELETE, subject, "")
    assert [each.subject for each in await four_eyes.waiting(OFFICER, "")] == ["B", "D", "E"]
