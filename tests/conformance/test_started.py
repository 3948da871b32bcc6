"""Every rule of the API in both generations on a started server, over HTTP and with phones; but for those that look behind
the API or let minutes pass."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from telegraphone.web.settings import Compatibility
from tests.conformance.every_rule import RULES
from tests.conformance.rule import Rule
from tests.conformance.started import Started, started

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(Compatibility), ids=lambda mode: mode.value)
async def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Started]:
    """One server for all rules of a generation."""
    async with started(tmp_path_factory.mktemp("server"), request.param) as made:
        yield made


@pytest.mark.parametrize("rule", [each for each in RULES if not each.simulated], ids=str)
async def test_rule(rule: Rule, stage: Started) -> None:
    try:
        await rule.play(stage)
    finally:
        await stage.over()
