"""Recordings protected, held and erased over HTTP: who may, what refuses, what is left, what the trail says (gws-api 13.5)."""

import json

import httpx
import pytest

from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid
from telegraphone.media.manifest import check_signature
from telegraphone.services.keeping import Standing
from tests.scenario.recorded import NO_ROLE, RECORDINGS, operate, play_path, recorded_call
from tests.scenario.world import World

DONE = {"statusCode": 0}


async def _post(http: httpx.AsyncClient, uuid: str, operation: str, **more: str) -> tuple[int, dict[str, object]]:
    response = await http.post(f"{RECORDINGS}/{uuid}", json={"operationName": operation, **more})
    return response.status_code, response.json()


def _protected(uuid: str) -> tuple[int, dict[str, object]]:
    return 403, {"statusCode": 3, "statusMessage": f"Recording [{uuid}] is protected from deletion."}


async def _delete(http: httpx.AsyncClient, uuid: str) -> tuple[int, dict[str, object]]:
    response = await http.delete(f"{RECORDINGS}/{uuid}")
    return response.status_code, response.json()


async def test_what_is_erased_is_gone_and_its_stone_says_what_it_was(world: World) -> None:
    uuid = await recorded_call(world)
    path = await play_path(world, uuid)
    async with world.client("compliance.one") as http:
        assert (await http.get(path)).status_code == 200
        assert await _delete(http, uuid) == (200, DONE)
        for method, url in (("GET", path), ("GET", f"{RECORDINGS}/{uuid}"), ("DELETE", f"{RECORDINGS}/{uuid}")):
            assert (await http.request(method, url)).status_code == 404
        assert (await http.get(RECORDINGS, params={"callUuid": uuid})).json()["uris"] == []
    stone = world.standings.tombstones[DEFAULT_TENANT, CallUuid(uuid)]
    said = json.loads(stone.statement)
    assert (said["recording"], said["parts"], said["by"]) == (uuid, world.archive.erased, "compliance.one")
    assert said["keys_destroyed"] == 3
    assert said["files"][0]["sha256"] == "ab" * 32
    check_signature(stone.statement.encode(), stone.signature.encode(), {world.keys.public_key()})
    deeds = [line.deed for line in world.lines if line.deed.action == "delete"]
    assert [(deed.actor, deed.subject, deed.result) for deed in deeds] == [
        ("compliance.one", uuid, "begun"),
        ("compliance.one", uuid, "done"),
        ("compliance.one", uuid, "refused"),
    ]


async def test_who_erases_for_a_reason_has_it_kept(world: World) -> None:
    uuid = await recorded_call(world)
    async with world.client("compliance.one") as http:
        for reason in ("", "x" * 257, "two\nlines"):
            assert (await _post(http, uuid, "erase", reason=reason))[0] == 400
        assert world.archive.erased == []
        assert await _post(http, uuid, "erase", reason="asked for by the customer") == (200, DONE)
    said = json.loads(world.standings.tombstones[DEFAULT_TENANT, CallUuid(uuid)].statement)
    begun, done = (line for line in world.lines if line.deed.action == "delete")
    assert (said["by"], said["reason"]) == ("compliance.one", "asked for by the customer")
    assert said["trail"] == {"number": begun.number, "hash": begun.hash}
    assert (begun.deed.detail["reason"], done.deed.result) == (said["reason"], "done")


async def test_a_protected_recording_is_not_deleted(world: World) -> None:
    uuid = await recorded_call(world)
    async with world.client("admin.one") as http:
        for operation, shown in (("applyNonDelete", True), ("applyNonDelete", True), ("removeNonDelete", False)):
            assert await _post(http, uuid, operation) == (200, DONE)
            assert (await http.get(f"{RECORDINGS}/{uuid}")).json()["recording"]["nonDelete"] is shown
            if shown:
                assert await _delete(http, uuid) == _protected(uuid)
        assert world.archive.erased == []
        assert await _delete(http, uuid) == (200, DONE)


async def test_a_held_recording_is_not_deleted_until_its_last_matter_is_over(world: World) -> None:
    uuid = await recorded_call(world)
    async with world.client("compliance.one") as http:
        for matter in ("case 7", "case 8", "case 7"):
            assert await _post(http, uuid, "placeHold", matter=matter) == (200, DONE)
        assert (await http.get(f"{RECORDINGS}/{uuid}")).json()["recording"]["holds"] == ["case 7", "case 8"]
        for matter in ("case 7", "case 8"):
            assert await _delete(http, uuid) == _protected(uuid)
            assert await _post(http, uuid, "releaseHold", matter=matter) == (200, DONE)
        assert world.archive.erased == []
        assert await _delete(http, uuid) == (200, DONE)


async def test_a_recording_in_progress_is_not_deleted(world: World) -> None:
    await world.answered_call("5000", "5001")
    uuid = world.calls.of(world.agent("agent.one"))[0].call_uuid
    await operate(world, ("Start", 5), ("Stop", 1), ("Start", 5))
    async with world.client("admin.one") as http:
        refused = {"statusCode": 2, "statusMessage": f"Recording [{uuid}] is in progress."}
        assert await _delete(http, uuid) == (400, refused)
        await operate(world, ("Stop", 1))
        assert await _delete(http, uuid) == (200, DONE)
    assert len(world.archive.erased) == 2


async def test_an_erasure_that_was_interrupted_is_finished_by_asking_again(world: World) -> None:
    uuid = await recorded_call(world)
    async with world.client("compliance.one") as http:
        world.archive.away = True
        assert (await _delete(http, uuid))[0] == 503
        world.archive.away = False
        assert (await _post(http, uuid, "placeHold", matter="late"))[0] == 404, "the decision has been taken"
        assert await _delete(http, uuid) == (200, DONE)
        world.archive.locked = True
        locked = await recorded_call(world)
        assert (await _delete(http, locked))[0] == 403


@pytest.mark.parametrize(
    ("user_name", "operation", "answer"),
    [
        ("agent.one", "delete", NO_ROLE),
        ("supervisor.one", "delete", NO_ROLE),
        ("agent.one", "removeNonDelete", NO_ROLE),
        ("agent.one", "placeHold", NO_ROLE),
        ("supervisor.one", "placeHold", NO_ROLE),
        ("supervisor.one", "releaseHold", NO_ROLE),
    ],
)
async def test_who_may_not_is_refused_and_written_down(
    world: World, user_name: str, operation: str, answer: tuple[int, dict[str, object]]
) -> None:
    uuid = await recorded_call(world)
    async with world.client(user_name) as http:
        asked = _delete(http, uuid) if operation == "delete" else _post(http, uuid, operation, matter="case 7")
        assert await asked == answer
    deed = world.lines[-1].deed
    assert (deed.actor, deed.subject, deed.result) == (user_name, uuid, "refused")
    assert await world.standings.of(DEFAULT_TENANT, (CallUuid(uuid),)) == (Standing(),)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"operationName": "explode"}, 2),
        ({}, 1),
        ({"operationName": "placeHold"}, 1),
        ({"operationName": "placeHold", "matter": " "}, 2),
        ({"operationName": "placeHold", "matter": "x" * 129}, 2),
        ({"operationName": "releaseHold", "matter": "a\nb"}, 2),
    ],
)
async def test_bad_operations_are_named(world: World, body: dict[str, str], code: int) -> None:
    uuid = await recorded_call(world)
    async with world.client("compliance.one") as http:
        response = await http.post(f"{RECORDINGS}/{uuid}", json=body)
        assert (response.status_code, response.json()["statusCode"]) == (400, code)
