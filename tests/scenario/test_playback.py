"""Recordings over HTTP: how they are heard, drawn and looked after (gws-api 13.4)."""

from dataclasses import replace

import httpx
import pytest

from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.web.settings import WebSettings
from tests.scenario.player import MADE_AT
from tests.scenario.recorded import CONTENT, NO_PERMISSION, NO_ROLE, RECORDINGS, play_path, recorded_call
from tests.scenario.world import AGENTS, URL, World, answer_of, contact_centre

# --- playing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-43", 0, 44),
        ("bytes=44-", 44, len(CONTENT)),
        ("bytes=-100", len(CONTENT) - 100, len(CONTENT)),
        (f"bytes=-{len(CONTENT) + 1}", 0, len(CONTENT)),
        (f"bytes=0-{len(CONTENT) * 2}", 0, len(CONTENT)),
        (f"bytes={len(CONTENT) - 1}-", len(CONTENT) - 1, len(CONTENT)),
        ("BYTES = 5-5", 5, 6),
    ],
)
async def test_a_range(world: World, http: httpx.AsyncClient, asked: str, start: int, end: int) -> None:
    path = await play_path(world, await recorded_call(world))
    response = await http.get(path, headers={"Range": asked})
    assert response.status_code == 206
    assert response.content == CONTENT[start:end]
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert response.headers["Content-Length"] == str(end - start)


@pytest.mark.parametrize("asked", [None, "bytes=0-1,5-6", "bytes=x-", "bytes=-", "bytes=5-4", "items=0-1", "bytes", "bytes=-²"])
async def test_everything(world: World, http: httpx.AsyncClient, asked: str | None) -> None:
    path = await play_path(world, await recorded_call(world))
    response = await http.get(path, headers=[(b"Range", asked.encode())] if asked else [])
    assert (response.status_code, response.content) == (200, CONTENT)
    headers = response.headers
    assert headers["Content-Type"] == "audio/wav"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Content-Length"] == str(len(CONTENT))
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["ETag"].startswith('"')
    assert headers["Last-Modified"] == f"{MADE_AT:%a, %d %b %Y %H:%M:%S} GMT"
    assert "Content-Range" not in headers
    assert "Content-Disposition" not in headers


@pytest.mark.parametrize("asked", [f"bytes={len(CONTENT)}-", f"bytes={len(CONTENT) + 5}-{len(CONTENT) + 9}", "bytes=-0"])
async def test_a_range_that_is_not_there(world: World, http: httpx.AsyncClient, asked: str) -> None:
    path = await play_path(world, await recorded_call(world))
    response = await http.get(path, headers={"Range": asked})
    assert (response.status_code, response.json()["statusCode"]) == (416, 2)
    assert response.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
    assert world.lines == []


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("current", 206),
        (f"{MADE_AT:%a, %d %b %Y %H:%M:%S} GMT", 206),
        ('"other"', 200),
        ('W/"weak"', 200),
        ("Tue, 24 Nov 2026 09:29:59 GMT", 200),
        ("rubbish", 200),
    ],
)
async def test_if_range(world: World, http: httpx.AsyncClient, condition: str, status: int) -> None:
    path = await play_path(world, await recorded_call(world))
    etag = (await http.head(path)).headers["ETag"]
    wanted = {"Range": "bytes=0-9", "If-Range": etag if condition == "current" else condition}
    assert (await http.get(path, headers=wanted)).status_code == status


async def test_head_tells_the_same_without_a_byte(world: World, http: httpx.AsyncClient) -> None:
    path = await play_path(world, await recorded_call(world))
    head = await http.head(path)
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(CONTENT)))
    assert world.lines == [], "nothing was heard"


async def test_downloading_names_the_file(world: World, http: httpx.AsyncClient) -> None:
    uuid = await recorded_call(world)
    response = await http.get(await play_path(world, uuid) + "?download=true")
    [part] = await world.catalogue.parts_of_call(DEFAULT_TENANT, uuid)  # type: ignore[arg-type]  # an id as a client has it
    assert response.headers["Content-Disposition"] == f'attachment; filename="{part.name}.wav"'


async def test_who_listened_is_written_down_first(world: World, http: httpx.AsyncClient) -> None:
    uuid = await recorded_call(world)
    path = await play_path(world, uuid)
    await http.get(path, headers={"Range": "bytes=44-143"})
    line = world.lines[0].deed
    assert (line.actor, line.action, line.result) == ("supervisor.one", "play", "begun")
    assert line.subject in path
    about = f"{40_000 * 44 // len(CONTENT)}-{40_000 * 144 // len(CONTENT)}"
    assert line.detail == {"call": uuid, "form": "wav both", "bytes": "44-143", "about_ms": about}


