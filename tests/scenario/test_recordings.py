"""Recordings over HTTP: who may search, read and hear them, what they look like, and how they are played (gws-api 13)."""

import re
from typing import Any

import httpx
import pytest

from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.services.catalogue import PartRecord
from tests.scenario.recorded import NO_PERMISSION, NO_ROLE, RECORDINGS, operate, play_path, recorded_call
from tests.scenario.world import URL, World, answer_of

# --- who may -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "reads", "plays"),
    [
        ("agent.one", NO_ROLE, NO_ROLE),
        ("supervisor.one", 200, 200),
        ("compliance.one", 200, 200),
        ("admin.one", 200, NO_PERMISSION),
        ("admin.listening", 200, 200),
    ],
)
async def test_who_may_do_what(world: World, user: str, reads: object, plays: object) -> None:
    uuid = await recorded_call(world)
    path = await play_path(world, uuid)
    async with world.client(user) as http:
        for asked in (f"{RECORDINGS}?userName=*", f"{RECORDINGS}/{uuid}", f"{RECORDINGS}/unknown"):
            response = await http.get(asked)
            if reads == 200:
                assert response.status_code == (404 if asked.endswith("unknown") else 200)
            else:
                assert answer_of(response) == reads, "the role is looked at before anything is looked for"
        response = await http.get(path)
        assert response.status_code == 200 if plays == 200 else answer_of(response) == plays


async def test_without_a_sign_in_nothing_is_heard(world: World) -> None:
    path = await play_path(world, await recorded_call(world))
    async with world.client() as http:
        assert answer_of(await http.get(path)) == (403, {"statusCode": 20, "statusMessage": "Access denied"})
        assert world.lines == []


# --- reading -------------------------------------------------------------------------------------------------------


BY_AGENT = {"source": "agent", "userName": "agent.one", "phoneNumber": "5001"}


def _media_file(part: PartRecord) -> dict[str, Any]:
    play = f"/recordings/{part.call_uuid}/play/{part.recording_id}.mp3"
    return {
        "mediaUri": f"{URL}/api/v2{play}",
        "mediaPath": play,
        "playPath": play,
        "startTime": "2026-11-24T09:00:00.000+0000",
        "stopTime": "2026-11-24T09:00:40.000+0000",
        "callUUID": part.call_uuid,
        "mediaId": f"{part.name}.mp3",
        "type": "audio/mp3",
        "duration": "40000",
        "status": "sealed",
        "tenant": "Environment",
        "ivrprofile": "Telegraphone",
        "parameters": {
            "ani": "5000",
            "dnis": "5001",
            "connId": part.conn_id,
            "dateTime": "2026-11-24T09:00:00Z",
            "recordDN": "5001",
            "agentId": "agent.one",
            "GSIP_REC_FN": part.name,
        },
    }


def _entry(type_: str, part: PartRecord, start: int, end: int) -> dict[str, Any]:
    return {
        "type": type_,
        "mediaFileId": part.recording_id,
        "startTime": f"2026-11-24T09:00:{start:02}.000+0000",
        "stopTime": f"2026-11-24T09:00:{end:02}.000+0000",
        "offset": str(start * 1000),
        "duration": str((end - start) * 1000),
        "startedBy": BY_AGENT,
        "stoppedBy": BY_AGENT,
    }


async def test_a_recording_field_for_field(world: World, http: httpx.AsyncClient) -> None:
    uuid = await recorded_call(world)
    [part] = await world.catalogue.parts_of_call(DEFAULT_TENANT, uuid)  # type: ignore[arg-type]  # an id as a client has it
    response = await http.get(f"{RECORDINGS}/{uuid}")
    recording = {
        "id": uuid,
        "callerPhoneNumber": "5000",
        "dialedPhoneNumber": "5001",
        "startTime": "2026-11-24T09:00:00.000+0000",
        "stopTime": "2026-11-24T09:00:40.000+0000",
        "nonDelete": False,
        "holds": [],
        "mediaFiles": [_media_file(part)],
        "eventHistory": [_entry("Recording", part, 0, 40), _entry("Paused", part, 10, 30)],
        "uri": f"{URL}/api/v2/recordings/{uuid}",
        "path": f"/recordings/{uuid}",
    }
    assert answer_of(response) == (200, {"statusCode": 0, "recording": recording})


