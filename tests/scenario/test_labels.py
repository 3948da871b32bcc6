"""Labels over HTTP: defined, put on recordings, found by, for those allowed, each deed in the trail (gws-api 13.6)."""

from dataclasses import replace

import httpx
import pytest

from telegraphone.domain.agent import Permission
from telegraphone.limits import LABEL_DEFINITIONS_MAX, LABELS_MAX
from tests.scenario.recorded import NO_PERMISSION, NO_ROLE, RECORDINGS, recorded_call
from tests.scenario.world import AGENTS, URL, World, answer_of, contact_centre

DEFINITIONS = "/api/v2/recording-label-definitions"
DONE = (200, {"statusCode": 0})


async def _defined(http: httpx.AsyncClient, name: str = "complaint", **more: str) -> httpx.Response:
    return await http.post(DEFINITIONS, json={"name": name, **more})


async def test_a_definition_from_its_making_to_its_end(http: httpx.AsyncClient) -> None:
    path = "/recording-label-definitions/VIP%20customer"
    made = await _defined(http, "VIP customer", displayName="VIP")
    assert answer_of(made) == (201, {"statusCode": 0, "uri": f"{URL}/api/v2{path}", "path": path})
    assert answer_of(await _defined(http, "VIP customer")) == (
        409,
        {"statusCode": 18, "statusMessage": "The label definition [VIP customer] exists already."},
    )
    await _defined(http, "complaint")
    complaint = {"name": "complaint", "displayName": "complaint", "description": ""}
    shown = (await http.get(f"{DEFINITIONS}?fields=*")).json()["recordingLabelDefinitions"]
    assert [each["name"] for each in shown] == ["VIP customer", "complaint"]
    assert (await http.get(DEFINITIONS)).json()["uris"] == [each["uri"] for each in shown]
    assert complaint.items() <= shown[1].items()
    assert answer_of(await http.put(shown[0]["uri"], json={"displayName": "V.I.P.", "description": "ask first"})) == DONE
    said = (await http.get(shown[0]["uri"])).json()["recordingLabelDefinition"]
    assert said == shown[0] | {"displayName": "V.I.P.", "description": "ask first"}
    assert answer_of(await http.delete(shown[0]["uri"])) == DONE
    gone = (404, {"statusCode": 6, "statusMessage": "Requested label definition [VIP customer] cannot be found."})
    for method in ("GET", "DELETE"):
        assert answer_of(await http.request(method, shown[0]["uri"])) == gone
    assert answer_of(await http.put(shown[0]["uri"], json={})) == gone


@pytest.mark.parametrize(
    "body",
    [
        {"name": "__ours"},
        {"name": "a/b"},
        {"name": ".."},
        {"name": " x"},
        {"name": "é"},
        {"name": "a\nb"},
        {"name": "x" * 65},
        {"name": 7},
        {"name": "fine", "description": "x" * 1_025},
        {"name": "fine", "displayName": "\0"},
    ],
)
async def test_a_definition_that_cannot_be_is_refused(http: httpx.AsyncClient, body: dict[str, object]) -> None:
    response = await http.post(DEFINITIONS, json=body)
    assert (response.status_code, response.json()["statusCode"]) == (400, 2)
    assert (await http.get(DEFINITIONS)).json()["uris"] == []


async def test_a_label_is_put_on_a_recording_changed_found_and_taken_off(world: World, http: httpx.AsyncClient) -> None:
    uuid = await recorded_call(world)
    await _defined(http, displayName="Complaint", description="somebody complained")
    labels = f"{RECORDINGS}/{uuid}/labels"
    assert (await http.get(labels)).json() == {"statusCode": 0, "uris": []}
    path = f"/recordings/{uuid}/labels/complaint"
    made = await http.post(labels, json={"name": "complaint", "value": "case 17"})
    assert answer_of(made) == (201, {"statusCode": 0, "uri": f"{URL}/api/v2{path}", "path": path})
    again = (409, {"statusCode": 18, "statusMessage": "The label [complaint] exists already."})
    assert answer_of(await http.post(labels, json={"name": "complaint"})) == again
    label = {
        "name": "complaint",
        "displayName": "Complaint",
        "description": "somebody complained",
        "value": "case 17",
        "userName": "supervisor.one",
        "dateTime": "2026-11-24T09:00:41.000+0000",
        "uri": f"{URL}/api/v2{path}",
        "path": path,
    }
    assert (await http.get(f"{labels}?fields=*")).json()["labels"] == [label]
    assert (await http.get(label["uri"])).json()["label"] == label
    shown = await http.get(f"{RECORDINGS}/{uuid}?subresources=labels")
    assert shown.json()["recording"]["labels"] == [label]
    for criteria in ({"label": "complaint"}, {"text": "case 17"}):
        found = await http.get(RECORDINGS, params={**criteria, "fields": "labels", "subresources": "labels"})
        assert found.json()["recordings"] == [{"labels": [label]}]
    assert answer_of(await http.put(label["uri"], json={"value": "case 18"})) == DONE
    assert (await http.get(label["uri"])).json()["label"]["value"] == "case 18"
    assert (await http.get(RECORDINGS, params={"text": "18"})).json()["uris"] != []
    assert answer_of(await http.delete(f"{DEFINITIONS}/complaint")) == DONE
    alone = (await http.get(label["uri"])).json()["label"]
    assert (alone["displayName"], alone["description"]) == ("complaint", ""), "a label outlives its definition"
    assert answer_of(await http.delete(label["uri"])) == DONE
    assert (await http.get(RECORDINGS, params={"label": "complaint"})).json()["uris"] == []
    deeds = [line.deed for line in world.lines if line.deed.subject == uuid]
    assert [(deed.action, deed.result, deed.detail.get("value")) for deed in deeds] == [
        ("add label", "done", "case 17"),
        ("add label", "done", "case 18"),
        ("delete label", "done", None),
    ]


