"""The order in which a request is looked at: gws-api 3.4."""

import httpx

from telegraphone.web.settings import WebSettings
from tests.scenario.clock import settle
from tests.scenario.world import PASSWORD, URL, contact_centre

ME = "/api/v2/me"
JSON = {"Content-Type": "application/json"}


async def test_the_first_check_that_fails_gives_the_answer() -> None:
    """A request that fails every check of gws-api 3.4, mended one by one, in the order of the checks."""
    settings = WebSettings(URL, csrf_protection="token")
    async with contact_centre(settings=settings) as world, world.client() as silent, world.client() as one:
        await world.ringing_call("5000", "5001")
        call = (await one.get("/api/v2/me/calls?fields=id", auth=("agent.one", PASSWORD))).json()["calls"][0]["id"]
        tokens = [
            (await each.get(ME, auth=(name, PASSWORD))).headers["X-CSRF-TOKEN"]
            for each, name in ((silent, "agent.silent"), (one, "agent.one"))
        ]
        start, transfer = '{"operationName":"StartCallRecording"}', '{"operationName":"SingleStepTransfer"'
        here, strange, token, mine = (
            {"Origin": URL},
            {"Origin": "https://evil.example.org"},
            *({"X-CSRF-TOKEN": each} for each in tokens),
        )
        nobody, unknown, known = world.client(), "/api/v2/me/calls/unknown", f"/api/v2/me/calls/{call}"
        steps: list[tuple[httpx.AsyncClient, str, str, dict[str, str], tuple[int, int]]] = [
            (nobody, "/api/v2/nonsense", "{", strange, (403, 20)),
            (silent, "/api/v2/nonsense", "{", strange, (403, 3)),
            (silent, "/api/v2/nonsense", "{", here, (403, 3)),
            (silent, "/api/v2/nonsense", "{", here | token, (404, 6)),
            (silent, unknown, "{", here | token, (400, 2)),
            (silent, unknown, "{", here | token | JSON, (400, 2)),
            (silent, unknown, "{}", here | token | JSON, (400, 1)),
            (silent, unknown, '{"operationName":"Nonsense"}', here | token | JSON, (400, 2)),
            (silent, unknown, transfer + "}", here | token | JSON, (400, 1)),
            (silent, unknown, transfer + ',"destination":7}', here | token | JSON, (400, 2)),
            (silent, unknown, start, here | token | JSON, (403, 5)),
            (one, unknown, start, here | mine | JSON, (404, 6)),
            (one, known, start, here | mine | JSON, (400, 2)),
        ]
        for client, path, body, headers, expected in steps:
            response = await client.post(path, content=body, headers=headers)
            assert (response.status_code, response.json()["statusCode"]) == expected, (path, body, headers)
        world.switch.phone("5001").answer()
        await settle()
        world.recorder.fails = {"reserve"}
        response = await one.post(known, content=start, headers=here | mine | JSON)
        assert (response.status_code, response.json()["statusCode"]) == (500, 4)
        await nobody.aclose()
