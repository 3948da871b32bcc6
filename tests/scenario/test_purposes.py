"""Where a contact centre wants to know what recordings are heard for, nobody hears one before saying so, and the trail has it."""

from collections.abc import AsyncIterator

import pytest

from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.limits import PURPOSE_S
from tests.scenario.clock import settle
from tests.scenario.recorded import CONTENT, NO_ROLE, RECORDINGS, play_path, recorded_call
from tests.scenario.world import Asks, World, answer_of, contact_centre

DONE = (200, {"statusCode": 0})


@pytest.fixture
async def asking() -> AsyncIterator[World]:
    async with contact_centre(asks=Asks(purpose=frozenset({DEFAULT_TENANT}))) as world:
        yield world


def _missing(uuid: str) -> tuple[int, dict[str, object]]:
    return 403, {"statusCode": 3, "statusMessage": f"State the purpose for which recording [{uuid}] is heard first."}


async def test_nothing_is_heard_or_taken_out_before_it_was_said_what_for(asking: World) -> None:
    uuid, other = await recorded_call(asking), await recorded_call(asking)
    path, elsewhere = await play_path(asking, uuid), await play_path(asking, other)
    async with asking.client("compliance.one") as http, asking.client("supervisor.one") as colleague:
        assert (await http.get("/api/v2/me/permissions")).json()["purposeRequired"] is True
        for url in (path, f"{path}?download=true", f"{RECORDINGS}/{uuid}/export"):
            assert answer_of(await http.get(url)) == _missing(uuid)
        refused = asking.lines[-1].deed
        assert (refused.action, refused.subject, refused.result) == ("export", uuid, "refused")
        said = {"operationName": "statePurpose", "purpose": "complaint 17"}
        for wrong in ("", " ", "two\nlines", "x" * 257):
            assert (await http.post(f"{RECORDINGS}/{uuid}", json=said | {"purpose": wrong})).status_code == 400
        assert answer_of(await http.post(f"{RECORDINGS}/{uuid}", json=said)) == DONE
        assert (await http.get(path, headers={"Range": "bytes=0-9"})).content == CONTENT[:10]
        assert (await http.get(f"{RECORDINGS}/{uuid}/export")).status_code == 200
        heard = [line.deed for line in asking.lines if line.deed.result == "begun"][-2:]
        assert [(deed.action, deed.detail["purpose"]) for deed in heard] == [("play", "complaint 17"), ("export", "complaint 17")]
        assert answer_of(await http.get(elsewhere)) == _missing(other), "each recording for itself"
        assert answer_of(await colleague.get(path)) == _missing(uuid), "each listener for themselves"
        await asking.clock.advance(PURPOSE_S + 1)
        assert answer_of(await http.get(path)) == _missing(uuid)


async def test_a_package_of_many_says_what_for(asking: World) -> None:
    uuid = await recorded_call(asking)
    order = {"recordings": [uuid]}
    async with asking.client("compliance.one") as http:
        assert (await http.post("/api/v2/exports", json=order)).json()["statusCode"] == 1
        begun = await http.post("/api/v2/exports", json=order | {"purpose": "court order 4"})
        assert begun.json()["export"]["purpose"] == "court order 4"
        await settle()
    lines = [line.deed for line in asking.lines if line.deed.action == "export"]
    assert [(deed.subject.split()[0], deed.detail["purpose"]) for deed in lines] == [
        ("export", "court order 4"),
        (uuid, "court order 4"),
    ]


async def test_only_who_may_listen_says_what_for(asking: World) -> None:
    uuid = await recorded_call(asking)
    async with asking.client("agent.one") as http:
        said = {"operationName": "statePurpose", "purpose": "curiosity"}
        assert answer_of(await http.post(f"{RECORDINGS}/{uuid}", json=said)) == NO_ROLE


async def test_where_nobody_asks_it_may_be_said_all_the_same(world: World) -> None:
    uuid = await recorded_call(world)
    path = await play_path(world, uuid)
    async with world.client("supervisor.one") as http:
        assert (await http.get("/api/v2/me/permissions")).json()["purposeRequired"] is False
        assert (await http.get(path)).status_code == 200
        assert "purpose" not in world.lines[-1].deed.detail
        await http.post(f"{RECORDINGS}/{uuid}", json={"operationName": "statePurpose", "purpose": "training"})
        await http.get(path)
        assert world.lines[-1].deed.detail["purpose"] == "training"
