"""Every URL × every role × every place an id can stand in: another tenant's id answers like one that does not exist (SEC-1).

The cases are made from the route table and the API's own description, so a URL that is added is in the matrix by itself;
one whose variable parts nobody has named here fails until somebody does.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from telegraphone.domain.agent import DEFAULT_FEATURES, Agent, Device, Feature, Role
from telegraphone.domain.ids import Dn
from telegraphone.domain.operations import Operation
from telegraphone.domain.permissions import Action
from telegraphone.domain.tokens import ApiToken
from telegraphone.services.webhooks import Webhook
from telegraphone.web.openapi.document import document
from tests.scenario.clock import settle
from tests.scenario.world import DEFAULTS, MORNING, NUMBERS, Asks, World, contact_centre

THERE = "elsewhere"
FEATURES = DEFAULT_FEATURES | {Feature.SUPERVISOR_MONITORING}
CONTENT = bytes(range(256)) * 8


def _user(role: Role, number: int, tenant: str = "default") -> Agent:
    first = "5" if tenant == "default" else "6"
    return Agent(
        f"{role.value}.{tenant}",
        f"{number:032x}",
        roles=frozenset({role}),
        features=FEATURES,
        device=Device(f"00000000-0000-4000-8000-{number:012}", Dn(f"{first}00{number % 10}")),
        listens=True,
        tenant=tenant,
    )


HERE = tuple(_user(role, number) for number, role in enumerate(Role, start=1))
USERS = (*HERE, *(_user(role, number, THERE) for number, role in enumerate(Role, start=11)))
COLLECTIONS = {"calls", "devices", "recordings", "contacts", "tokens", "webhooks", "exports", "approvals"}
OWNER = f"agent.{THERE}"
WEBHOOK = Webhook("crm", THERE, "https://crm.example.com/hook", b"s" * 32)


@dataclass(frozen=True, slots=True)
class Theirs:
    """Ids of the other tenant, by what they name, and beside each one that names nothing."""

    ids: Mapping[str, tuple[str, str]]

    def kind(self, template: str, name: str) -> str:
        """What a variable part of a URL names."""
        words = {"file": "part" if "/peaks/" in template else "media", "channel": "channel", "name": "label"}
        if name in words and "/webhooks/" not in template:
            return words[name]
        place = template.partition(f"/{{{name}}}")[0].rpartition("/")[2]
        return place.removesuffix("s") if place in COLLECTIONS else place

    def of(self, template: str, name: str) -> tuple[str, str]:
        kind = self.kind(template, name)
        assert kind in self.ids, f"{template}: name here what {{{name}}} stands for, so that the matrix covers it"
        return self.ids[kind]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    numbers = (*NUMBERS, "5004", *(f"600{n}" for n in range(5)))
    asks = Asks(four_eyes={THERE: frozenset({Action.DELETE})})
    async with contact_centre(webhooks=(WEBHOOK,), agents=USERS, numbers=numbers, asks=asks) as centre:
        yield centre


async def _theirs(world: World) -> Theirs:
    """A recorded call of the other tenant, and one that goes on."""
    await world.answered_call("6000", "6001")
    view = world.calls.of(world.agent(OWNER))[0]
    for operation in (Operation.START_RECORDING, Operation.STOP_RECORDING):
        await world.calls.operate(world.agent(OWNER), view.conn_id, operation)
        await world.clock.advance(2.0)
    world.switch.phone("6000").hang_up()
    await settle()
    [part] = await world.catalogue.parts_of_call(THERE, view.call_uuid)
    world.player.files[part.recording_id] = CONTENT
    await world.answered_call("6000", "6001")
    live = world.calls.of(world.agent(OWNER))[0]
    owner = world.agent(OWNER)
    assert owner.device is not None
    token = ApiToken("ab" * 8, THERE, OWNER, "script", frozenset({"api-voice"}), "0" * 64, MORNING, MORNING + timedelta(days=1))
    await world.tokens.put(token)
    async with world.client(OWNER) as http:
        for url in ("/api/v2/recording-label-definitions", f"/api/v2/recordings/{view.call_uuid}/labels"):
            assert (await http.post(url, json={"name": "theirs"})).status_code == 201
    async with world.client(f"compliance.{THERE}") as http:
        begun = await http.post("/api/v2/exports", json={"recordings": [view.call_uuid]})
        export = begun.json()["export"]["id"]
        assert (await http.delete(f"/api/v2/recordings/{view.call_uuid}")).status_code == 403
        [wish] = (await http.get("/api/v2/approvals")).json()["approvals"]
    async with world.client("supervisor.default") as http:
        await http.post("/api/v2/recording-label-definitions", json={"name": "x"})
    return Theirs(
        {
            "call": (live.conn_id, "0123456789abcdef"),
            "recording": (view.call_uuid, "0" * 32),
            "media": (f"{part.recording_id}.wav", "00000000-0000-4000-8000-000000000000.wav"),
            "part": (part.recording_id, "00000000-0000-4000-8000-000000000000"),
            "device": (owner.device.id, "00000000-0000-4000-8000-999999999999"),
            "contact": (owner.id, f"{99:032x}"),
            "channel": ("voice", "voice"),
            "webhook": (WEBHOOK.name, "absent"),
            "token": (token.id, "cd" * 8),
            "label": ("theirs", "nobodys"),
            "export": (export, "0" * 24),
            "approval": (wish["id"], "1" * 24),
        }
    )


Case = tuple[str, str, str, Any]
"""Method, URL and body, with a name; made once with the other tenant's ids and once with ids of nothing."""


