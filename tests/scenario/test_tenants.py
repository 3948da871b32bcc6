"""Two contact centres in one installation: what belongs to one is for the other as if it did not exist (properties SEC-1)."""

from collections.abc import AsyncIterator

import httpx
import pytest

from telegraphone.domain.agent import DEFAULT_FEATURES, Agent, Device, Feature, Role
from telegraphone.domain.ids import Dn
from tests.scenario.clock import settle
from tests.scenario.world import NUMBERS, World, contact_centre

UNKNOWN_NUMBER = '{"statusCode":2,"statusMessage":"Parameter \'destination\' is invalid: Nobody has the number <id>"}'
HERE, THERE = "default", "elsewhere"


def _user(user_name: str, number: int, role: Role, *, dn: str = "", tenant: str = HERE) -> Agent:
    return Agent(
        user_name,
        f"{number:032x}",
        roles=frozenset({role}),
        features=DEFAULT_FEATURES | {Feature.SUPERVISOR_MONITORING},
        device=Device(f"00000000-0000-4000-8000-{number:012}", Dn(dn)) if dn else None,
        tenant=tenant,
    )


USERS = (
    _user("agent.here", 1, Role.AGENT, dn="5001"),
    _user("supervisor.here", 2, Role.SUPERVISOR, dn="5002"),
    _user("agent.there", 3, Role.AGENT, dn="6001", tenant=THERE),
    _user("supervisor.there", 4, Role.SUPERVISOR, dn="6002", tenant=THERE),
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with contact_centre(agents=USERS, numbers=(*NUMBERS, "6000", "6001", "6002")) as centre:
        yield centre


async def _sign_in(world: World, user_name: str) -> None:
    await world.agents.sign_in(world.agent(user_name))


def _said(response: httpx.Response, *ids: str) -> tuple[int, str]:
    """The answer with the asked id taken out: what must not tell which of two ids exists."""
    text = response.text
    for each in ids:
        text = text.replace(each, "<id>")
    return response.status_code, text


@pytest.mark.parametrize("destination", ["6001", "9999"])
async def test_a_number_of_another_contact_centre_is_unknown(world: World, destination: str) -> None:
    await _sign_in(world, "agent.here")
    async with world.client("agent.here") as http:
        device = world.agent("agent.here").device
        assert device is not None
        body = {"operationName": "Dial", "destination": {"phoneNumber": destination}}
        dialled = await http.post(f"/api/v2/me/devices/{device.id}/calls", json=body)
        assert dialled.status_code in (200, 201)
        world.switch.phone("5001").answer()
        await settle()
        assert world.calls.of(world.agent("agent.here")) == ()
        assert world.calls.of(world.agent("agent.there")) == ()
        assert world.log.of("agent.there") == []


@pytest.mark.parametrize("destination", ["6001", "9999"])
async def test_nor_is_a_call_transferred_there(world: World, destination: str) -> None:
    await world.answered_call("5000", "5001")
    async with world.client("agent.here") as http:
        (call,) = (await http.get("/api/v2/me/calls")).json()["uris"]
        body = {"operationName": "SingleStepTransfer", "destination": {"phoneNumber": destination}}
        response = await http.post(call, json=body)
        assert _said(response, destination) == (400, UNKNOWN_NUMBER)
    assert len(world.calls.of(world.agent("agent.here"))) == 1


async def test_a_colleague_is_reached(world: World) -> None:
    await world.answered_call("5000", "5001")
    async with world.client("agent.here") as http:
        (call,) = (await http.get("/api/v2/me/calls")).json()["uris"]
        body = {"operationName": "SingleStepTransfer", "destination": {"phoneNumber": "5002"}}
        assert (await http.post(call, json=body)).json() == {"statusCode": 0}


async def test_a_call_of_another_contact_centre_looks_like_none(world: World) -> None:
    await world.answered_call("6000", "6001")
    there = world.calls.of(world.agent("agent.there"))[0]
    async with world.client("agent.here") as http:
        for theirs, unknown in ((there.conn_id, "0" * 16), (there.call_uuid, "0" * 32)):
            for method in ("GET", "POST"):
                body = {"operationName": "Hangup"} if method == "POST" else None
                answers = [await http.request(method, f"/api/v2/me/calls/{each}", json=body) for each in (theirs, unknown)]
                assert _said(answers[0], theirs) == _said(answers[1], unknown)
                assert answers[0].status_code == 404
        assert len(world.calls.of(world.agent("agent.there"))) == 1


async def test_only_colleagues_are_contacts_and_can_be_supervised(world: World) -> None:
    await _sign_in(world, "supervisor.here")
    theirs, mine = world.agent("agent.there"), world.agent("supervisor.here")
    assert theirs.device is not None
    assert mine.device is not None
    async with world.client("supervisor.here") as http:
        contacts = (await http.get("/api/v2/contacts?fields=*")).json()["contacts"]
        assert {each["id"] for each in contacts} == {world.agent(name).id for name in ("agent.here", "supervisor.here")}
        ids = (theirs.id, f"{99:032x}")
        answers = [_said(await http.get(f"/api/v2/contacts/{each}"), each) for each in ids]
        assert answers[0] == answers[1]
        device = (theirs.device.id, "00000000-0000-4000-8000-999999999999")
        said = []
        for each in device:
            body = {"operationName": "ListenIn", "targetDeviceUri": f"/devices/{each}"}
            said.append(_said(await http.post(f"/api/v2/me/devices/{mine.device.id}", json=body), each))
        assert said[0] == said[1]
        assert said[0][0] == 404


async def test_each_contact_centre_has_its_own_id(world: World) -> None:
    ids = {}
    for name in ("agent.here", "supervisor.here", "agent.there"):
        async with world.client(name) as http:
            ids[name] = (await http.get("/api/v2/me")).json()["user"]["contactCenterId"]
    assert ids["agent.here"] == ids["supervisor.here"]
    assert ids["agent.here"] != ids["agent.there"]
