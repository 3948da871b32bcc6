"""API tokens while the database is away, at the bound of their number, and for an owner who is gone."""

import pytest

from telegraphone.database.memory import MemoryAuditTrail, MemoryTokens
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.errors import PermissionMissing
from telegraphone.limits import TOKENS_PER_USER_MAX
from telegraphone.services.ports import Unavailable
from telegraphone.services.tokens import Tokens
from tests.scenario.clock import VirtualClock
from tests.scenario.world import MORNING

OWNER = Agent("supervisor.one", "5" * 32, roles=frozenset({Role.SUPERVISOR}))
HERE = "192.0.2.7"


def _tokens() -> tuple[Tokens, MemoryTokens, VirtualClock, Directory]:
    clock, store, directory = VirtualClock(MORNING), MemoryTokens(), Directory((OWNER,))
    return Tokens(store, directory, MemoryAuditTrail(clock), clock), store, clock, directory


async def test_with_the_database_away_a_known_token_is_good_for_minutes_and_no_other_is() -> None:
    tokens, store, clock, _ = _tokens()
    (_, known), (_, unknown) = [await tokens.make(OWNER, "script", ["search"], 9, HERE) for _ in range(2)]
    assert await tokens.holder(known, HERE)
    store.away = True
    assert await tokens.holder(known, HERE)
    with pytest.raises(Unavailable):
        await tokens.holder(unknown, HERE)
    await clock.advance(301)
    with pytest.raises(Unavailable):
        await tokens.holder(known, HERE)


async def test_with_the_database_away_a_token_that_was_ended_is_not_good() -> None:
    tokens, store, _, _ = _tokens()
    token, text = await tokens.make(OWNER, "script", ["search"], 9, HERE)
    assert await tokens.holder(text, HERE)
    await tokens.end(OWNER, token.id, HERE)
    store.away = True
    with pytest.raises(Unavailable):
        await tokens.holder(text, HERE)


async def test_a_user_has_so_many_and_no_more() -> None:
    tokens, _, _, _ = _tokens()
    for _ in range(TOKENS_PER_USER_MAX):
        await tokens.make(OWNER, "script", ["search"], 9, HERE)
    with pytest.raises(PermissionMissing):
        await tokens.make(OWNER, "script", ["search"], 9, HERE)


async def test_without_its_owner_a_token_is_nothing() -> None:
    tokens, _, _, directory = _tokens()
    _, text = await tokens.make(OWNER, "script", ["search"], 9, HERE)
    directory.become(())
    assert await tokens.holder(text, HERE) is None
