"""API tokens over HTTP: what they let scripts do, what they never do, and how they end."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
import structlog.testing

from telegraphone.domain.agent import Role
from tests.scenario.recorded import RECORDINGS, operate, play_path, recorded_call
from tests.scenario.world import HASH, World, answer_of

TOKENS = "/api/v2/tokens"
DENIED = (403, {"statusCode": 20, "statusMessage": "Access denied"})
NO_PERMISSION = (403, {"statusCode": 3, "statusMessage": "Insufficient recording permissions."})


async def _made(world: World, user_name: str, *scopes: str, **more: object) -> dict[str, Any]:
    async with world.client(user_name) as http:
        response = await http.post(TOKENS, json={"name": "script", "scopes": list(scopes), **more})
        assert response.status_code == 201, response.text
        token: dict[str, Any] = response.json()["token"]
        return token


def _script(world: World, token: dict[str, Any]) -> httpx.AsyncClient:
    return world.client(headers={"Authorization": f"Bearer {token['token']}"})


async def test_a_script_does_what_its_scopes_name_and_nothing_else(world: World) -> None:
    uuid = await recorded_call(world)
    play = await play_path(world, uuid)
    token = await _made(world, "compliance.one", "search", "listen")
    async with _script(world, token) as http:
        found = await http.get(RECORDINGS, params={"callUuid": uuid})
        assert len(found.json()["uris"]) == 1
        assert "set-cookie" not in found.headers
        assert (await http.get(play)).status_code == 200
        assert answer_of(await http.delete(f"{RECORDINGS}/{uuid}")) == NO_PERMISSION
        assert answer_of(await http.get(f"{RECORDINGS}/{uuid}/export")) == NO_PERMISSION
        assert answer_of(await http.post(TOKENS, json={"name": "more", "scopes": ["search"]})) == NO_PERMISSION
        assert answer_of(await http.get(TOKENS)) == NO_PERMISSION
        assert (await http.get("/api/v2/me/permissions")).json()["permissions"] == ["search", "listen"]
    actors = {line.deed.actor for line in world.lines if line.deed.action == "play"}
    assert actors == {f"compliance.one (token {token['id']})"}


async def test_the_secret_is_shown_once_and_kept_nowhere(world: World) -> None:
    with structlog.testing.capture_logs() as logs:
        token = await _made(world, "agent.one", "api-voice", expiresInDays=7)
        secret = token["token"].rpartition(token["id"])[2]
        async with _script(world, {"token": token["token"] + "x"}) as http:
            assert answer_of(await http.get("/api/v2/me")) == DENIED
    async with world.client("agent.one") as http:
        [listed] = (await http.get(TOKENS)).json()["tokens"]
    assert listed == {name: value for name, value in token.items() if name != "token"}
    kept = repr(logs) + repr([line.deed for line in world.lines]) + repr(await world.tokens.of("default"))
    assert len(secret) > 40
    assert secret[1:] not in kept
    assert secret[1:] not in (await world.tokens.of("default"))[0].digest
    made = world.lines[-1].deed
    assert (made.actor, made.action, made.subject) == ("agent.one", "make token", token["id"])


async def test_an_agents_token_operates_the_recording_and_without_voice_sees_no_call(world: World) -> None:
    await world.answered_call("5000", "5001")
    await world.agents.sign_in(world.agent("agent.one"))
    phone = await _made(world, "agent.one", "api-voice", "api-voice-recording")
    blind = await _made(world, "agent.one", "add label")
    async with _script(world, phone) as http:
        [uri] = (await http.get("/api/v2/me/calls")).json()["uris"]
        for operation in ("StartCallRecording", "PauseCallRecording"):
            assert (await http.post(uri, json={"operationName": operation})).json() == {"statusCode": 0}
    async with _script(world, blind) as http:
        assert (await http.get("/api/v2/me/calls")).json()["uris"] == []
        assert (await http.get(uri)).status_code == 404
        assert (await http.post(uri, json={"operationName": "ResumeCallRecording"})).status_code == 403
        shake = [{"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}]
        assert answer_of(await http.post("/api/v2/notifications", json=shake)) == DENIED
    await operate(world, ("Resume", 1), ("Stop", 1))


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": ["listen"]},
        {"name": "x", "scopes": ["delete"]},
        {"name": "x", "scopes": ["keep tokens"]},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": "search"},
        {"name": " ", "scopes": ["add label"]},
        {"name": "x\ny", "scopes": ["add label"]},
        {"name": "x" * 65, "scopes": ["add label"]},
        {"name": "x", "scopes": ["add label"], "expiresInDays": 0},
        {"name": "x", "scopes": ["add label"], "expiresInDays": 731},
        {"name": "x", "scopes": ["add label"], "expiresInDays": True},
    ],
)
async def test_nobody_gives_a_token_more_than_they_have(world: World, body: dict[str, object]) -> None:
    async with world.client("agent.one") as http:
        response = await http.post(TOKENS, json=body)
        assert (response.status_code, response.json()["statusCode"]) in {(400, 2), (400, 1)}
    assert await world.tokens.of("default") == ()


async def test_an_administrator_who_may_not_listen_makes_no_token_that_does(world: World) -> None:
    async with world.client("admin.one") as http:
        assert (await http.post(TOKENS, json={"name": "x", "scopes": ["listen"]})).status_code == 400
    assert "listen" in (await _made(world, "admin.listening", "listen"))["scopes"]


async def test_a_token_ends_at_once_when_it_is_ended_expires_or_its_owner_loses_the_right(world: World) -> None:
    search = {"params": {"userName": "*"}}
    ended, expiring, losing = [await _made(world, "supervisor.one", "search", expiresInDays=days) for days in (9, 1, 9)]
    async with _script(world, ended) as one, _script(world, expiring) as two, _script(world, losing) as three:
        for http in (one, two, three):
            assert (await http.get(RECORDINGS, **search)).status_code == 200
        async with world.client("admin.one") as admin:
            seen = {each["id"]: each for each in (await admin.get(TOKENS)).json()["tokens"]}
            assert set(seen) == {ended["id"], expiring["id"], losing["id"]}
            assert "lastUsedAt" in seen[ended["id"]]
            assert (await admin.delete(f"{TOKENS}/{ended['id']}")).json() == {"statusCode": 0}
            assert (await admin.delete(f"{TOKENS}/{ended['id']}")).status_code == 404
        async with world.client("agent.two") as other:
            assert (await other.delete(f"{TOKENS}/{losing['id']}")).status_code == 404
        assert answer_of(await one.get(RECORDINGS, **search)) == DENIED
        await world.clock.advance(24 * 3600 + 1)
        assert answer_of(await two.get(RECORDINGS, **search)) == DENIED
        assert (await three.get(RECORDINGS, **search)).status_code == 200
        users = tuple(
            replace(agent, roles=frozenset({Role.AGENT})) if agent.user_name == "supervisor.one" else agent
            for agent in world.directory.agents()
        )
        await world.app.become(users, {agent.user_name: HASH for agent in users})
        assert (await three.get(RECORDINGS, **search)).json()["statusCode"] == 5


async def test_what_goes_on_under_a_token_ends_with_it(world: World) -> None:
    token = await _made(world, "agent.one", "api-voice")
    shake = [{"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}]
    async with _script(world, token) as http, world.client("agent.one") as owner:
        [shaken] = (await http.post("/api/v2/notifications", json=shake)).json()
        connect = [{"channel": "/meta/connect", "clientId": shaken["clientId"], "connectionType": "long-polling"}]
        assert (await http.post("/api/v2/notifications", json=connect)).json()[0]["successful"]
        await owner.get(TOKENS)
        under_way = len(world.app.sign_ins)
        await owner.delete(f"{TOKENS}/{token['id']}")
        assert len(world.app.sign_ins) == under_way - 1, "by which streams and connections end"
        assert answer_of(await http.post("/api/v2/notifications", json=connect)) == DENIED


async def test_wrong_tokens_are_slowed_down_and_a_right_one_from_elsewhere_is_not(world: World) -> None:
    token = await _made(world, "agent.one", "api-voice")
    async with _script(world, token) as http:
        assert (await http.get("/api/v2/me")).status_code == 200
        for guess in range(60):
            wrong = {"Authorization": f"Bearer tg_{token['id']}_{guess}"}
            assert answer_of(await http.get("/api/v2/me", headers=wrong)) == DENIED
        assert (await http.get("/api/v2/me")).status_code == 200
        for odd in ("Bearer", "Bearer ", "Bearer tg_", "Bearer tg__", "bearer x", "Bearer tg_é_x"):
            assert (await http.get("/api/v2/me", headers={"Authorization": odd.encode("iso-8859-1")})).status_code == 403
