"""Hold, digits, transfer and conference as a client sees them, over HTTP."""

import pytest

from tests.scenario.clock import settle
from tests.scenario.world import contact_centre


async def test_consult_and_transfer() -> None:
    async with contact_centre() as world, world.client("agent.one") as http:
        await world.answered_call("5000", "5001")
        (original,) = (await http.get("/api/v2/me/calls")).json()["uris"]
        body = {"operationName": "InitiateTransfer", "destination": {"phoneNumber": "5002"}}
        assert (await http.post(original, json=body)).json() == {"statusCode": 0}
        await settle()
        world.switch.phone("5002").answer()
        await settle()
        first, second = (await http.get("/api/v2/me/calls?fields=*")).json()["calls"]
        assert (first["state"], second["state"], second["callType"]) == ("Held", "Established", "Consult")
        assert second["parentCallUri"] == first["uri"]
        assert "parentCallUri" not in first
        world.log.forget()
        body = {"operationName": "CompleteTransfer", "consultCallUri": second["uri"]}
        assert (await http.post(original, json=body)).json() == {"statusCode": 0}
        await settle()
        assert world.log.told("agent.one") == [("StatusChange", "Released"), ("StatusChange", "Released")]
        assert world.log.told("agent.two") == [("StatusChange", "Released"), ("StatusChange", "Established")]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"operationName": "Hold"}, (200, 0)),
        ({"operationName": "Retrieve"}, (400, 2)),
        ({"operationName": "SendDtmf", "digits": "12#"}, (200, 0)),
        ({"operationName": "SendDtmf", "digits": "12x"}, (400, 2)),
        ({"operationName": "SendDtmf"}, (400, 1)),
        ({"operationName": "SingleStepTransfer"}, (400, 1)),
        ({"operationName": "SingleStepTransfer", "destination": "5002"}, (400, 2)),
        ({"operationName": "SingleStepTransfer", "destination": {"phoneNumber": "5000"}}, (400, 2)),
        ({"operationName": "SingleStepTransfer", "destination": {"phoneNumber": "5002"}}, (200, 0)),
        ({"operationName": "SingleStepConference", "destination": {"phoneNumber": "5002"}, "userData": {"k": 1}}, (200, 0)),
        ({"operationName": "SwapCalls"}, (400, 1)),
        ({"operationName": "SwapCalls", "otherCallUri": "http://127.0.0.1:8080/api/v2/me/calls/x"}, (400, 2)),
        ({"operationName": "CompleteConference"}, (400, 2)),
        ({"operationName": "RemoveParticipantFromConference"}, (400, 1)),
        ({"operationName": "ClearCall"}, (200, 0)),
    ],
)
async def test_what_is_taken_and_what_is_refused(body: dict[str, object], answer: tuple[int, int]) -> None:
    async with contact_centre() as world, world.client("agent.one") as http:
        await world.answered_call("5000", "5001")
        (call,) = (await http.get("/api/v2/me/calls")).json()["uris"]
        response = await http.post(call, json=body)
        assert (response.status_code, response.json()["statusCode"]) == answer
