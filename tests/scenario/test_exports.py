"""Taking recordings out: for those allowed, and never without a line in the trail."""

import json

import pytest

from telegraphone.services.archive_ports import ExportOrder, StoneOrder
from tests.scenario.clock import settle
from tests.scenario.recorded import NO_ROLE, RECORDINGS, recorded_call
from tests.scenario.world import answer_of, contact_centre


async def test_an_export_is_one_package_and_one_line_in_the_trail() -> None:
    async with contact_centre() as world, world.client("compliance.one") as http:
        uuid = await recorded_call(world)
        response = await http.get(f"{RECORDINGS}/{uuid}/export?sealed=true")
        assert response.headers["content-type"] == "application/zip"
        assert response.headers["content-disposition"] == f'attachment; filename="{uuid}.zip"'
        assert response.headers["cache-control"] == "private, no-store"
        assert response.content.startswith(b"PK")
        [(orders, sealed)] = world.archive.exported
        assert (len(orders), sealed) == (1, True)
        assert isinstance(orders[0], ExportOrder)
        assert json.loads(orders[0].metadata)["id"] == uuid
        done = world.lines[-1].deed
        assert (done.actor, done.action, done.subject, done.result) == ("compliance.one", "export", uuid, "begun")
        assert done.detail == {"parts": "1", "sealed": "true"}


@pytest.mark.parametrize("user", ["agent.one", "supervisor.one"])
async def test_who_may_not_export_gets_nothing(user: str) -> None:
    async with contact_centre() as world, world.client(user) as http:
        uuid = await recorded_call(world)
        response = await http.get(f"{RECORDINGS}/{uuid}/export")
        assert (response.status_code, response.json()) == NO_ROLE
        assert world.archive.exported == []


async def test_what_is_left_of_an_erased_recording_can_be_taken_out_by_itself_and_among_others() -> None:
    """CMP-8."""
    async with contact_centre() as world, world.client("compliance.one") as http:
        uuid, other = await recorded_call(world), await recorded_call(world)
        await http.delete(f"{RECORDINGS}/{uuid}")
        response = await http.get(f"{RECORDINGS}/{uuid}/export")
        assert (response.status_code, response.json()["recording"]) == (200, uuid)
        [(orders, _)] = world.archive.exported
        assert isinstance(orders[0], StoneOrder)
        assert [line["result"] for line in json.loads(orders[0].trail)] == ["done", "begun"]
        begun = await http.post("/api/v2/exports", json={"recordings": [uuid, other]})
        await settle()
        export = (await http.get(f"/api/v2/exports/{begun.json()['export']['id']}")).json()["export"]
        assert (export["state"], export["done"]) == ("ready", 2)
        package = await http.get(f"/api/v2{export['packagePath']}")
        assert b'"format":"telegraphone-tombstone-1"' in package.content
        assert (await http.post("/api/v2/exports", json={"recordings": [uuid, "0" * 32]})).status_code == 404
        async with world.client("supervisor.one") as supervisor:
            assert answer_of(await supervisor.get(f"{RECORDINGS}/{uuid}/export")) == NO_ROLE


async def test_what_is_not_there_is_not_found() -> None:
    async with contact_centre() as world, world.client("compliance.one") as http:
        uuid = await recorded_call(world)
        assert (await http.get(f"{RECORDINGS}/{'0' * 32}/export")).status_code == 404
        world.archive.erased.append((await world.catalogue.parts_of_call("default", uuid))[0].recording_id)  # type: ignore[arg-type]  # an id as a client has it
        assert (await http.get(f"{RECORDINGS}/{uuid}/export")).status_code == 404
        assert [line.deed.result for line in world.lines] == ["refused"]
