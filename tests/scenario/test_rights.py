"""Rights that change while everything runs: what was given or taken counts from the next request on (ASVS 7.4, 8.3.2)."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from telegraphone.domain.agent import Role
from tests.scenario.world import HASH, HASHER, PASSWORD, World, contact_centre

ME = "/api/v2/me"
DENIED = 403


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with contact_centre() as centre:
        yield centre


def _basic(password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'agent.one:{password}'.encode()).decode()}"}


async def _become(world: World, changes: dict[str, object], hashes: dict[str, str] | None = None) -> None:
    users = tuple(
        replace(agent, **changes) if agent.user_name == "agent.one" else agent  # type: ignore[arg-type]  # what the test varies
        for agent in world.directory.agents()
    )
    await world.app.become(users, {agent.user_name: HASH for agent in users} | (hashes or {}))


async def test_a_right_that_was_given_or_taken_counts_from_the_next_request(world: World) -> None:
    search = "/api/v2/recordings?userName=*"
    async with world.client("agent.one") as http:
        assert (await http.get(search)).json()["statusCode"] == 5
        await _become(world, {"roles": frozenset({Role.SUPERVISOR})})
        assert (await http.get(search)).json()["statusCode"] == 0
        await _become(world, {"roles": frozenset({Role.AGENT})})
        assert (await http.get(search)).json()["statusCode"] == 5


async def test_who_has_other_rights_is_signed_out_everywhere_and_nobody_else_is(world: World) -> None:
    async with world.client() as http, world.client("agent.two") as other:
        await http.get(ME, headers=_basic())
        await other.get(ME)
        cookie = other.cookies.get("JSESSIONID")
        handshake = [{"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}]
        [shaken] = (await http.post("/api/v2/notifications", json=handshake)).json()
        await _become(world, {"roles": frozenset({Role.SUPERVISOR})})
        assert (await http.get(ME)).status_code == DENIED
        connect = [{"channel": "/meta/connect", "clientId": shaken["clientId"], "connectionType": "long-polling"}]
        told = await http.post("/api/v2/notifications", json=connect, headers=_basic())
        assert told.json()[0]["error"].startswith("402"), "the push connection is over as well"
        other.cookies.clear()
        async with world.client(cookies={"JSESSIONID": cookie or ""}) as same:
            assert (await same.get(ME)).status_code == 200


async def test_a_new_password_ends_the_old_one_at_once(world: World) -> None:
    async with world.client() as http:
        assert (await http.get(ME, headers=_basic())).status_code == 200
        await _become(world, {}, {"agent.one": HASHER.hash("another one")})
        for headers in (None, _basic()):
            assert (await http.get(ME, headers=headers)).status_code == DENIED
        assert (await http.get(ME, headers=_basic("another one"))).status_code == 200
