"""The reference of the API names what is served, and serves what it names."""

import re
from pathlib import Path

from telegraphone.domain.agent import AGENT_STATES, DeviceOperation
from telegraphone.domain.call import Notice
from telegraphone.domain.operations import Operation
from telegraphone.web.app import INTERNAL
from telegraphone.web.gws.links import API
from tests.scenario.world import contact_centre

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "gws-api.md").read_text()


async def test_every_url_is_documented_with_its_methods() -> None:
    async with contact_centre() as world:
        served = {(route.template.removeprefix(API), ", ".join(route.handlers)) for route in world.app.table.routes}
    documented = set(re.findall(r"^\| `((?:/[^`]*)+)` \| ([A-Z, ]+) \|", PAGE, re.MULTILINE))
    assert served == documented
    assert any(path.startswith(INTERNAL) for path, _ in documented)


def test_every_operation_state_and_event_is_documented() -> None:
    words = [each.value for each in Operation] + [each.operation for each in AGENT_STATES] + [each.value for each in Notice]
    words += [each.value for each in DeviceOperation]
    assert [word for word in words if f"`{word}`" not in PAGE] == []
