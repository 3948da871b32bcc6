"""Every rule of the API in both generations, on simulated phones."""

import pytest

from telegraphone.web.settings import Compatibility
from tests.conformance.every_rule import RULES
from tests.conformance.in_process import in_process
from tests.conformance.rule import Rule


@pytest.mark.parametrize("mode", list(Compatibility), ids=lambda mode: mode.value)
@pytest.mark.parametrize("rule", RULES, ids=str)
async def test_rule(rule: Rule, mode: Compatibility) -> None:
    async with in_process(mode) as stage:
        await rule.play(stage)
