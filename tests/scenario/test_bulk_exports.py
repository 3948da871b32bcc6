"""Many recordings taken out at once over HTTP: progress, cancelling, fetching in parts, and every deed in the trail."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid
from tests.scenario.clock import settle
from tests.scenario.recorded import NO_ROLE, RECORDINGS, recorded_call
from tests.scenario.world import URL, World

EXPORTS = "/api/v2/exports"
ALL = {"criteria": {"userName": "*"}}


@pytest.fixture
async def officer(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client("compliance.one") as client:
        yield client


async def _begun(http: httpx.AsyncClient, **order: Any) -> dict[str, Any]:
    response = await http.post(EXPORTS, json=order)
    assert response.status_code == 201, response.text
    export: dict[str, Any] = response.json()["export"]
    return export


async def _now(http: httpx.AsyncClient, export: dict[str, Any]) -> dict[str, Any]:
    await settle()
    said: dict[str, Any] = (await http.get(f"{EXPORTS}/{export['id']}")).json()["export"]
    return said


async def test_a_package_from_its_order_to_its_last_byte(world: World, officer: httpx.AsyncClient) -> None:
    uuids = [await recorded_call(world) for _ in range(3)]
    world.packages.waits.clear()
    export = await _begun(officer, **ALL, sealed=True)
    path = f"/exports/{export['id']}"
    assert export == {
        "id": export["id"],
        "userName": "compliance.one",
        "createdTime": "2026-11-24T09:02:03.000+0000",
        "sealed": True,
        "state": "preparing",
        "recordings": 3,
        "done": 0,
        "bytes": 0,
        "uri": f"{URL}/api/v2{path}",
        "path": path,
    }
    assert (await officer.get(f"{EXPORTS}/{export['id']}/package")).json() == {
        "statusCode": 2,
        "statusMessage": "Operation 'package' is not valid in the current state: the export is preparing.",
    }
    world.packages.waits.set()
    ready = await _now(officer, export)
    assert (ready["state"], ready["done"], ready["packagePath"]) == ("ready", 3, f"{path}/package")
    assert ready["bytes"] > 3_000
    assert (await officer.get(EXPORTS)).json()["exports"] == [ready]
    url = f"/api/v2{ready['packagePath']}"
    whole = await officer.get(url)
    assert whole.headers["content-type"] == "application/zip"
    assert whole.headers["content-disposition"] == f'attachment; filename="export-{export["id"]}.zip"'
    assert whole.headers["cache-control"] == "private, no-store"
    assert all(uuid.encode() in whole.content for uuid in uuids)
    size = int((await officer.head(url)).headers["content-length"])
    assert size == len(whole.content)
    rest = await officer.get(url, headers={"Range": "bytes=1500-", "If-Range": whole.headers["etag"]})
    assert (rest.status_code, rest.content) == (206, whole.content[1500:]), "a broken download goes on where it was"
    deeds = [(line.deed.action, line.deed.subject, line.deed.result) for line in world.lines]
    assert deeds == [
        ("export", f"export {export['id']}", "begun"),
        *(("export", uuid, "begun") for uuid in reversed(uuids)),
        ("export", f"export {export['id']}", "fetched"),
        ("export", f"export {export['id']}", "fetched"),
    ]
    assert world.lines[-1].deed.detail == {"bytes": f"1500-{size - 1}"}
    assert (await officer.delete(f"{EXPORTS}/{export['id']}")).json() == {"statusCode": 0}
    assert (await officer.get(EXPORTS)).json()["exports"] == []
    assert world.lines[-1].deed.result == "removed"


async def test_one_that_is_cancelled_stops(world: World, officer: httpx.AsyncClient) -> None:
    for _ in range(2):
        await recorded_call(world)
    world.packages.waits.clear()
    export = await _begun(officer, **ALL)
    await settle()
    assert (await officer.delete(f"{EXPORTS}/{export['id']}")).json() == {"statusCode": 0}
    world.packages.waits.set()
    await settle()
    assert (await officer.get(f"{EXPORTS}/{export['id']}")).status_code == 404
    assert [line.deed.result for line in world.lines] == ["begun", "begun", "cancelled"], "the second was not begun"


async def test_recordings_are_chosen_one_by_one(world: World, officer: httpx.AsyncClient) -> None:
    uuids = [await recorded_call(world) for _ in range(3)]
    export = await _begun(officer, recordings=[uuids[0], uuids[2], uuids[0]])
    assert (await _now(officer, export))["done"] == export["recordings"] == 2
    refused = await officer.post(EXPORTS, json={"recordings": [uuids[0], "unknown"]})
    assert refused.json()["statusMessage"] == "Requested recording [unknown] cannot be found."


async def test_what_is_erased_or_changed_meanwhile_is_in_no_package(world: World, officer: httpx.AsyncClient) -> None:
    uuids = [await recorded_call(world) for _ in range(2)]
    [part] = await world.catalogue.parts_of_call(DEFAULT_TENANT, CallUuid(uuids[0]))
    export = await _begun(officer, **ALL)
    await settle()
    order = {"mediaFileId": part.recording_id, "start": 0, "stop": 1_000, "reason": "asked for"}
    await officer.post(f"{RECORDINGS}/{uuids[0]}", json={"operationName": "redact", **order})
    with pytest.raises(Exception, match="was changed"):
        await officer.get(f"{EXPORTS}/{export['id']}/package")
    said = await _now(officer, export)
    assert (said["state"], "was changed" in said["reason"]) == ("failed", True)
    world.archive.redacted.clear()
    world.archive.erased.append(part.recording_id)
    again = await _begun(officer, **ALL)
    said = await _now(officer, again)
    assert (said["state"], said["reason"]) == ("failed", f"recording {part.recording_id} is not there")


@pytest.mark.parametrize("user", ["agent.one", "supervisor.one"])
async def test_who_may_not_export_sees_nothing(world: World, user: str) -> None:
    uuid = await recorded_call(world)
    async with world.client("compliance.one") as officer:
        export = await _begun(officer, recordings=[uuid])
    await settle()
    before = len(world.lines)
    async with world.client(user) as http:
        for method, url in (
            ("POST", EXPORTS),
            ("GET", EXPORTS),
            ("GET", f"{EXPORTS}/{export['id']}"),
            ("GET", f"{EXPORTS}/{export['id']}/package"),
            ("DELETE", f"{EXPORTS}/{export['id']}"),
        ):
            response = await http.request(method, url, json={"recordings": [uuid]})
            assert (response.status_code, response.json()) == NO_ROLE
    assert [line.deed.result for line in world.lines[before:]] == ["refused"] * 5


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({}, 1),
        ({"recordings": []}, 1),
        ({"recordings": "all"}, 2),
        ({"recordings": [7]}, 2),
        ({"criteria": {}}, 1),
        ({"criteria": {"agent": "x"}}, 2),
        ({"criteria": {"userName": "nobody"}}, 2),
        ({**ALL, "sealed": "yes"}, 2),
    ],
)
async def test_orders_that_are_not_clear(world: World, officer: httpx.AsyncClient, order: dict[str, Any], code: int) -> None:
    await recorded_call(world)
    response = await officer.post(EXPORTS, json=order)
    assert (response.status_code, response.json()["statusCode"]) == (400, code)
    assert (await officer.get(EXPORTS)).json()["exports"] == []