async def test_what_is_not_there_is_named(world: World, http: httpx.AsyncClient) -> None:
    uuid = await recorded_call(world)
    labels = f"{RECORDINGS}/{uuid}/labels"
    missing = (404, {"statusCode": 6, "statusMessage": "Requested label definition [unheard-of] cannot be found."})
    assert answer_of(await http.post(labels, json={"name": "unheard-of"})) == missing
    none = (404, {"statusCode": 6, "statusMessage": "Requested label [unheard-of] cannot be found."})
    assert answer_of(await http.get(f"{labels}/unheard-of")) == none
    assert answer_of(await http.put(f"{labels}/unheard-of", json={"value": "x"})) == none
    assert answer_of(await http.delete(f"{labels}/unheard-of")) == none
    await _defined(http)
    for value in (7, "x" * 1_025):
        assert (await http.post(labels, json={"name": "complaint", "value": value})).status_code == 400
    assert (await http.post(labels, json={})).json()["statusCode"] == 1
    absent = await http.post(f"{RECORDINGS}/{'0' * 32}/labels", json={"name": "complaint"})
    assert absent.json()["statusMessage"] == f"Requested recording [{'0' * 32}] cannot be found."


async def test_many_recordings_are_labelled_at_once_as_far_as_they_can_be(world: World, http: httpx.AsyncClient) -> None:
    uuids = [await recorded_call(world) for _ in range(2)]
    await _defined(http)
    order = {"operationName": "addLabel", "name": "complaint", "value": "wave"}
    assert answer_of(await http.post(RECORDINGS, json={**order, "recordings": uuids[:1]})) == DONE
    response = await http.post(RECORDINGS, json={**order, "recordings": [*uuids, "unknown"]})
    assert response.json() == {
        "statusCode": 7,
        "succeeded": [{"statusCode": 0, "recording": uuids[1]}],
        "failed": [
            {"statusCode": 18, "statusMessage": "The label [complaint] exists already.", "recording": uuids[0]},
            {"statusCode": 6, "statusMessage": "Requested recording [unknown] cannot be found.", "recording": "unknown"},
        ],
    }
    assert len((await http.get(RECORDINGS, params={"label": "complaint"})).json()["uris"]) == 2
    for recordings in ("x", [7], ["x"] * 101):
        assert (await http.post(RECORDINGS, json={**order, "recordings": recordings})).status_code == 400
    undefined = await http.post(RECORDINGS, json={**order, "name": "other", "recordings": uuids})
    assert undefined.status_code == 404


async def test_an_agent_labels_own_recordings_and_only_those(world: World, http: httpx.AsyncClient) -> None:
    uuid = await recorded_call(world)
    async with world.client("agent.one") as mine, world.client("agent.two") as other:
        assert (await _defined(mine)).status_code == 201
        assert (await mine.post(f"{RECORDINGS}/{uuid}/labels", json={"name": "complaint"})).status_code == 201
        assert len((await mine.get(f"{RECORDINGS}/{uuid}/labels")).json()["uris"]) == 1
        assert answer_of(await mine.delete(f"{DEFINITIONS}/complaint")) == NO_ROLE
        unknown = (404, {"statusCode": 6, "statusMessage": f"Requested recording [{uuid}] cannot be found."})
        assert answer_of(await other.get(f"{RECORDINGS}/{uuid}/labels")) == unknown
        assert answer_of(await other.post(f"{RECORDINGS}/{uuid}/labels", json={"name": "complaint"})) == unknown
        assert len((await other.get(DEFINITIONS)).json()["uris"]) == 1
    refused = [line.deed for line in world.lines if line.deed.result == "refused"]
    assert [(deed.actor, deed.action) for deed in refused] == [
        ("agent.one", "delete label definition"),
        ("agent.two", "read labels"),
        ("agent.two", "add label"),
    ]


async def test_a_permission_that_was_taken_is_missed() -> None:
    left = frozenset({Permission.APPLY_NON_DELETE})
    agents = tuple(replace(each, permissions=left) if each.user_name == "supervisor.one" else each for each in AGENTS)
    async with contact_centre(agents=agents) as world, world.client("supervisor.one") as http:
        uuid = await recorded_call(world)
        for method, url in (
            ("POST", DEFINITIONS),
            ("PUT", f"{DEFINITIONS}/complaint"),
            ("DELETE", f"{DEFINITIONS}/complaint"),
            ("POST", f"{RECORDINGS}/{uuid}/labels"),
            ("PUT", f"{RECORDINGS}/{uuid}/labels/complaint"),
            ("DELETE", f"{RECORDINGS}/{uuid}/labels/complaint"),
        ):
            assert answer_of(await http.request(method, url, json={"name": "complaint"})) == NO_PERMISSION, url
        assert (await http.get(DEFINITIONS)).status_code == 200


async def test_there_is_an_end_to_labels(world: World, http: httpx.AsyncClient) -> None:
    uuid = await recorded_call(world)
    for number in range(LABELS_MAX + 1):
        await _defined(http, f"label {number}")
        added = await http.post(f"{RECORDINGS}/{uuid}/labels", json={"name": f"label {number}"})
        assert added.status_code == (201 if number < LABELS_MAX else 400)
    assert len((await http.get(f"{RECORDINGS}/{uuid}/labels?limit=1000")).json()["uris"]) == LABELS_MAX < LABEL_DEFINITIONS_MAX
