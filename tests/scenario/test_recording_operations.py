"""The four recording operations over HTTP: every answer of gws-api 8.3 and 8.4, on the call and on the device, in both
generations of the API."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from telegraphone.web.settings import Compatibility, WebSettings
from tests.scenario.clock import settle
from tests.scenario.world import DEVICE_ID, URL, World, contact_centre

OK = (200, {"statusCode": 0})
PATHS_TO = {
    "Stopped": (),
    "Recording": ("Start",),
    "Paused": ("Start", "Pause"),
    "Stopped again": ("Start", "Stop"),
}
GRID = {
    ("Start", "Stopped"): "Recording",
    ("Start", "Recording"): "Recording",
    ("Start", "Paused"): None,
    ("Pause", "Stopped"): None,
    ("Pause", "Recording"): "Paused",
    ("Pause", "Paused"): "Paused",
    ("Resume", "Stopped"): None,
    ("Resume", "Recording"): "Recording",
    ("Resume", "Paused"): "Recording",
    ("Stop", "Stopped"): "Stopped",
    ("Stop", "Recording"): "Stopped",
    ("Stop", "Paused"): "Stopped",
}
"""What each operation leads to in each state; None is refused (gws-api 8.3)."""


@pytest.fixture(params=list(Compatibility), ids=lambda mode: mode.value)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with contact_centre(settings=WebSettings(URL, request.param)) as centre:
        yield centre


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client("agent.one") as client:
        yield client


async def _call_path(http: httpx.AsyncClient) -> str:
    calls = (await http.get("/api/v2/me/calls")).json()["uris"]
    return str(calls[0]).removeprefix(URL)


async def _post(http: httpx.AsyncClient, path: str, operation: str) -> tuple[int, Any]:
    response = await http.post(path, json={"operationName": f"{operation}CallRecording"})
    await settle()
    return response.status_code, response.json()


async def _recording_state(http: httpx.AsyncClient, path: str) -> str:
    return str((await http.get(path)).json()["call"]["recordingState"])


def _refused(operation: str, state: str) -> tuple[int, dict[str, object]]:
    text = f"Operation '{operation}CallRecording' is not valid in the current state: {state}."
    return 400, {"statusCode": 2, "statusMessage": text}


@pytest.mark.parametrize("on", ["call", "device"])
@pytest.mark.parametrize("held", [False, True], ids=["Established", "Held"])
@pytest.mark.parametrize("before", list(PATHS_TO))
@pytest.mark.parametrize("operation", ["Start", "Pause", "Resume", "Stop"])
async def test_the_grid(world: World, http: httpx.AsyncClient, operation: str, before: str, held: bool, on: str) -> None:
    await world.answered_call("5000", "5001")
    call = await _call_path(http)
    for step in PATHS_TO[before]:
        assert await _post(http, call, step) == OK
    if held:
        world.switch.phone("5001").hold()
        await settle()
    world.log.forget()
    state = before.removesuffix(" again")
    after = GRID[operation, state]
    path = call if on == "call" else f"/api/v2/me/devices/{DEVICE_ID}"
    answer = await _post(http, path, operation)
    if after is None:
        assert answer == _refused(operation, f"recordingState is '{state}'")
        after = state
    else:
        assert answer == OK
    assert await _recording_state(http, call) == after
    changed = [] if after == state else [("CallRecordingStateChange", after)]
    assert world.log.told("agent.one") == changed


@pytest.mark.parametrize("operation", ["Start", "Pause", "Resume", "Stop"])
async def test_a_call_in_another_state(world: World, http: httpx.AsyncClient, operation: str) -> None:
    await world.ringing_call("5000", "5001")
    call = await _call_path(http)
    assert await _post(http, call, operation) == _refused(operation, "call state is 'Ringing'")
    world.switch.phone("5000").hang_up()
    await settle()
    assert await _post(http, call, operation) == _refused(operation, "call state is 'Released'")
    await world.ringing_call("5001", "5000")
    call = await _call_path(http)
    assert await _post(http, call, operation) == _refused(operation, "call state is 'Dialing'")


async def test_a_device_without_a_call(world: World, http: httpx.AsyncClient) -> None:
    path = f"/api/v2/me/devices/{DEVICE_ID}"
    for operation in ("Start", "Pause", "Resume", "Stop"):
        assert await _post(http, path, operation) == _refused(operation, "device has no active call")
    await world.ringing_call("5000", "5001")
    assert await _post(http, path, "Start") == _refused("Start", "device has no active call")


async def test_a_device_that_is_somebody_elses(world: World, http: httpx.AsyncClient) -> None:
    other = world.agent("agent.two").device
    assert other is not None
    for device_id in (other.id, "none"):
        answer = await _post(http, f"/api/v2/me/devices/{device_id}", "Start")
        assert answer == (404, {"statusCode": 6, "statusMessage": f"Requested device [{device_id}] cannot be found."})


async def test_an_unknown_call_and_somebody_elses_look_alike(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    call = await _call_path(http)
    reference = call.rpartition("/")[2]
    async with world.client("agent.two") as other:
        foreign = await _post(other, call, "Start")
        assert foreign == (404, {"statusCode": 6, "statusMessage": f"Requested call [{reference}] cannot be found."})
    for unknown in ("0123456789abcdef", "Z" * 32, "x"):
        status, body = await _post(http, f"/api/v2/me/calls/{unknown}", "Start")
        assert (status, body["statusMessage"]) == (404, f"Requested call [{unknown}] cannot be found.")


async def test_without_the_feature(world: World) -> None:
    await world.answered_call("5000", "5003")
    expected = (403, {"statusCode": 5, "statusMessage": "Feature 'api-voice-recording' is not assigned to the user."})
    device = world.agent("agent.silent").device
    assert device is not None
    async with world.client("agent.silent") as http:
        call = await _call_path(http)
        assert await _post(http, call, "Start") == expected
        assert await _post(http, "/api/v2/me/calls/unknown", "Start") == expected, "the feature is looked at first"
        for device_id in (device.id, "unknown"):
            assert await _post(http, f"/api/v2/me/devices/{device_id}", "Start") == expected
        capabilities = (await http.get(call)).json()["call"]["capabilities"]
        assert not [name for name in capabilities if name.endswith("Recording")]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"{", (400, {"statusCode": 2, "statusMessage": "Request body is not valid JSON."})),
        (b"", (400, {"statusCode": 2, "statusMessage": "Request body is not valid JSON."})),
        (b"[]", (400, {"statusCode": 2, "statusMessage": "Request body is not valid JSON."})),
        (b'"StartCallRecording"', (400, {"statusCode": 2, "statusMessage": "Request body is not valid JSON."})),
        (b"\xff\xfe", (400, {"statusCode": 2, "statusMessage": "Request body is not valid JSON."})),
        (b"[" * 60_000, (400, {"statusCode": 2, "statusMessage": "Request body is not valid JSON."})),
        (b"{}", (400, {"statusCode": 1, "statusMessage": "Required parameter 'operationName' is missing."})),
        (b'{"operationName":null}', (400, {"statusCode": 1, "statusMessage": "Required parameter 'operationName' is missing."})),
        (
            b'{"operationName":"startcallrecording"}',
            (
                400,
                {
                    "statusCode": 2,
                    "statusMessage": "Parameter 'operationName' is invalid: The specified value is not within valid range",
                },
            ),
        ),
        (
            b'{"operationName":7}',
            (
                400,
                {
                    "statusCode": 2,
                    "statusMessage": "Parameter 'operationName' is invalid: The specified value is not within valid range",
                },
            ),
        ),
        (b"x" * 65_537, (413, {"statusCode": 2, "statusMessage": "Request body is too large."})),
    ],
    ids=["cut off", "empty", "array", "text", "bytes", "deep", "no name", "null", "wrong case", "number", "too large"],
)
async def test_bodies_that_are_refused(
    world: World, http: httpx.AsyncClient, body: bytes, answer: tuple[int, dict[str, object]]
) -> None:
    await world.answered_call("5000", "5001")
    world.log.forget()
    response = await http.post(await _call_path(http), content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()) == answer
    assert world.log.messages == []


async def test_a_body_of_unknown_length_is_bounded_too(world: World, http: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b" " * 1_000

    response = await http.post("/api/v2/me", content=pieces())
    assert (response.status_code, response.json()["statusCode"]) == (413, 2)


async def test_other_attributes_and_content_types_make_no_difference(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    content = b'{"operationName":"StartCallRecording","extra":[1]}'
    response = await http.post(await _call_path(http), content=content, headers={"Content-Type": "text/plain"})
    assert (response.status_code, response.json()) == OK


@pytest.mark.parametrize("failing", ["reserve", "aim", "open_gate"])
async def test_a_start_that_fails_leaves_everything_stopped(world: World, http: httpx.AsyncClient, failing: str) -> None:
    await world.answered_call("5000", "5001")
    call = await _call_path(http)
    world.recorder.fails = {failing}
    unavailable = (500, {"statusCode": 4, "statusMessage": "Call recorder is not available."})
    assert await _post(http, call, "Start") == unavailable
    assert await _recording_state(http, call) == "Stopped"
    world.recorder.fails = set()
    assert await _post(http, call, "Start") == OK


async def test_a_full_recorder_says_when_to_come_back(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    call = await _call_path(http)
    world.recorder.full_for_s = 7
    response = await http.post(call, json={"operationName": "StartCallRecording"})
    assert (response.status_code, response.json()) == (
        503,
        {"statusCode": 4, "statusMessage": "Call recorder is out of capacity."},
    )
    assert response.headers["Retry-After"] == "7"
    assert await _recording_state(http, call) == "Stopped"


@pytest.mark.parametrize(("operation", "method"), [("Pause", "shut_gate"), ("Stop", "seal")])
async def test_after_a_pause_or_stop_that_fails_audio_stays_out(
    world: World, http: httpx.AsyncClient, operation: str, method: str
) -> None:
    await world.answered_call("5000", "5001")
    call = await _call_path(http)
    assert await _post(http, call, "Start") == OK
    world.log.forget()
    world.recorder.fails = {method}
    unavailable = (500, {"statusCode": 4, "statusMessage": "Call recorder is not available."})
    assert await _post(http, call, operation) == unavailable
    assert await _recording_state(http, call) == "Stopped"
    told = world.log.told("agent.one")
    assert told[0] == ("CallRecordingStateChange", "Stopped")
    assert all(each == ("ErrorMessage", "") for each in told[1:])


async def test_a_recorder_that_does_not_answer_in_three_seconds(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    call = await _call_path(http)
    assert await _post(http, call, "Start") == OK
    world.recorder.stalls = {"shut_gate", "seal"}
    asked = asyncio.ensure_future(_post(http, call, "Pause"))
    await world.clock.advance(2.9)
    assert not asked.done()
    await world.clock.advance(10)
    assert await asked == (500, {"statusCode": 4, "statusMessage": "Call recorder is not available."})


async def test_a_recording_that_breaks_off_by_itself_is_told(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    call = await _call_path(http)
    assert await _post(http, call, "Start") == OK
    world.log.forget()
    world.recorder.break_off()
    await settle()
    assert world.log.told("agent.one") == [("CallRecordingStateChange", "Stopped"), ("ErrorMessage", "")]
    error = world.log.of("agent.one")[-1]
    assert error["channel"] == "/v2/me/calls"
    assert error["data"]["errorMessage"] == "Call recording has stopped unexpectedly."
    assert await _post(http, call, "Start") == OK


async def test_a_second_start_makes_a_new_recording(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    call = await _call_path(http)
    names = []
    for _ in range(2):
        assert await _post(http, call, "Start") == OK
        names.append((await http.get(call)).json()["call"]["userData"]["GSIP_REC_FN"])
        await world.clock.advance(5)
        assert await _post(http, call, "Stop") == OK
    assert len(set(names)) == 2
    user_data = (await http.get(call)).json()["call"]["userData"]
    assert user_data == {"GSIP_RECORD": "OFF", "GSIP_REC_FN": names[1]}


async def test_the_end_of_the_call_is_told_by_its_status_alone(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    call = await _call_path(http)
    assert await _post(http, call, "Start") == OK
    world.log.forget()
    world.switch.phone("5000").hang_up()
    await settle()
    [event] = world.log.of("agent.one")
    view = event["data"]["call"]
    assert (event["data"]["notificationType"], view["state"]) == ("StatusChange", "Released")
    assert (view["recordingState"], view["userData"]["GSIP_RECORD"], view["capabilities"]) == ("Stopped", "OFF", [])


async def test_every_agent_in_the_call_hears_of_it_in_their_own_view(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5002", "5001")
    world.log.forget()
    assert await _post(http, await _call_path(http), "Start") == OK
    views = {name: message["data"]["call"] for name, message in world.log.messages}
    assert set(views) == {"agent.one", "agent.two"}
    assert {view["recordingState"] for view in views.values()} == {"Recording"}
    assert len({view["callUuid"] for view in views.values()}) == 1
    assert len({view["deviceUri"] for view in views.values()}) == 2
    async with world.client("agent.two") as other:
        assert await _post(other, await _call_path(other), "Pause") == OK
    assert await _recording_state(http, await _call_path(http)) == "Paused"


def _keeps_audio(world: World) -> bool:
    return world.recorder.tape.keeps_audio


async def test_nothing_is_recorded_while_paused(world: World, http: httpx.AsyncClient) -> None:
    await world.answered_call("5000", "5001")
    call = await _call_path(http)
    assert await _post(http, call, "Start") == OK
    assert _keeps_audio(world)
    await world.clock.advance(10)
    assert await _post(http, call, "Pause") == OK
    assert not _keeps_audio(world)
    await world.clock.advance(20)
    assert await _post(http, call, "Resume") == OK
    assert _keeps_audio(world)
    await world.clock.advance(5)
    assert await _post(http, call, "Stop") == OK
    [sealed] = world.recorder.sealed.values()
    assert [(span.kind, span.start_samples, span.end_samples) for span in sealed.spans] == [("paused", 80_000, 240_000)]
    assert sealed.duration_samples == 280_000