def _cases(world: World, theirs: Theirs) -> Iterator[tuple[Case, Case, str]]:
    described = document(world.app.table.routes, DEFAULTS)
    for route in world.app.table.routes:
        names = re.findall(r"\{(\w+)\}", route.template)
        for method in route.handlers:
            for body_a, body_b, marks in _bodies(described["paths"][route.template][method.lower()], theirs):
                pair = [theirs.of(route.template, name) for name in names]
                if not pair and not marks:
                    continue
                urls = [route.template, route.template]
                for name, ids in zip(names, pair, strict=True):
                    urls = [url.replace(f"{{{name}}}", each) for url, each in zip(urls, ids, strict=True)]
                yield (method, urls[0], route.template, body_a), (method, urls[1], route.template, body_b), route.template
    for query in ("callUuid=", "fields=*&subresources=*&callUuid="):
        urls = [f"/api/v2/recordings?{query}{each}" for each in theirs.ids["recording"]]
        yield ("GET", urls[0], query, None), ("GET", urls[1], query, None), query


def _bodies(operation: Mapping[str, Any], theirs: Theirs) -> Iterator[tuple[Any, Any, bool]]:
    """A body for each operation the description knows, with ids in every attribute that holds one."""
    if "requestBody" not in operation:
        yield None, None, False
        return
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    for each in schema.get("oneOf", schema.get("anyOf", [schema])):
        members = each.get("properties", {})
        named = members.get("operationName", {})
        for name in [*named.get("enum", []), *([named["const"]] if "const" in named else [])] or [None]:
            bodies: list[dict[str, Any]] = [{}, {}]
            marks = False
            for attribute, what in members.items():
                for index, body in enumerate(bodies):
                    body[attribute], holds_id = _value(attribute, what, theirs, index)
                    marks |= holds_id
            for body in bodies:
                if name is not None:
                    body["operationName"] = name
            yield bodies[0], bodies[1], marks


def _value(attribute: str, what: Mapping[str, Any], theirs: Theirs, index: int) -> tuple[Any, bool]:
    kinds = {"targetDeviceUri": "device", "otherCallUri": "call", "consultCallUri": "call"}
    if attribute in kinds:
        return f"/x/{theirs.ids[kinds[attribute]][index]}", True
    if attribute == "recordings":
        return [theirs.ids["recording"][index]], True
    if attribute == "criteria":
        return {"callUuid": theirs.ids["recording"][index]}, True
    if attribute == "destination":
        return {"phoneNumber": ("6001", "9999")[index]}, True
    if attribute == "phoneNumber":
        return ("6001", "9999")[index], True
    if what.get("type") == "object":
        return {}, False
    if what.get("type") == "integer":
        return 0, False
    if what.get("type") == "array":
        return ["voice"], False
    return "x", False


def _normal(response: httpx.Response, theirs: Theirs) -> tuple[int, str, dict[str, str]]:
    """An answer without the ids it was asked for, and without what differs from one answer to the next."""
    text = response.text
    for kind, ids in (*theirs.ids.items(), ("number", ("6001", "9999"))):
        for each in ids:
            text = text.replace(each, f"<{kind}>")
    kept = {name: value for name, value in response.headers.items() if name in {"content-type", "cache-control", "allow"}}
    return response.status_code, text, kept


@pytest.mark.parametrize("role", Role)
async def test_what_is_another_tenants_does_not_exist(world: World, role: Role) -> None:
    theirs = await _theirs(world)
    me = next(agent for agent in HERE if role in agent.roles)
    await world.agents.sign_in(me)
    tried = 0
    async with world.client(me.user_name) as http:
        for there, nothing, name in _cases(world, theirs):
            answers = []
            for method, url, _, body in (there, nothing):
                content = None if body is None else json.dumps(body)
                headers = {"Range": "bytes=0-9"} if "/play/" in url else {}
                answers.append(_normal(await http.request(method, url, content=content, headers=headers), theirs))
                if world.calls.of(me):
                    await _hang_up(world, me)
            assert answers[0] == answers[1], f"{there} is told from {nothing}"
            if "{" in name and "channel" not in name:
                assert answers[0][0] in {400, 403, 404}, f"{there} was answered"
            tried += 1
    assert tried > 30
    assert len(world.calls.of(world.agent(OWNER))) == 1, "nothing happened to their call"
    assert not [line for line in world.lines if line.deed.actor == me.user_name and line.deed.action == "play"]


async def _hang_up(world: World, me: Agent) -> None:
    assert me.device is not None
    world.switch.phone(me.device.dn).hang_up()
    await settle()


async def test_a_cursor_of_another_tenant_is_worth_nothing(world: World) -> None:
    await _theirs(world)
    async with world.client(f"supervisor.{THERE}") as http:
        found = (await http.get("/api/v2/recordings?userName=*&fields=*")).json()
        assert len(found["recordings"]) == 1, "they see it themselves"
    async with world.client("supervisor.default") as http:
        assert (await http.get("/api/v2/recordings?userName=*&fields=*")).json() == {"statusCode": 0, "recordings": []}


async def test_their_own_supervisor_hears_it(world: World) -> None:
    """The matrix compares refusals; this shows that what is refused is there."""
    theirs = await _theirs(world)
    path = f"/api/v2/recordings/{theirs.ids['recording'][0]}/play/{theirs.ids['media'][0]}"
    async with world.client(f"supervisor.{THERE}") as http:
        assert (await http.get(path)).content == CONTENT
