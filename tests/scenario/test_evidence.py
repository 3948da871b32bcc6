"""Evidence over HTTP: all of a search held, spans taken out, reports and tombstones read (properties PCI-11, PCI-12, CMP-1)."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from telegraphone.domain.copies import Copy
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid
from telegraphone.services.keeping import Standing
from tests.scenario.recorded import NO_ROLE, RECORDINGS, operate, recorded_call
from tests.scenario.world import MORNING, World, answer_of

DONE = (200, {"statusCode": 0})


@pytest.fixture
async def officer(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client("compliance.one") as client:
        yield client


async def _post_all(http: httpx.AsyncClient, operation: str, **more: object) -> tuple[int, Any]:
    return answer_of(await http.post(RECORDINGS, json={"operationName": operation, **more}))


# --- holds ---------------------------------------------------------------------------------------------------------


async def test_all_that_a_search_finds_is_held_until_the_matter_is_over(world: World, officer: httpx.AsyncClient) -> None:
    held = [await recorded_call(world) for _ in range(3)]
    other = await recorded_call(world, "5002")
    criteria = {"callerPhoneNumber": "5000"}
    for _ in range(2):
        answer = await _post_all(officer, "placeHold", matter="case 7", criteria=criteria)
        assert answer == (200, {"statusCode": 0, "found": 3, "held": 3}), "repeating it is fine"
    for uuid in held:
        assert (await officer.get(f"{RECORDINGS}/{uuid}")).json()["recording"]["holds"] == ["case 7"]
        assert (await officer.delete(f"{RECORDINGS}/{uuid}")).status_code == 403
    trail = (await officer.get(f"{RECORDINGS}/{held[0]}/trail")).json()["trail"]
    [line] = [each for each in trail if each["result"] == "held"][1:]
    assert (line["userName"], line["subject"]) == ("compliance.one", "matter case 7")
    assert line["detail"] == {"ani": "5000", "found": "3", "held": "3"}
    assert (await officer.delete(f"{RECORDINGS}/{other}")).status_code == 200
    assert await _post_all(officer, "releaseHold", matter="case 7") == (200, {"statusCode": 0, "released": 3})
    assert await _post_all(officer, "releaseHold", matter="case 7") == (200, {"statusCode": 0, "released": 0})
    assert (await officer.delete(f"{RECORDINGS}/{held[0]}")).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"operationName": "placeHold", "matter": "case 7"}, 1),
        ({"operationName": "placeHold", "criteria": {"userName": "*"}}, 1),
        ({"operationName": "placeHold", "matter": "case 7", "criteria": {}}, 1),
        ({"operationName": "placeHold", "matter": "case 7", "criteria": "all"}, 2),
        ({"operationName": "placeHold", "matter": "case 7", "criteria": {"callerNumber": "1", "userName": "*"}}, 2),
        ({"operationName": "placeHold", "matter": "case 7", "criteria": {"paused": True}}, 2),
        ({"operationName": "placeHold", "matter": "a\nb", "criteria": {"userName": "*"}}, 2),
        ({"operationName": "releaseHold", "matter": "a\nb"}, 2),
        ({"operationName": "explode"}, 2),
    ],
)
async def test_a_hold_that_is_not_clear_holds_nothing(
    world: World, officer: httpx.AsyncClient, body: dict[str, object], code: int
) -> None:
    uuid = await recorded_call(world)
    response = await officer.post(RECORDINGS, json=body)
    assert (response.status_code, response.json()["statusCode"]) == (400, code)
    assert await world.standings.of(DEFAULT_TENANT, (CallUuid(uuid),)) == (Standing(),)


@pytest.mark.parametrize("user", ["agent.one", "supervisor.one"])
async def test_who_may_not_hold_is_refused_and_written_down(world: World, user: str) -> None:
    await recorded_call(world)
    async with world.client(user) as http:
        assert await _post_all(http, "placeHold", matter="case 7", criteria={"userName": "*"}) == NO_ROLE
        assert await _post_all(http, "releaseHold", matter="case 7") == NO_ROLE
    assert [(line.deed.actor, line.deed.result) for line in world.lines] == [(user, "refused")] * 2


# --- redaction -----------------------------------------------------------------------------------------------------


async def _media_file(world: World, uuid: str) -> str:
    return (await world.catalogue.parts_of_call(DEFAULT_TENANT, CallUuid(uuid)))[0].recording_id


async def _redact(http: httpx.AsyncClient, uuid: str, **order: object) -> tuple[int, Any]:
    return answer_of(await http.post(f"{RECORDINGS}/{uuid}", json={"operationName": "redact", **order}))


async def test_a_span_is_taken_out_and_everybody_sees_it(world: World, officer: httpx.AsyncClient) -> None:
    """PCI-12."""
    uuid = await recorded_call(world)
    media_file = await _media_file(world, uuid)
    order = {"mediaFileId": media_file, "start": 1_000, "stop": 3_500, "reason": "the customer began early"}
    for _ in range(2):
        assert await _redact(officer, uuid, **order) == DONE, "it may be repeated"
    assert world.archive.redacted == [(media_file, 1_000, 3_500, "the customer began early")] * 2
    recording = (await officer.get(f"{RECORDINGS}/{uuid}")).json()["recording"]
    assert recording["mediaFiles"][0]["status"] == "redacted"
    [entry] = [each for each in recording["eventHistory"] if each["type"] == "Redacted"]
    by = {"source": "admin", "userName": "compliance.one"}
    assert entry == {
        "type": "Redacted",
        "mediaFileId": media_file,
        "startTime": "2026-11-24T09:00:01.000+0000",
        "stopTime": "2026-11-24T09:00:03.500+0000",
        "offset": "1000",
        "duration": "2500",
        "reason": "the customer began early",
        "startedBy": by,
        "stoppedBy": by,
    }
    assert (await officer.get(RECORDINGS, params={"state": "redacted"})).json()["uris"] != []
    begun, done = [line.deed for line in world.lines if line.deed.action == "redact"][:2]
    assert (begun.result, begun.detail) == (
        "begun",
        {"media": media_file, "start_ms": "1000", "stop_ms": "3500", "reason": "the customer began early"},
    )
    assert (done.result, done.detail["before"], done.detail["after"]) == ("done", "cd" * 32, "ef" * 32)


async def test_what_may_not_be_taken_out_stays(world: World, officer: httpx.AsyncClient) -> None:
    uuid = await recorded_call(world)
    order: dict[str, object] = {"mediaFileId": await _media_file(world, uuid), "start": 0, "stop": 1_000, "reason": "asked for"}
    held = {"operationName": "placeHold", "matter": "case 7"}
    await officer.post(f"{RECORDINGS}/{uuid}", json=held)
    refused = (403, {"statusCode": 3, "statusMessage": f"Recording [{uuid}] is held and may not be changed."})
    assert await _redact(officer, uuid, **order) == refused
    await officer.post(f"{RECORDINGS}/{uuid}", json={**held, "operationName": "releaseHold"})
    world.archive.locked = True
    locked = f"Recording [{uuid}] is locked until 2026-11-24T12:00:00+00:00."
    assert await _redact(officer, uuid, **order) == (403, {"statusCode": 3, "statusMessage": locked})
    world.archive.locked = False
    await officer.post(f"{RECORDINGS}/{uuid}", json={"operationName": "applyNonDelete"})
    for change in (
        {"start": -1},
        {"start": 1_000},
        {"stop": 40_001},
        {"stop": "1000"},
        {"stop": True},
        {"reason": " "},
        {"reason": "x" * 257},
    ):
        assert (await _redact(officer, uuid, **(order | change)))[0] == 400, change
    assert (await _redact(officer, uuid, **(order | {"mediaFileId": "unknown"})))[0] == 404
    assert world.archive.redacted == []
    assert await _redact(officer, uuid, **order) == DONE, "a protection from deletion does not stand in the way"


async def test_what_was_said_at_a_time_goes_from_every_recording_of_the_conversation(
    world: World, officer: httpx.AsyncClient
) -> None:
    """PCI-12."""
    first = await recorded_call(world)
    second = await recorded_call(world, "5002")
    for uuid in (first, second):
        await world.copies.put(Copy(CallUuid(uuid), DEFAULT_TENANT, "sbc", MORNING, links=frozenset({"default one"})))
    one, two = [await _media_file(world, uuid) for uuid in (first, second)]
    began = (await officer.get(f"{RECORDINGS}/{second}")).json()["recording"]["startTime"]
    order = {"startTime": "2026-11-24T09:00:30Z", "endTime": began.replace(".000", ".500"), "reason": "began early"}

    async def ask(**changes: str) -> tuple[int, Any]:
        body = {"operationName": "redactConversation", **order, **changes}
        return answer_of(await officer.post(f"{RECORDINGS}/{first}", json=body))

    for wrong in ({"startTime": "yesterday"}, {"reason": " "}, {"endTime": "2026-11-24T09:00:30Z"}, {"startTime": ""}):
        assert (await ask(**wrong))[0] == 400
    assert world.archive.redacted == []
    shares = [
        {"recording": first, "mediaFileId": one, "start": 30_000, "stop": 40_000},
        {"recording": second, "mediaFileId": two, "start": 0, "stop": 500},
    ]
    assert await ask() == (200, {"statusCode": 0, "redacted": shares})
    for uuid, action in ((first, "redact conversation"), (second, "redact")):
        trail = (await officer.get(f"{RECORDINGS}/{uuid}/trail")).json()["trail"]
        assert [each["result"] for each in trail if each["action"] == action] == ["done", "begun"]
    world.archive.away = True
    later = await ask(startTime="2026-11-24T09:00:20Z", endTime="2026-11-24T09:00:21Z")
    failed = {
        "statusCode": 4,
        "statusMessage": "The recording cannot be reached now.",
        **shares[0],
        "start": 20_000,
        "stop": 21_000,
    }
    assert later == (200, {"statusCode": 7, "failed": [failed], "succeeded": []})


async def test_a_running_part_is_not_redacted(world: World, officer: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    uuid = world.calls.of(world.agent("agent.one"))[0].call_uuid
    await operate(world, ("Start", 5), ("Stop", 1), ("Start", 5))
    running = (await world.catalogue.parts_of_call(DEFAULT_TENANT, uuid))[1].recording_id
    answer = await _redact(officer, uuid, mediaFileId=running, start=0, stop=1_000, reason="asked for")
    assert answer == (400, {"statusCode": 2, "statusMessage": f"Recording [{uuid}] is in progress."})


@pytest.mark.parametrize("user", ["agent.one", "supervisor.one", "admin.one"])
async def test_only_compliance_redacts(world: World, user: str) -> None:
    uuid = await recorded_call(world)
    media_file = await _media_file(world, uuid)
    async with world.client(user) as http:
        assert await _redact(http, uuid, mediaFileId=media_file, start=0, stop=1_000, reason="asked for") == NO_ROLE
    assert world.archive.redacted == []
    assert (world.lines[-1].deed.action, world.lines[-1].deed.result) == ("redact", "refused")


# --- reports and tombstones ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pauses", "completeness"])
async def test_a_report_comes_as_it_was_signed(world: World, officer: httpx.AsyncClient, kind: str) -> None:
    """PCI-11."""
    uuid = await recorded_call(world)
    [report] = (await officer.get(f"{RECORDINGS}/{uuid}/{kind}")).json()["reports"]
    signed = await world.archive.report(report["mediaFileId"], kind)
    assert (report["document"].encode(), report["signature"].encode()) == (signed.content, signed.signature)
    deed = world.lines[-1].deed
    assert (deed.action, deed.subject, deed.detail) == ("report", uuid, {"kind": kind, "documents": "1"})
    world.archive.erased.append(report["mediaFileId"])
    assert (await officer.get(f"{RECORDINGS}/{uuid}/{kind}")).json()["reports"] == []
    async with world.client("agent.one") as agent:
        assert answer_of(await agent.get(f"{RECORDINGS}/{uuid}/{kind}")) == NO_ROLE


async def test_a_tombstone_is_read_by_who_may_read_everybodys_trail(world: World, officer: httpx.AsyncClient) -> None:
    """CMP-8."""
    uuid = await recorded_call(world)
    absent = (404, {"statusCode": 6, "statusMessage": f"Requested tombstone [{uuid}] cannot be found."})
    assert answer_of(await officer.get(f"{RECORDINGS}/{uuid}/tombstone")) == absent
    await officer.delete(f"{RECORDINGS}/{uuid}")
    stone = (await officer.get(f"{RECORDINGS}/{uuid}/tombstone")).json()["tombstone"]
    said = json.loads(stone["document"])
    assert (stone["id"], said["recording"], said["by"]) == (uuid, uuid, "compliance.one")
    assert stone["dateTime"] == "2026-11-24T09:00:41.000+0000"
    assert stone["signature"] == world.standings.tombstones[DEFAULT_TENANT, CallUuid(uuid)].signature
    async with world.client("agent.one") as agent:
        assert answer_of(await agent.get(f"{RECORDINGS}/{uuid}/tombstone")) == NO_ROLE
