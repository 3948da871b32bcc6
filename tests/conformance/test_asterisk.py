"""Every rule of the API on a started server whose phones are at a real Asterisk; but for those that look behind the API or let
minutes pass. What an Asterisk cannot do is among the differences that docs/reference/asterisk.md lists."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from telegraphone.web.settings import Compatibility
from tests.conformance.every_rule import RULES
from tests.conformance.rule import Rule
from tests.conformance.started import Started, started

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Started]:
    """One server and one Asterisk for all rules."""
    async with started(tmp_path_factory.mktemp("server"), Compatibility.V8_5_2, at_asterisk=True) as made:
        yield made


@pytest.mark.parametrize("rule", [each for each in RULES if not each.simulated], ids=str)
async def test_rule(rule: Rule, stage: Started) -> None:
    try:
        await rule.play(stage)
    finally:
        await stage.over()