async def test_two_parts_are_one_recording(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    uuid = world.calls.of(world.agent("agent.one"))[0].call_uuid
    await operate(world, ("Start", 5), ("Stop", 5), ("Start", 5), ("Stop", 5))
    recording = (await http.get(f"{RECORDINGS}/{uuid}?subresources=labels")).json()["recording"]
    assert [each["startTime"][17:19] for each in recording["mediaFiles"]] == ["00", "10"]
    assert (recording["startTime"][17:19], recording["stopTime"][17:19]) == ("00", "15")
    assert len({each["mediaId"] for each in recording["mediaFiles"]}) == 2
    assert recording["labels"] == []


async def test_a_call_is_no_recording_until_its_first_part_has_ended(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    view = world.calls.of(world.agent("agent.one"))[0]
    await operate(world, ("Start", 5))
    for unknown in (view.call_uuid, view.conn_id, "unknown"):
        assert answer_of(await http.get(f"{RECORDINGS}/{unknown}")) == (
            404,
            {"statusCode": 6, "statusMessage": f"Requested recording [{unknown}] cannot be found."},
        )
    assert (await http.get(f"{RECORDINGS}?userName=*")).json() == {"statusCode": 0, "uris": []}


# --- searching -----------------------------------------------------------------------------------------------------


async def test_searching_page_by_page(world: World, http: httpx.AsyncClient) -> None:
    uuids = [await recorded_call(world) for _ in range(3)]
    newest_first = [f"{URL}{RECORDINGS}/{uuid}" for uuid in reversed(uuids)]
    found = (await http.get(RECORDINGS, params={"callerPhoneNumber": "50*", "offset": 0, "limit": 2})).json()
    assert found["uris"] == newest_first[:2]
    assert "previousUri" not in found
    assert found["nextUri"] == f"{URL}/api/v2{found['nextPath']}"
    second = (await http.get(found["nextUri"])).json()
    assert second["uris"] == newest_first[2:]
    assert "nextUri" not in second
    assert (await http.get(second["previousUri"])).json()["uris"] == newest_first[:2]
    whole = (await http.get(RECORDINGS, params={"userName": "agent.one", "fields": "id,startTime"})).json()
    assert [set(each) for each in whole["recordings"]] == [{"id", "startTime"}] * 3


async def test_a_cursor_skips_and_repeats_nothing(world: World, http: httpx.AsyncClient) -> None:
    uuids = [await recorded_call(world) for _ in range(3)]
    first = (await http.get(RECORDINGS, params={"callerPhoneNumber": "50*", "limit": 2, "fields": "id"})).json()
    assert [each["id"] for each in first["recordings"]] == [uuids[2], uuids[1]]
    assert re.fullmatch("[A-Za-z0-9_-]{1,500}", first["nextCursor"])
    assert f"cursor={first['nextCursor']}" in first["nextPath"]
    await recorded_call(world)
    second = (await http.get(first["nextUri"])).json()
    assert second["recordings"] == [{"id": uuids[0]}], "a newer recording moves nothing"
    assert not [name for name in second if name.startswith(("next", "previous"))]
    assert (await http.get(f"{RECORDINGS}?cursor={first['nextCursor']}&fields=id")).json() == second


async def test_a_cursor_is_good_for_its_user_and_alone(world: World, http: httpx.AsyncClient) -> None:
    for _ in range(2):
        await recorded_call(world)
    cursor = (await http.get(f"{RECORDINGS}?userName=*&limit=1")).json()["nextCursor"]
    refused = [f"cursor={cursor}&userName=*", f"cursor={cursor}&offset=1", "cursor=x", f"cursor={cursor}A", "cursor=" + "A" * 501]
    refused += [f"cursor={cursor[:-1]}", "cursor=%C3%A4%C3%B6"]
    for query in refused:
        response = await http.get(f"{RECORDINGS}?{query}")
        assert (response.status_code, response.json()["statusCode"]) == (400, 2), query
    async with world.client("compliance.one") as other:
        assert (await other.get(f"{RECORDINGS}?cursor={cursor}")).status_code == 400


async def test_criteria_too_long_for_a_cursor_are_paged_by_offset(world: World, http: httpx.AsyncClient) -> None:
    for _ in range(2):
        await recorded_call(world)
    criteria = {"callerPhoneNumber": "5000" + "-" * 200, "dialedPhoneNumber": "5001" + "-" * 200, "limit": "1"}
    found = (await http.get(RECORDINGS, params=criteria)).json()
    assert "nextCursor" not in found
    assert len((await http.get(found["nextUri"])).json()["uris"]) == 1


@pytest.mark.parametrize(
    ("criteria", "count"),
    [
        ("callerPhoneNumber=5000", 1),
        ("callerPhoneNumber=%2B5-0 00", 1),
        ("callerPhoneNumber=500", 0),
        ("dialedPhoneNumber=5001&userName=agent.one", 1),
        ("dialedPhoneNumber=5001&userName=agent.two", 0),
        ("startTime=2026-11-24T09:00:00Z", 1),
        ("startTime=2026-11-24T10:00:00%2B0100", 1),
        ("startTime=2026-11-24T10:00:00+01:00", 1),
        ("startTime=2026-11-24T09:00:00.001Z", 0),
        ("startTime=2026-11-24T09:00:00.000000001Z", 1),
        ("endTime=2026-11-24T09:00:00Z", 0),
        ("endTime=2026-11-24T09:00:00.5Z", 1),
    ],
)
async def test_criteria(world: World, http: httpx.AsyncClient, criteria: str, count: int) -> None:
    await recorded_call(world)
    response = await http.get(f"{RECORDINGS}?{criteria}")
    assert (response.status_code, len(response.json()["uris"])) == (200, count)


@pytest.mark.parametrize(
    ("query", "status_code", "text"),
    [
        ("", 1, "Required parameter is missing: at least one search criterion."),
        ("limit=5&offset=0&fields=*", 1, "Required parameter is missing: at least one search criterion."),
        ("userName=*&limit=0", 2, "Parameter 'limit' is invalid"),
        ("userName=*&limit=x", 2, "Parameter 'limit' is invalid"),
        ("userName=*&limit=-1", 2, "Parameter 'limit' is invalid"),
        ("userName=*&offset=10001", 2, "Parameter 'offset' is invalid"),
        ("startTime=yesterday", 2, "Parameter 'startTime' is invalid"),
        ("startTime=2026-11-24T09:00:00", 2, "Parameter 'startTime' is invalid"),
        ("endTime=2026-13-24T09:00:00Z", 2, "Parameter 'endTime' is invalid"),
        ("endTime=0001-01-01T00:00:00%2B2300", 2, "Parameter 'endTime' is invalid"),
        ("userName=" + "x" * 300, 2, "Parameter 'userName' is invalid"),
        ("userName=" + "*a" * 5, 2, "Parameter 'userName' is invalid: at most 4 stars"),
    ],
)
async def test_searches_that_are_refused(http: httpx.AsyncClient, query: str, status_code: int, text: str) -> None:
    response = await http.get(f"{RECORDINGS}?{query}")
    assert (response.status_code, response.json()["statusCode"]) == (400, status_code)
    assert response.json()["statusMessage"].startswith(text)


async def test_a_limit_above_a_hundred_is_taken_as_a_hundred(world: World, http: httpx.AsyncClient) -> None:
    await recorded_call(world)
    assert len((await http.get(f"{RECORDINGS}?userName=*&limit=101")).json()["uris"]) == 1
