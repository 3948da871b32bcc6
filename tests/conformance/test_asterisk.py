"""Every rule of the API on a started server whose phones are at a real Asterisk; but for those that look behind the API or let
minutes pass. All are played in the default generation, and those that differ by generation in the other one too: what a switch
does is the same in both. What an Asterisk cannot do is among the differences that docs/reference/asterisk.md lists."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from telegraphone.web.settings import Compatibility
from tests.conformance.every_rule import RULES
from tests.conformance.rule import Rule
from tests.conformance.stage import Stage
from tests.conformance.started import Started, started

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(slots=True)
class Attentive:
    """A stage that knows whether it was asked for its generation."""

    stage: Started
    was_asked: bool = False

    @property
    def mode(self) -> Compatibility:
        self.was_asked = True
        return self.stage.mode

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stage, name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stages(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Started, Started]]:
    """A server and an Asterisk of each generation for all rules, the default one first."""
    async with AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(started(tmp_path_factory.mktemp("server"), mode, at_asterisk=True))
            for mode in (Compatibility.V8_5_1, Compatibility.V8_5_2)
        ]
        yield first, second


@pytest.mark.parametrize("rule", [each for each in RULES if not each.simulated], ids=str)
async def test_rule(rule: Rule, stages: tuple[Started, Started]) -> None:
    first = Attentive(stages[0])
    await played(rule, first, stages[0])
    if first.was_asked:
        await played(rule, stages[1], stages[1])


async def played(rule: Rule, stage: Stage, behind: Started) -> None:
    try:
        await rule.play(stage)
    finally:
        await behind.over()
