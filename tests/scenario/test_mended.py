"""Recordings of one call by two recorders over HTTP: heard as one, told so, and each listen in the trail of both (REC-7)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jsonschema_rs
import pytest

from telegraphone.domain.copies import Copy, Party
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.services.catalogue import By, HistoryEntry, PartRecord
from tests.scenario.recorded import CONTENT, RECORDINGS
from tests.scenario.world import Asks, World, contact_centre

BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
A, B = CallUuid("A" * 32), CallUuid("B" * 32)
ONE, TWO = RecordingId("one"), RecordingId("two")
TALKING = (Party("sip:15550100@example.com", "15550100"), Party("sip:5001@example.com", "5001"))
PATH = f"{RECORDINGS}/{A}/play/one.wav"


async def recorded_twice(world: World) -> None:
    for call, name in ((A, ONE), (B, TWO)):
        stop = BEGAN + timedelta(seconds=40)
        whole = HistoryEntry("Recording", BEGAN, stop, 0, 40_000, By("policy"), By("call"))
        numbers = ("", "", "15550100", "5001", "5001", "agent.one")
        await world.catalogue.put(PartRecord(name, call, *numbers, BEGAN, stop, 40_000, "sealed", (whole,)))
        copy = Copy(call, DEFAULT_TENANT, "sbc", BEGAN, links=frozenset({"default of-one-conversation"}))
        await world.copies.put(copy.described(TALKING, BEGAN).over(stop))
        world.player.files[name] = CONTENT


@pytest.fixture
async def _recorded_twice(world: World) -> None:
    await recorded_twice(world)


async def conversation(http: httpx.AsyncClient) -> Any:
    response = await http.get(f"{RECORDINGS}/{A}/conversation")
    assert response.status_code == 200
    return response.json()["conversation"]


@pytest.mark.usefixtures("_recorded_twice")
async def test_a_listen_to_both_is_in_the_trail_of_both(world: World, http: httpx.AsyncClient) -> None:
    response = await http.get(f"{PATH}?mended=true", headers={"Range": "bytes=44-143"})
    assert (response.status_code, response.content) == (206, CONTENT[44:144])
    about = f"{41_000 * 44 // len(CONTENT)}-{41_000 * 144 // len(CONTENT)}"
    detail = {"form": "wav both", "bytes": "44-143", "about_ms": about, "mended": "one two"}
    heard = [line.deed for line in world.lines]
    assert [(each.action, each.subject, each.detail) for each in heard] == [
        ("play", name, detail | {"call": call}) for name, call in ((ONE, A), (TWO, B))
    ]
    for call in (A, B):
        trail = (await http.get(f"{RECORDINGS}/{call}/trail")).json()["trail"]
        assert [each["action"] for each in trail] == ["play"]


async def test_where_it_is_asked_what_for_it_is_said_of_both() -> None:
    async with contact_centre(asks=Asks(purpose=frozenset({DEFAULT_TENANT}))) as world, world.client("compliance.one") as http:
        await recorded_twice(world)
        path = f"{PATH}?mended=true"
        for call, words in ((A, "complaint 17"), (B, "what it lacks")):
            for asked in (http.get, http.head):
                assert (await asked(path)).status_code == 403
            refused = world.lines[-1].deed
            assert (refused.subject, refused.result) == (call, "refused")
            said = {"operationName": "statePurpose", "purpose": words}
            assert (await http.post(f"{RECORDINGS}/{call}", json=said)).status_code == 200
        assert (await http.get(path)).status_code == 200
        heard = [line.deed for line in world.lines if line.deed.action == "play"]
        assert [(each.subject, each.detail["call"], each.detail["purpose"]) for each in heard if each.result == "begun"] == [
            (ONE, A, "complaint 17"),
            (TWO, B, "what it lacks"),
        ]


@pytest.mark.usefixtures("_recorded_twice")
async def test_who_asks_for_one_hears_one(world: World, http: httpx.AsyncClient) -> None:
    for path in (PATH, f"{PATH}?mended=false"):
        assert (await http.get(path)).status_code == 200
    assert [line.deed.subject for line in world.lines] == [ONE, ONE]
    assert all("mended" not in line.deed.detail for line in world.lines)


@pytest.mark.usefixtures("_recorded_twice")
async def test_the_conversation_says_what_came_from_whom(http: httpx.AsyncClient) -> None:
    told = await conversation(http)
    path = f"/recordings/{A}/play/one.mp3?mended=true"
    [mended] = told["mended"]
    assert mended.pop("mediaUri").endswith(path)
    assert mended == {
        "mediaFileId": "one",
        "startTime": "2026-11-24T08:59:59.500+0000",
        "offset": "500",
        "duration": "41000",
        "doubles": ["two"],
        "borrowed": [{"offset": "1000", "duration": "1000", "track": "agent", "mediaFileId": "two"}],
        "keptOut": [{"offset": "3000", "duration": "1000"}],
        "playPath": path,
    }
    description = (await http.get("/api/v2/openapi.json")).json()
    schema = {"$ref": "#/components/schemas/Conversation", "components": description["components"]}
    jsonschema_rs.validator_for(schema).validate(await conversation(http))


@pytest.mark.usefixtures("_recorded_twice")
async def test_the_drawing_is_of_what_is_heard(http: httpx.AsyncClient) -> None:
    path = f"{RECORDINGS}/{A}/peaks/one?start=0&stop=1000&columns=1"
    drawn = [(await http.get(f"{path}{more}")).json()["peaks"]["agent"] for more in ("", "&mended=true")]
    assert drawn == [[-1, 1], [-3, 3]]


@pytest.mark.usefixtures("_recorded_twice")
async def test_an_erased_double_leaves_the_other_alone(world: World, http: httpx.AsyncClient) -> None:
    await world.copies.forget(DEFAULT_TENANT, B)
    assert (await conversation(http))["mended"] == []
    assert (await http.get(f"{PATH}?mended=true")).status_code == 200
    assert [line.deed.subject for line in world.lines] == [ONE]


@pytest.mark.usefixtures("_recorded_twice")
async def test_of_what_cannot_be_read_or_may_not_be_heard_nothing_is_said(world: World, http: httpx.AsyncClient) -> None:
    async with world.client("admin.one") as deaf:
        assert (await conversation(deaf))["mended"] == []
        assert (await deaf.get(f"{PATH}?mended=true")).status_code == 403
    world.player.unreadable = True
    assert (await conversation(http))["mended"] == []