async def test_what_cannot_be_played(world: World, http: httpx.AsyncClient) -> None:
    uuid = await recorded_call(world)
    other = await recorded_call(world)
    path = await play_path(world, uuid)
    name = path.rpartition("/")[2]
    for wrong in (
        path.replace(".wav", ".flac"),
        path.removesuffix(".wav"),
        f"{RECORDINGS}/{other}/play/{name}",
        f"{RECORDINGS}/{uuid}/play/unknown.wav",
        f"{RECORDINGS}/unknown/play/{name}",
    ):
        response = await http.get(wrong)
        assert (response.status_code, response.json()["statusCode"]) == (404, 6), wrong
    world.player.unreadable = True
    assert (await http.get(path)).headers["retry-after"] == "30"
    world.player.unreadable = False
    world.player.files.clear()
    assert (await http.get(path)).status_code == 404
    assert [(line.deed.subject, line.deed.result) for line in world.lines] == [("unknown", "refused")]


@pytest.mark.parametrize(("extension", "content_type"), [("wav", "audio/wav"), ("mp3", "audio/mpeg"), ("ogg", "audio/ogg")])
async def test_every_format_is_had_by_its_ending(
    world: World, http: httpx.AsyncClient, extension: str, content_type: str
) -> None:
    path = (await play_path(world, await recorded_call(world))).replace(".wav", f".{extension}")
    tags = set()
    for tracks in ("both", "mixed", "agent", "other"):
        response = await http.get(path, params={"tracks": tracks, "download": "true"})
        assert (response.status_code, response.headers["Content-Type"]) == (200, content_type)
        assert response.headers["Content-Disposition"].endswith(f'.{extension}"')
        tags.add(response.headers["ETag"])
    assert len(tags) == 4
    refused = await http.get(path, params={"tracks": "left"})
    assert (refused.status_code, refused.json()["statusCode"]) == (400, 2)


async def test_links_name_the_format_of_the_installation() -> None:
    async with contact_centre(settings=WebSettings(URL, playback_format="ogg")) as world, world.client("supervisor.one") as http:
        uuid = await recorded_call(world)
        [media] = (await http.get(f"{RECORDINGS}/{uuid}")).json()["recording"]["mediaFiles"]
        assert media["mediaUri"].endswith(".ogg")
        assert media["mediaId"].endswith(".ogg")
        assert media["type"] == "audio/ogg"


# --- drawing -------------------------------------------------------------------------------------------------------


async def test_peaks(world: World, http: httpx.AsyncClient) -> None:
    path = (await play_path(world, await recorded_call(world))).replace("/play/", "/peaks/").removesuffix(".wav")
    peaks = (await http.get(f"{path}?start=1000&stop=2000&columns=2")).json()["peaks"]
    assert peaks == {"start": 1_000, "stop": 2_000, "agent": [-1, 1, -1, 1], "other": [-2, 2, -2, 2]}
    assert (await http.get(path)).json()["peaks"]["stop"] == 40_000
    for wrong in ("start=5&stop=5", "stop=900001", "columns=0", "columns=4001", "start=x"):
        assert (await http.get(f"{path}?{wrong}")).json()["statusCode"] == 2, wrong
    assert (await http.get(f"{path}x")).status_code == 404
    async with world.client("admin.one") as other:
        assert answer_of(await other.get(path)) == NO_PERMISSION
    assert [(line.deed.actor, line.deed.result) for line in world.lines] == [("admin.one", "refused")]


# --- who did what --------------------------------------------------------------------------------------------------


async def test_the_trail_of_a_recording(world: World, http: httpx.AsyncClient) -> None:
    uuid = await recorded_call(world)
    path = await play_path(world, uuid)
    other = await play_path(world, await recorded_call(world))
    for url in (path, f"{path}?download=true", other):
        await http.get(url)
    trail = (await http.get(f"{RECORDINGS}/{uuid}/trail")).json()["trail"]
    assert [(line["action"], line["userName"], line["result"]) for line in trail] == [
        ("download", "supervisor.one", "begun"),
        ("play", "supervisor.one", "begun"),
    ]
    assert trail[0]["detail"]["form"] == "wav both"
    async with world.client("agent.one") as agent:
        assert answer_of(await agent.get(f"{RECORDINGS}/{uuid}/trail")) == NO_ROLE


# --- teams ---------------------------------------------------------------------------------------------------------


async def test_a_supervisor_finds_and_hears_the_supervised_teams_only() -> None:
    users = tuple(
        replace(agent, team="sales" if agent.user_name == "agent.one" else "care", supervised=frozenset({"care"}))
        for agent in AGENTS
    )
    async with contact_centre(agents=users) as world:
        uuid = await recorded_call(world)
        path = await play_path(world, uuid)
        async with world.client("supervisor.one") as http, world.client("compliance.one") as officer:
            assert (await http.get(f"{RECORDINGS}?userName=*")).json()["uris"] == []
            assert len((await officer.get(f"{RECORDINGS}?userName=*")).json()["uris"]) == 1
            for url in (f"{RECORDINGS}/{uuid}", path, f"{RECORDINGS}/{uuid}/trail"):
                unknown = url.replace(uuid, "unknown")
                said = [(await http.get(each)).text.replace(uuid, "unknown") for each in (url, unknown)]
                assert said[0] == said[1]
                assert (await officer.get(url)).status_code == 200
