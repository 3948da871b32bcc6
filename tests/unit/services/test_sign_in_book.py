"""Who comes and goes is written down, and nothing of whom nobody knows; that it waits for the database is in test_later."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from telegraphone.database.memory import MemoryAuditTrail
from telegraphone.domain.agent import Agent, Directory
from telegraphone.domain.tokens import ApiToken
from telegraphone.services.sign_in_book import SignInBook
from tests.scenario.clock import VirtualClock, settle

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
AGENT = Agent("agent.one", "1")
TOKEN = ApiToken("7" * 16, AGENT.tenant, AGENT.user_name, "script", frozenset({"search"}), "0" * 64, NINE, NINE)
HERE = "192.0.2.5"


async def test_the_lines() -> None:
    clock = VirtualClock(NINE)
    trail = MemoryAuditTrail(clock)
    book = SignInBook(Directory((AGENT,)), trail, clock)
    running = asyncio.create_task(book.run())
    book.came(replace(AGENT, token=TOKEN.id), "token", HERE)
    book.went(AGENT, HERE)
    book.wrong_password("nobody", HERE)
    book.wrong_password("agent.one", HERE)
    book.wrong_token(TOKEN, "expired", HERE)
    await settle()
    running.cancel()
    assert [(line.deed.actor, line.deed.action, line.deed.result, dict(line.deed.detail)) for line in trail.lines] == [
        (f"agent.one (token {TOKEN.id})", "sign in", "done", {"by": "token"}),
        ("agent.one", "sign out", "done", {}),
        ("agent.one", "sign in", "refused", {"reason": "wrong password"}),
        ("agent.one", "sign in", "refused", {"reason": "expired", "token": TOKEN.id}),
    ]
    assert {(line.deed.subject, line.deed.origin, line.deed.tenant) for line in trail.lines} == {
        ("agent.one", HERE, AGENT.tenant)
    }
