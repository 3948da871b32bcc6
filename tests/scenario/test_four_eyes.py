"""Where a contact centre wants four eyes nobody erases, takes many out or ends a hold alone (security.md, section 2)."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid
from telegraphone.limits import APPROVAL_S
from telegraphone.services.approvals import DEEDS
from telegraphone.services.keeping import Standing
from tests.scenario.recorded import NO_PERMISSION, NO_ROLE, RECORDINGS, recorded_call
from tests.scenario.world import Asks, World, answer_of, contact_centre

DONE = (200, {"statusCode": 0})
APPROVE = {"operationName": "approve"}


@pytest.fixture
async def careful() -> AsyncIterator[World]:
    async with contact_centre(asks=Asks(four_eyes={DEFAULT_TENANT: frozenset(DEEDS)})) as world:
        yield world


async def _waits(http: httpx.AsyncClient, response: httpx.Response) -> str:
    """The id of the approval that this refusal names, which is listed."""
    [wish] = [each for each in (await http.get("/api/v2/approvals")).json()["approvals"] if "approvedBy" not in each]
    text = f"A second person has to approve this first: approval [{wish['id']}]."
    assert answer_of(response) == (403, {"statusCode": 3, "statusMessage": text})
    return f"/api/v2/approvals/{wish['id']}"


async def test_an_erasure_takes_two_and_the_stone_names_both(careful: World) -> None:
    uuid = await recorded_call(careful)
    async with careful.client("compliance.one") as first, careful.client("admin.one") as second:
        for _ in range(2):
            url = await _waits(second, await first.delete(f"{RECORDINGS}/{uuid}"))
        assert answer_of(await first.post(url, json=APPROVE)) == NO_PERMISSION, "nobody approves their own wish"
        assert (await second.delete(f"{RECORDINGS}/{uuid}")).status_code == 403, "two who ask do not approve each other"
        assert (await second.post(url, json={"operationName": "other"})).status_code == 400
        assert answer_of(await second.post(url, json=APPROVE)) == DONE
        assert careful.archive.erased == []
        assert answer_of(await first.delete(f"{RECORDINGS}/{uuid}")) == DONE
    stone = json.loads(careful.standings.tombstones[DEFAULT_TENANT, CallUuid(uuid)].statement)
    assert (stone["by"], stone["approved_by"]) == ("compliance.one", "admin.one")
    deeds = [(line.deed.actor, line.deed.action, line.deed.result) for line in careful.lines if line.deed.subject == uuid]
    assert deeds == [
        ("compliance.one", "ask for approval", "done"),
        ("compliance.one", "delete", "refused"),
        ("compliance.one", "delete", "refused"),
        ("compliance.one", "approve", "refused"),
        ("admin.one", "ask for approval", "done"),
        ("admin.one", "delete", "refused"),
        ("admin.one", "approve", "done"),
        ("compliance.one", "delete", "begun"),
        ("compliance.one", "delete", "done"),
    ]


async def test_the_end_of_a_hold_takes_two_and_each_approval_is_good_once(careful: World) -> None:
    uuid = await recorded_call(careful)
    release = {"operationName": "releaseHold", "matter": "case 7"}
    async with careful.client("compliance.one") as first, careful.client("admin.one") as second:
        for url, body in ((f"{RECORDINGS}/{uuid}", release), (RECORDINGS, release)):
            held = await first.post(f"{RECORDINGS}/{uuid}", json={**release, "operationName": "placeHold"})
            assert answer_of(held) == DONE
            approval = await _waits(second, await first.post(url, json=body))
            assert await careful.standings.of(DEFAULT_TENANT, (CallUuid(uuid),)) == (Standing(matters=("case 7",)),)
            assert answer_of(await second.post(approval, json=APPROVE)) == DONE
            assert (await first.post(url, json=body)).status_code == 200
            assert await careful.standings.of(DEFAULT_TENANT, (CallUuid(uuid),)) == (Standing(),)
            again = await _waits(second, await first.post(url, json=body))
            assert answer_of(await second.delete(again)) == DONE


async def test_a_package_of_many_takes_two_and_holds_what_was_approved(careful: World) -> None:
    one, other = await recorded_call(careful), await recorded_call(careful)
    async with careful.client("compliance.one") as first, careful.client("admin.listening") as second:
        order = {"recordings": [one]}
        approval = await _waits(second, await first.post("/api/v2/exports", json=order))
        assert answer_of(await second.post(approval, json=APPROVE)) == DONE
        await _waits(second, await first.post("/api/v2/exports", json={"recordings": [one, other]}))
        assert (await first.post("/api/v2/exports", json=order)).status_code == 201
        [begun] = [line.deed for line in careful.lines if (line.deed.action, line.deed.result) == ("export", "begun")][:1]
        assert begun.detail["approved_by"] == "admin.listening"


async def test_what_is_done_to_keys_is_asked_for_by_one_administrator_and_approved_by_another(careful: World) -> None:
    wish = {"action": "rotate key"}
    async with careful.client("admin.one") as first, careful.client("admin.listening") as second:
        assert (await first.get("/api/v2/approvals")).json()["keyDeeds"] == ["rotate key", "back up keys"]
        asked = await first.post("/api/v2/approvals", json=wish)
        assert (asked.status_code, asked.json()["approval"]["subject"]) == (201, DEFAULT_TENANT)
        assert (await first.post("/api/v2/approvals", json=wish)).json() == asked.json(), "one wish, however often"
        url = f"/api/v2/approvals/{asked.json()['approval']['id']}"
        assert answer_of(await first.post(url, json=APPROVE)) == NO_PERMISSION
        assert answer_of(await second.post(url, json=APPROVE)) == DONE
        assert (await first.post("/api/v2/approvals", json={"action": "delete"})).status_code == 400
        assert (await first.post("/api/v2/approvals", json={})).status_code == 400
    async with careful.client("compliance.one") as nobody:
        assert (await nobody.get("/api/v2/approvals")).json() == {"statusCode": 0, "approvals": [], "keyDeeds": []}
        assert answer_of(await nobody.post(url, json=APPROVE))[0] == 404
        assert answer_of(await nobody.post("/api/v2/approvals", json=wish)) == NO_ROLE
    assert (careful.lines[-1].deed.action, careful.lines[-1].deed.result) == ("rotate key", "refused")


async def test_who_wants_no_four_eyes_is_asked_nothing(world: World) -> None:
    async with world.client("admin.one") as http:
        assert (await http.get("/api/v2/approvals")).json()["keyDeeds"] == []
        assert (await http.post("/api/v2/approvals", json={"action": "back up keys"})).status_code == 400


async def test_a_wish_is_for_who_may_do_the_same_and_ends_after_a_day(careful: World) -> None:
    uuid = await recorded_call(careful)
    async with careful.client("compliance.one") as first, careful.client("admin.one") as second:
        approval = await _waits(second, await first.delete(f"{RECORDINGS}/{uuid}"))
        for user in ("agent.one", "supervisor.one"):
            async with careful.client(user) as nobody:
                assert answer_of(await nobody.get("/api/v2/approvals")) == NO_ROLE
                assert careful.lines[-1].deed.result == "refused"
                assert answer_of(await nobody.post(approval, json=APPROVE)) == NO_ROLE
        assert answer_of(await first.delete(approval)) == DONE, "taken back"
        approval = await _waits(second, await first.delete(f"{RECORDINGS}/{uuid}"))
        await careful.clock.advance(APPROVAL_S + 1)
        assert (await second.post(approval, json=APPROVE)).status_code == 404
        assert careful.archive.erased == []
