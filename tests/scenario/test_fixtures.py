"""The four documented exchanges, carried out over HTTP on simulated phones: the events must be the printed ones."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from telegraphone.domain import ids
from telegraphone.domain.operations import Operation
from tests.scenario.clock import settle
from tests.scenario.world import World, contact_centre

FIXTURES = Path(__file__).parents[1] / "fixtures" / "gws"
CALL_UUID, CONN_ID = "00RV9H7S6O8V3BSHAG7GK2LAES00002M", "0071022ec8ac8056"
HOST = "hpe-voicevm-84.genesyslab.com"
START_AT = datetime(2013, 8, 9, 21, 11, 22, tzinfo=UTC)
# The call appears at the agent's device 106 s before the recording starts, and half a second after the clock begins.
BEGINS = datetime(2013, 8, 9, 21, 9, 36, tzinfo=UTC)
USER_DATA = {
    "IW_CaseUid": "8dfca5ac-ed84-4f9a-d902-8ef3c2faad81",
    "IW_BundleUid": "ba431089-f52b-4ce2-0658-f8bdfdfe3034",
}
STEPS = (("Start", "start", 106), ("Pause", "pause", 141), ("Resume", "resume", 588), ("Stop", "stop", 613))


def _foresee_ids(world: World) -> None:
    """The next call gets the documented ids."""
    number = 0
    for digit in CALL_UUID:
        number = number * 36 + int(digit, 36)
    world.clock.foresee(number.to_bytes(ids.CALL_UUID_ENTROPY_BYTES, "big"))
    world.clock.foresee(bytes.fromhex(CONN_ID))


async def _post(http: httpx.AsyncClient, body: dict[str, Any]) -> None:
    response = await http.post(f"/api/v2/me/calls/{CONN_ID}", json=body)
    assert (response.status_code, response.json()) == (200, {"statusCode": 0})


async def test_the_four_events_are_the_documented_ones() -> None:
    async with contact_centre(begins=BEGINS, host=HOST) as world, world.client("agent.one") as http:
        _foresee_ids(world)
        await world.ringing_call("5000", "5001")
        appeared = world.clock.now()
        world.switch.phone("5001").answer()
        await settle()
        await _post(http, {"operationName": "AttachUserData", "userData": USER_DATA})
        for operation, name, seconds in STEPS:
            await world.clock.advance(appeared + seconds - world.clock.now())
            world.log.forget()
            await _post(http, {"operationName": f"{operation}CallRecording"})
            await settle()
            [event] = world.log.of("agent.one")
            assert _comparable(event) == _comparable(_printed(name)), name


def _printed(name: str) -> dict[str, Any]:
    printed: dict[str, Any] = json.loads((FIXTURES / f"{name}.event.json").read_text())
    return printed


def _comparable(event: dict[str, Any]) -> dict[str, Any]:
    """Capabilities as a set; the order of keys is free."""
    call = dict(event["data"]["call"])
    call["capabilities"] = set(call["capabilities"])
    return {**event, "data": {**event["data"], "call": call}}


@pytest.mark.parametrize(("_", "name", "__"), STEPS)
def test_the_fixtures_list_the_capabilities_in_our_order(_: str, name: str, __: int) -> None:
    printed = _printed(name)["data"]["call"]["capabilities"]
    ours = [each.value for each in Operation]
    assert [each for each in printed if each in ours] == [each for each in ours if each in printed]
