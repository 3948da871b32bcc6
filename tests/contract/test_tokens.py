"""What every keeper of API tokens promises."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telegraphone.database.memory import MemoryTokens
from telegraphone.database.tokens import SqlTokens
from telegraphone.domain.tokens import ApiToken
from telegraphone.services.tokens import TokenStore
from tests.contract.databases import KINDS, database
from tests.postgresql import Server

MADE = datetime(2026, 11, 24, 9, tzinfo=UTC)
SCOPES = frozenset({"api-voice", "search"})
FIRST = ApiToken("a" * 16, "default", "agent.one", "crm", SCOPES, "0" * 64, MADE, MADE + timedelta(days=9))
SECOND = replace(FIRST, id="b" * 16, user_name="agent.two", created_at=MADE + timedelta(seconds=1))


@pytest.fixture(params=["memory", *KINDS])
async def tokens(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[TokenStore]:
    if request.param == "memory":
        yield MemoryTokens()
        return
    async with database(request.param, tmp_path, postgresql) as engine:
        yield SqlTokens(engine)


async def test_tokens_are_found_noted_and_ended(tokens: TokenStore) -> None:
    for each in (FIRST, SECOND, replace(FIRST, id="c" * 16, tenant="other")):
        await tokens.put(each)
    assert await tokens.of("default") == (SECOND, FIRST)
    assert await tokens.of("default", "agent.one") == (FIRST,)
    used = replace(FIRST, used_at=MADE + timedelta(minutes=5))
    await tokens.used(used)
    assert await tokens.find(FIRST.id) == used
    await tokens.end(FIRST.id)
    await tokens.used(used)
    assert await tokens.find(FIRST.id) is None
    assert await tokens.of("default") == (SECOND,)
