"""An exchange with the tiny router, for each test a new one."""

from collections.abc import AsyncIterator

import pytest

from tests.interop.exchange.router import Router, routed


@pytest.fixture
async def router() -> AsyncIterator[Router]:
    # SIPp reads only the first challenge, and of digests it knows MD5 alone.
    async with routed(digest_algorithms=("MD5",)) as made:
        yield made
