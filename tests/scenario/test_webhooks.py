"""An administrator's view of webhooks, over the API."""

import msgspec
import pytest

from telegraphone.limits import WEBHOOK_LOOK_S
from telegraphone.services.webhooks import Webhook
from tests.scenario.world import World, contact_centre

HOOK = Webhook("crm", "default", "https://crm.example.com/hook", b"s" * 32)


async def _recorded_call(office: World) -> None:
    await office.answered_call("5000", "5001")
    async with office.client("agent.one") as http:
        call = (await http.get("/api/v2/me/calls?fields=*")).json()["calls"][0]["id"]
        for operation in ("StartCallRecording", "StopCallRecording"):
            answer = await http.post(f"/api/v2/me/calls/{call}", json={"operationName": operation})
            assert answer.json()["statusCode"] == 0
            await office.clock.advance(2)


async def test_an_administrator_sees_a_failing_webhook_and_tells_it_again() -> None:
    async with contact_centre(webhooks=(HOOK,)) as office, office.client("admin.one") as http:
        office.courier.fails = "answered 503"
        await _recorded_call(office)
        (shown,) = (await http.get("/api/v2/webhooks")).json()["webhooks"]
        assert (shown["name"], shown["told"], shown["reason"]) == ("crm", 0, "webhook: answered 503")
        assert shown["failingSince"].endswith("+0000")
        office.courier.fails = ""
        answer = await http.post("/api/v2/webhooks/crm", json={"operationName": "Replay", "after": 0})
        assert answer.json()["statusCode"] == 0
        deed = office.lines[-1].deed
        assert (deed.actor, deed.action, deed.subject, deed.detail) == ("admin.one", "replay", "webhook crm", {"after": "0"})
        await office.clock.advance(1)
        assert office.courier.kinds("crm")[:2] == ["recording.started", "recording.stopped"]
        body = msgspec.json.decode(office.courier.delivered[0][1].body)
        assert body["data"]["recordedDn"] == "5001"
        (shown,) = (await http.get("/api/v2/webhooks")).json()["webhooks"]
        assert "reason" not in shown


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"operationName": "Replay"}, 400, "after"),
        ({"operationName": "Replay", "after": "1"}, 400, "after"),
        ({"operationName": "Replay", "after": True}, 400, "after"),
        ({"operationName": "Replay", "after": -1}, 400, "after"),
        ({"operationName": "Replay", "after": 99}, 400, "after"),
        ({"operationName": "Forget", "after": 0}, 400, "operationName"),
    ],
)
async def test_a_replay_that_is_not_right_is_refused(body: dict[str, object], status: int, message: str) -> None:
    async with contact_centre(webhooks=(HOOK,)) as office, office.client("admin.one") as http:
        answer = await http.post("/api/v2/webhooks/crm", json=body)
        assert answer.status_code == status
        assert message in answer.json()["statusMessage"]


async def test_only_administrators_see_them() -> None:
    async with contact_centre(webhooks=(HOOK,)) as office:
        for user in ("agent.one", "supervisor.one"):
            async with office.client(user) as http:
                assert (await http.get("/api/v2/webhooks")).status_code == 403
                replay = {"operationName": "Replay", "after": 0}
                assert (await http.post("/api/v2/webhooks/crm", json=replay)).status_code == 403


async def test_the_end_of_a_recording_is_told_with_who_wanted_it() -> None:
    async with contact_centre(webhooks=(HOOK,)) as office, office.client("compliance.one") as http:
        await _recorded_call(office)
        office.switch.phone("5000").hang_up()
        await office.clock.advance(1)
        [uri] = (await http.get("/api/v2/recordings?userName=*")).json()["uris"]
        assert (await http.delete(uri)).json() == {"statusCode": 0}
        await office.clock.advance(WEBHOOK_LOOK_S + 1)
        told = msgspec.json.decode(office.courier.delivered[-1][1].body)
        assert (told["type"], told["data"]["callUuid"]) == ("recording.erased", uri.rpartition("/")[2])
        assert told["data"]["by"] == {"source": "admin", "userName": "compliance.one"}
