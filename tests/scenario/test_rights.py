"""Rights that change while everything runs: what was given or taken counts from the next request on (ASVS 7.4, 8.3.2)."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from telegraphone.domain.agent import Role
from telegraphone.services.ports import Unavailable
from tests.scenario.clock import settle
from tests.scenario.recorded import RECORDINGS, play_path, recorded_call
from tests.scenario.world import HASH, HASHER, PASSWORD, World

ME = "/api/v2/me"
DENIED = 403


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


async def test_what_is_being_sent_ends_with_the_right_to_it(world: World) -> None:
    """Audio, a package of one and a package of many."""
    uuid = await recorded_call(world)
    play = await play_path(world, uuid)
    async with world.client("compliance.one") as http:
        begun = await http.post("/api/v2/exports", json={"recordings": [uuid]})
        await settle()
        package = f"/api/v2/exports/{begun.json()['export']['id']}/package"
        for url, sender, method in (
            (play, world.player, "read"),
            (f"{RECORDINGS}/{uuid}/export", world.archive, "export"),
            (package, world.packages, "read"),
        ):
            await http.get(ME)
            read, sent = getattr(type(sender), method), 0

            async def until_signed_out(*given: Any, read: Any = read, **named: Any) -> AsyncIterator[bytes]:
                nonlocal sent
                async for piece in read(*given, **named):
                    yield piece
                    sent += 1
                    world.app.sign_ins.end_all("compliance.one")

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(type(sender), method, until_signed_out)
                with pytest.raises(Unavailable, match="signed out"):
                    await http.get(url)
            assert sent == 1, url


async def test_a_new_password_ends_the_old_one_at_once(world: World) -> None:
    async with world.client() as http:
        assert (await http.get(ME, headers=_basic())).status_code == 200
        await _become(world, {}, {"agent.one": HASHER.hash("another one")})
        for headers in (None, _basic()):
            assert (await http.get(ME, headers=headers)).status_code == DENIED
        assert (await http.get(ME, headers=_basic("another one"))).status_code == 200
