"""The recordings as one person may use them: within tenant and reach, and only once there is something to hear."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.errors import NotFound, RoleMissing
from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.domain.permissions import Action
from telegraphone.limits import FOUND_PAGE
from telegraphone.services.catalogue import PartQuery, PartRecord
from telegraphone.services.library import Library
from tests.scenario.clock import VirtualClock

BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SALES = Agent("sales.one", "1", team="sales")
CARE = Agent("care.one", "2", team="care")
OVER_SALES = Agent("over.sales", "3", roles=frozenset({Role.SUPERVISOR}), supervised=frozenset({"sales"}))
OFFICER = Agent("officer", "4", roles=frozenset({Role.COMPLIANCE}))
ELSEWHERE = replace(OFFICER, user_name="officer.elsewhere", tenant="elsewhere")
EVERYTHING = PartQuery("any", user_name="*")


def _part(uuid: str, user_name: str, **more: object) -> PartRecord:
    part = PartRecord(
        RecordingId(f"{uuid}-{user_name}"), CallUuid(uuid), "", uuid, "5000", "5001", "5001", user_name, BEGAN, stopped_at=BEGAN
    )
    return replace(part, **more)  # type: ignore[arg-type]  # what the test varies


@pytest.fixture
async def library() -> Library:
    catalogue = MemoryCatalogue()
    for part in (
        _part("A", "sales.one"),
        _part("B", "care.one"),
        _part("C", "care.one"),
        _part("C", "sales.one"),
        _part("D", "sales.one", stopped_at=None),
    ):
        await catalogue.put(part)
    return Library(catalogue, Directory((SALES, CARE, OVER_SALES, OFFICER, ELSEWHERE)), MemoryAuditTrail(VirtualClock(BEGAN)))


@pytest.mark.parametrize(("who", "found"), [(OVER_SALES, "AC"), (OFFICER, "ABC"), (ELSEWHERE, "")], ids=("two", "all", "none"))
async def test_each_finds_what_is_within_reach(library: Library, who: Agent, found: str) -> None:
    assert set(await library.find(who, EVERYTHING, 10, 0, origin="192.0.2.7")) == set(found)
    for uuid in "ABCD":
        if uuid in found:
            assert {part.call_uuid for part in await library.recording(who, Action.LISTEN, uuid, "192.0.2.7")} == {uuid}
        else:
            with pytest.raises(NotFound):
                await library.recording(who, Action.LISTEN, uuid, "192.0.2.7")


async def test_the_tenant_of_a_query_is_the_askers(library: Library) -> None:
    assert await library.find(ELSEWHERE, PartQuery("default", user_name="*"), 10, 0, origin="192.0.2.7") == ()


async def test_an_agent_reaches_the_own_ones_and_only_for_what_the_role_covers(library: Library) -> None:
    assert len(await library.recording(CARE, Action.PROTECT, "C", "192.0.2.7")) == 2
    with pytest.raises(NotFound):
        await library.recording(CARE, Action.PROTECT, "A", "192.0.2.7")
    with pytest.raises(RoleMissing):
        await library.recording(CARE, Action.LISTEN, "C", "192.0.2.7")
    with pytest.raises(RoleMissing):
        await library.find(CARE, EVERYTHING, 10, 0, origin="192.0.2.7")


async def test_every_search_and_every_refusal_is_in_the_trail(library: Library) -> None:
    """CMP-4: user, type, time, result, origin, object."""
    await library.find(OFFICER, PartQuery("default", ani="5000", paused=True), 10, 0, origin="192.0.2.7")
    for who, uuid in ((CARE, "C"), (OVER_SALES, "B"), (ELSEWHERE, "A")):
        with pytest.raises((RoleMissing, NotFound)):
            await library.recording(who, Action.LISTEN, uuid, "192.0.2.8")
    with pytest.raises(RoleMissing):
        await library.find(CARE, EVERYTHING, 10, 0, origin="192.0.2.8")
    said = [
        (line.deed.tenant, line.deed.actor, line.deed.action, line.deed.subject, line.deed.result, line.deed.origin)
        for line in await library.audit.after(0, 10)
    ]
    assert said == [
        ("default", "officer", "search", "", "done", "192.0.2.7"),
        ("default", "care.one", "listen", "C", "refused", "192.0.2.8"),
        ("default", "over.sales", "listen", "B", "refused", "192.0.2.8"),
        ("elsewhere", "officer.elsewhere", "listen", "A", "refused", "192.0.2.8"),
        ("default", "care.one", "search", "", "refused", "192.0.2.8"),
    ]
    [search] = await library.audit.after(0, 1)
    assert search.deed.detail == {"ani": "5000", "paused": "True", "offset": "0", "found": "0"}


async def test_everything_that_is_found_comes_page_by_page_without_a_limit() -> None:
    catalogue = MemoryCatalogue()
    for number in range(2 * FOUND_PAGE + 3):
        # Many begin at the same moment, so that pages end among them.
        await catalogue.put(_part(f"{number:05}", "sales.one", started_at=BEGAN + timedelta(seconds=number // 300)))
    library = Library(catalogue, Directory((OFFICER, SALES)), MemoryAuditTrail(VirtualClock(BEGAN)))
    pages = [page async for page in library.pages(OFFICER, Action.HOLD, EVERYTHING)]
    assert [len(page) for page in pages] == [FOUND_PAGE, FOUND_PAGE, 3]
    assert len({uuid for page in pages for uuid in page}) == 2 * FOUND_PAGE + 3
    with pytest.raises(RoleMissing):
        await anext(library.pages(OVER_SALES, Action.HOLD, EVERYTHING))
