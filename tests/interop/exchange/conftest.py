"""An exchange with the tiny router, for each test a new one."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.interop.exchange.router import Router, new_exchange


@pytest.fixture
async def router() -> AsyncIterator[Router]:
    # SIPp reads only the first challenge, and of digests it knows MD5 alone.
    exchange = new_exchange(digest_algorithms=("MD5",))
    await exchange.start()
    made = Router(exchange)
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        await exchange.close()
        await running
