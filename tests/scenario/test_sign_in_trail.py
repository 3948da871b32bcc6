"""What the trail says of who comes and goes: by password, cookie and token (properties CMP-4, ASVS 16.3.1)."""

import base64

import httpx

from tests.scenario.clock import settle
from tests.scenario.world import PASSWORD, URL, World, answer_of

ME = "/api/v2/me"
DENIED = (403, {"statusCode": 20, "statusMessage": "Access denied"})
END = {"operationName": "EndContactCenterSession"}


def _basic(user_name: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user_name}:{PASSWORD}'.encode()).decode()}"}


def _script(world: World, token: str) -> httpx.AsyncClient:
    return world.client(headers={"Authorization": f"Bearer {token}"})


async def test_a_wrong_password_of_somebody_is_in_the_trail_and_no_name_that_nobody_has(world: World) -> None:
    for name in ("agent.one", "a password in the wrong field"):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url=URL, auth=(name, "wrong")) as http:
            assert (await http.get("/api/v2/me")).status_code == 403
    await settle()
    [line] = world.audit.lines
    deed = line.deed
    assert (deed.actor, deed.action, deed.subject, deed.result) == ("agent.one", "sign in", "agent.one", "refused")
    assert (deed.detail, deed.origin) == ({"reason": "wrong password"}, "127.0.0.1")


async def test_a_sign_in_is_in_the_trail_once_however_many_requests_and_so_is_its_end(world: World) -> None:
    """With a cookie, with a password on each request, and from another address."""
    elsewhere = httpx.ASGITransport(world.app, client=("192.0.2.9", 1))
    async with world.client() as http, world.client("agent.two") as basic:
        async with httpx.AsyncClient(transport=elsewhere, base_url=URL) as thief:
            assert (await http.get(ME, headers=_basic("agent.one"))).status_code == 200
            for _ in range(3):
                assert (await http.get(ME)).status_code == 200
                assert (await basic.get(ME)).status_code == 200
                assert (await thief.get(ME, headers=_basic("agent.two"))).status_code == 200
        assert (await http.post(ME, json=END, headers={"Origin": URL})).status_code == 200
        assert (await http.get(ME, headers=_basic("agent.one"))).status_code == 200
    await settle()
    deeds = [line.deed for line in world.audit.lines]
    assert [(deed.actor, deed.action, deed.result, deed.origin) for deed in deeds] == [
        ("agent.one", "sign in", "done", "127.0.0.1"),
        ("agent.two", "sign in", "done", "127.0.0.1"),
        ("agent.two", "sign in", "done", "192.0.2.9"),
        ("agent.one", "sign out", "done", "127.0.0.1"),
        ("agent.one", "sign in", "done", "127.0.0.1"),
    ]
    assert {deed.detail["by"] for deed in deeds if deed.action == "sign in"} == {"password"}


async def test_who_came_with_a_token_is_in_the_trail_once_and_each_refusal_of_one_that_there_is(world: World) -> None:
    async with world.client("agent.one") as http:
        made = await http.post("/api/v2/tokens", json={"name": "script", "scopes": ["api-voice"], "expiresInDays": 1})
    token = made.json()["token"]
    async with _script(world, token["token"]) as http, _script(world, token["token"] + "x") as wrong:
        for _ in range(3):
            assert (await http.get("/api/v2/me")).status_code == 200
        assert answer_of(await wrong.get("/api/v2/me")) == DENIED
        async with _script(world, "tg_0123456789abcdef_unknown") as unknown:
            assert answer_of(await unknown.get("/api/v2/me")) == DENIED
        await world.clock.advance(24 * 3600 + 1)
        assert answer_of(await http.get("/api/v2/me")) == DENIED
    await settle()
    deeds = [line.deed for line in world.audit.lines if line.deed.action == "sign in" and "by" not in line.deed.detail]
    assert [(deed.actor, deed.detail) for deed in deeds] == [
        ("agent.one", {"reason": "wrong secret", "token": token["id"]}),
        ("agent.one", {"reason": "expired", "token": token["id"]}),
    ]
    came = [line.deed for line in world.audit.lines if line.deed.detail.get("by") == "token"]
    assert [(deed.actor, deed.result) for deed in came] == [(f"agent.one (token {token['id']})", "done")]
