"""Criteria of a search for recordings that the API of old does not have: what they find, and how they are refused."""

from typing import Any

import pytest

from tests.scenario.clock import settle
from tests.scenario.world import World, contact_centre

RECORDINGS = "/api/v2/recordings"


async def _recorded(world: World, caller: str, *operations: str, **user_data: object) -> str:
    """A finished recording of a call from this number; its id."""
    await world.answered_call(caller, "5001")
    async with world.client("agent.one") as desktop:
        call = (await desktop.get("/api/v2/me/calls?fields=*")).json()["calls"][0]
        path = f"/api/v2/me/calls/{call['id']}"
        if user_data:
            await desktop.post(path, json={"operationName": "AttachUserData", "userData": user_data})
        for operation in ("Start", *operations):
            answer = await desktop.post(path, json={"operationName": f"{operation}CallRecording"})
            assert answer.json()["statusCode"] == 0
            await world.clock.advance(5.0)
        if user_data:
            await desktop.post(path, json={"operationName": "AttachUserData", "userData": {"late": "news"}})
        world.switch.phone("5001").hang_up()
        await settle()
    return str(call["callUuid"])


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({"userData": "case=17"}, ["second"]),
        ({"userData": "late=news"}, ["second"]),
        ({"userData": "case=1"}, []),
        ({"paused": "true"}, ["second"]),
        ({"paused": "false"}, ["first"]),
        ({"state": "sealed"}, ["second", "first"]),
        ({"state": "broken"}, []),
        ({"minDuration": "5001"}, ["second"]),
        ({"maxDuration": "5000"}, ["first"]),
        ({"text": "JAN dvořák"}, ["second"]),
        ({"text": "dvořák 5000"}, []),
        ({"text": "5000", "paused": "false"}, ["first"]),
        ({"label": "Complaint"}, []),
    ],
)
async def test_what_is_known_of_a_recording_is_found(criteria: dict[str, Any], found: list[str]) -> None:
    async with contact_centre() as world:
        names = {await _recorded(world, "5000"): "first"}
        names[await _recorded(world, "5002", "Pause", "Resume", case=17, customer={"name": "Jan Dvořák"})] = "second"
        async with world.client("supervisor.one") as http:
            answer = (await http.get(RECORDINGS, params=criteria)).json()
            assert [names[uri.rpartition("/")[2]] for uri in answer["uris"]] == found
            page = (await http.get(RECORDINGS, params={**criteria, "limit": 1})).json()
            assert [names[uri.rpartition("/")[2]] for uri in page["uris"]] == found[:1]
            if len(found) > 1:
                page = (await http.get(RECORDINGS, params={"cursor": page["nextCursor"], "limit": 1})).json()
                assert [names[uri.rpartition("/")[2]] for uri in page["uris"]] == found[1:]


@pytest.mark.parametrize(
    "criteria",
    [
        {"userData": "case"},
        {"userData": "=17"},
        {"paused": "yes"},
        {"state": "lost"},
        {"minDuration": "-1"},
        {"maxDuration": "1.5"},
        {"minDuration": "9" * 13},
        {"text": "?!"},
        {"text": "a b c d e f g h i"},
        {"text": "x" * 257},
    ],
)
async def test_a_criterion_that_cannot_be_understood_is_named(criteria: dict[str, str]) -> None:
    async with contact_centre() as world, world.client("supervisor.one") as http:
        answer = await http.get(RECORDINGS, params=criteria)
        assert (answer.status_code, answer.json()["statusCode"]) == (400, 2)
        assert next(iter(criteria)) in answer.json()["statusMessage"]
