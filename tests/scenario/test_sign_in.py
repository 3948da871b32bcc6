"""Who may use the API, and from where: gws-api 3.3, 3.4 and 4 over HTTP."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from telegraphone.limits import SIGN_IN_IDLE_S, SIGN_IN_LIFE_S, SIGN_INS_PER_USER_MAX
from telegraphone.web.settings import WebSettings
from tests.scenario.clock import settle
from tests.scenario.world import PASSWORD, URL, World, answer_of, contact_centre

ME = "/api/v2/me"
DENIED = (403, {"statusCode": 20, "statusMessage": "Access denied"})
WRONG_ORIGIN = (403, {"statusCode": 3, "statusMessage": "Origin is not allowed."})
JSON = {"Content-Type": "application/json"}
END = b'{"operationName":"EndContactCenterSession"}'
SOME_STATE = b'{"operationName":"Ready"}'
NOT_REGISTERED = 500
"""A state without a contact-centre session is refused in the end: the request went past all checks of this page."""


def _basic(user_name: str = "agent.one", password: str = PASSWORD, encoding: str = "utf-8") -> dict[str, str]:
    text = base64.b64encode(f"{user_name}:{password}".encode(encoding)).decode()
    return {"Authorization": f"Basic {text}"}


@asynccontextmanager
async def _signed_in(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client that holds nothing but the cookie of a first request with a password."""
    async with world.client() as http:
        assert (await http.get(ME, headers=_basic())).status_code == 200
        assert http.cookies.get("JSESSIONID")
        yield http


@pytest.mark.parametrize(
    "headers",
    [
        {},
        _basic(password="wrong"),
        _basic("nobody"),
        _basic(""),
        {"Authorization": "Basic"},
        {"Authorization": "Basic ***"},
        {"Authorization": "Basic " + base64.b64encode(b"no colon").decode()},
        {"Authorization": "Basic " + "A" * 8_000},
        {"Authorization": "Bearer " + base64.b64encode(f"agent.one:{PASSWORD}".encode()).decode()},
        {"Cookie": "JSESSIONID=none"},
        {"Cookie": "JSESSIONID="},
    ],
)
async def test_who_is_not_signed_in_is_told_the_same_thing(world: World, headers: dict[str, str]) -> None:
    async with world.client() as http:
        for method, path in (("GET", ME + "?subresources=features,devices,channels"), ("POST", ME), ("GET", "/api/v2/none")):
            response = await http.request(method, path, headers=headers)
            assert answer_of(response) == DENIED
            assert "WWW-Authenticate" not in response.headers
            assert "Set-Cookie" not in response.headers


async def test_a_password_that_is_wrong_beside_a_good_cookie_is_denied(world: World) -> None:
    async with _signed_in(world) as http:
        assert answer_of(await http.get(ME, headers=_basic(password="wrong"))) == DENIED


@pytest.mark.parametrize(
    "header",
    [
        "Basic " + "\r\n ".join(base64.b64encode(f"agent.one:{PASSWORD}".encode()).decode()[n : n + 8] for n in range(0, 48, 8)),
        "basic " + base64.b64encode(f"agent.one:{PASSWORD}".encode()).decode(),
        "Basic  " + base64.b64encode(f"agent.one:{PASSWORD}".encode()).decode() + " ",
    ],
    ids=["broken into lines", "lower case", "spaces"],
)
async def test_forms_of_basic_that_clients_send(world: World, header: str) -> None:
    status: list[int] = []

    async def send(message: dict[str, int]) -> None:
        status.append(message.get("status", 0))

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b""}

    # Not by httpx, which refuses to send a line break.
    scope = {"type": "http", "method": "GET", "path": ME, "query_string": b"", "headers": [(b"authorization", header.encode())]}
    await world.app(scope, receive, send)  # type: ignore[arg-type]  # plain dictionaries are what a server sends
    assert status[0] == 200


async def test_the_cookie_signs_in_without_a_password(world: World) -> None:
    async with world.client() as http:
        first = await http.get(ME, headers=_basic())
        cookie = first.headers["Set-Cookie"]
        assert cookie.startswith("JSESSIONID=")
        assert {part.strip() for part in cookie.split(";")[1:]} == {"HttpOnly", "SameSite=Lax", "Path=/"}
        second = await http.get(ME)
        assert second.json()["user"]["userName"] == "agent.one"
        assert "Set-Cookie" not in second.headers


async def test_the_cookie_is_secure_under_https() -> None:
    settings = WebSettings("https://gws.example.com", cookie_same_site="None")
    async with contact_centre(settings=settings) as world, world.client("agent.one") as http:
        response = await http.get(ME)
        assert "; Secure" in response.headers["Set-Cookie"]
        assert "; SameSite=None" in response.headers["Set-Cookie"]
        assert response.headers["Strict-Transport-Security"].startswith("max-age=")
        ended = await http.post(ME, content=END)
        # A browser takes SameSite=None with Secure only: without it, it would keep the cookie.
        dropped = {"JSESSIONID=", "Path=/", "HttpOnly", "SameSite=None", "Secure", "Max-Age=0"}
        assert set(ended.headers["Set-Cookie"].split("; ")) == dropped


async def test_passwords_without_cookies_share_one_sign_in(world: World) -> None:
    cookies = set()
    for _ in range(5):
        async with world.client("agent.one") as http:
            response = await http.get(ME)
            assert response.status_code == 200
            cookies.add(response.headers["Set-Cookie"])
    assert len(cookies) == 1
    assert len(world.app.sign_ins) == 1


async def test_password_and_cookie_of_two_users_begin_a_new_sign_in(world: World) -> None:
    async with _signed_in(world) as http:
        before = http.cookies["JSESSIONID"]
        response = await http.get(ME, headers=_basic("agent.two"))
        assert response.json()["user"]["userName"] == "agent.two"
        assert http.cookies["JSESSIONID"] != before
        assert (await http.get(ME)).json()["user"]["userName"] == "agent.two"


async def test_an_unknown_cookie_beside_a_password_is_replaced(world: World) -> None:
    async with world.client("agent.one", cookies={"JSESSIONID": "planted"}) as http:
        assert (await http.get(ME)).headers["Set-Cookie"] != "JSESSIONID=planted"
        assert len(world.app.sign_ins) == 1


async def test_an_unused_sign_in_ends(world: World) -> None:
    async with _signed_in(world) as http:
        await world.clock.advance(SIGN_IN_IDLE_S - 1)
        assert (await http.get(ME)).status_code == 200
        await world.clock.advance(SIGN_IN_IDLE_S - 1)
        assert (await http.get(ME)).status_code == 200
        await world.clock.advance(SIGN_IN_IDLE_S)
        assert answer_of(await http.get(ME)) == DENIED


async def test_a_sign_in_does_not_last_for_ever(world: World) -> None:
    async with _signed_in(world) as http:
        for _ in range(int(SIGN_IN_LIFE_S // 1_000)):
            await world.clock.advance(1_000)
            assert (await http.get(ME)).status_code == 200
        await world.clock.advance(1_000)
        assert answer_of(await http.get(ME)) == DENIED


async def test_sign_ins_of_one_user_are_bounded(world: World) -> None:
    async with _signed_in(world) as oldest:
        for _ in range(SIGN_INS_PER_USER_MAX):
            assert (await oldest.get(ME)).status_code == 200
            await world.clock.advance(1)
            async with world.client(cookies={"JSESSIONID": "stale"}) as http:
                assert (await http.get(ME, headers=_basic())).status_code == 200
        assert len(world.app.sign_ins) == SIGN_INS_PER_USER_MAX
        assert (await oldest.get(ME)).status_code == 200, "the one in use stays"


async def test_ending_the_session_signs_out(world: World) -> None:
    async with _signed_in(world) as http:
        kept = http.cookies["JSESSIONID"]
        response = await http.post(ME, content=END, headers=JSON)
        assert answer_of(response) == (200, {"statusCode": 0})
        assert "Max-Age=0" in response.headers["Set-Cookie"]
        assert answer_of(await http.get(ME, headers={"Cookie": f"JSESSIONID={kept}"})) == DENIED
        assert len(world.app.sign_ins) == 0


async def test_guessing_is_slowed_down_but_locks_nobody_out(world: World) -> None:
    async with _signed_in(world) as known:
        for _ in range(40):
            async with world.client() as http:
                assert answer_of(await http.get(ME, headers=_basic("agent.two", "guess"))) == DENIED
        async with world.client() as http:
            assert answer_of(await http.get(ME, headers=_basic("agent.two"))) == DENIED, "the right word comes too late"
            assert (await http.get(ME, headers=_basic())).status_code == 200, "a password known to be right is not counted"
        assert (await known.get(ME)).status_code == 200
        await world.clock.advance(60)
        async with world.client() as http:
            assert (await http.get(ME, headers=_basic("agent.two"))).status_code == 200


# --- pages ---------------------------------------------------------------------------------------------------------


async def test_an_allowed_page_gets_what_browsers_want(world: World) -> None:
    async with world.client("agent.one") as http:
        response = await http.get(ME, headers={"Origin": URL})
        assert response.headers["Access-Control-Allow-Origin"] == URL
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert response.headers["Access-Control-Expose-Headers"] == "X-CSRF-HEADER, X-CSRF-TOKEN"
        assert "Origin" in response.headers["Vary"]


async def test_a_foreign_page_reads_and_changes_nothing(world: World) -> None:
    foreign = {"Origin": "https://evil.example.org"}
    async with world.client("agent.one") as http:
        read = await http.get(ME, headers=foreign)
        assert read.status_code == 200
        assert not [name for name in read.headers if name.startswith("access-control")]
        assert answer_of(await http.post(ME, content=END, headers=foreign | JSON)) == WRONG_ORIGIN
        assert answer_of(await http.post(ME, content=END, headers={"Origin": "null"} | JSON)) == WRONG_ORIGIN
        assert answer_of(await http.post("/api/v2/notifications", content=b"[]", headers=foreign)) == WRONG_ORIGIN


async def test_a_preflight_needs_no_sign_in(world: World) -> None:
    asked = {"Origin": URL, "Access-Control-Request-Method": "POST"}
    async with world.client() as http:
        for path in (ME, "/api/v2/me/calls/x", "/api/v2/notifications", "/genesys/cometd/handshake"):
            response = await http.options(path, headers=asked)
            assert response.status_code == 200
            assert response.headers["Access-Control-Allow-Methods"] == "GET,POST,PUT,DELETE,OPTIONS"
            assert "X-CSRF-TOKEN" in response.headers["Access-Control-Allow-Headers"]
        foreign = await http.options(ME, headers=asked | {"Origin": "https://evil.example.org"})
        assert not [name for name in foreign.headers if name.startswith("access-control")]
        assert (await http.options("/api/v2/none", headers=asked)).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (JSON, NOT_REGISTERED),
        (JSON | {"Origin": URL}, NOT_REGISTERED),
        (JSON | {"Sec-Fetch-Site": "same-origin"}, NOT_REGISTERED),
        (JSON | {"Sec-Fetch-Site": "cross-site"}, 403),
        (JSON | {"Sec-Fetch-Site": "same-site"}, 403),
        (JSON | {"Origin": "https://evil.example.org", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Content-Type": "text/plain"}, 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 400),
        ({}, 400),
        ({"Content-Type": "Application/JSON; charset=UTF-8"}, NOT_REGISTERED),
    ],
)
async def test_a_cookie_alone_must_come_from_our_page_as_json(world: World, headers: dict[str, str], status: int) -> None:
    async with _signed_in(world) as http:
        response = await http.post(ME, content=SOME_STATE, headers=headers)
        assert response.status_code == status
        if status == 400:
            assert response.json() == {"statusCode": 2, "statusMessage": "Content-Type must be application/json."}
        if status == 403:
            assert answer_of(response) == WRONG_ORIGIN


async def test_the_token_is_wanted_only_where_it_is_configured(world: World) -> None:
    refused = (403, {"statusCode": 3, "statusMessage": "Missing or invalid Csrf token"})
    async with contact_centre(settings=WebSettings(URL, csrf_protection="token")) as strict, _signed_in(strict) as http:
        pair = (await http.get(ME)).headers
        name, value = pair["X-CSRF-HEADER"], pair["X-CSRF-TOKEN"]
        assert name == "X-CSRF-TOKEN"
        assert answer_of(await http.post(ME, content=SOME_STATE, headers=JSON)) == refused
        assert answer_of(await http.post(ME, content=SOME_STATE, headers=JSON | {name: "other"})) == refused
        assert (await http.post(ME, content=SOME_STATE, headers=JSON | {name: value})).status_code == NOT_REGISTERED
        assert (await http.post(ME, content=SOME_STATE, headers=JSON | _basic())).status_code == NOT_REGISTERED
        assert (await http.get(ME)).headers["X-CSRF-TOKEN"] == value, "it lives as long as the sign-in"
        assert answer_of(await http.post("/api/v2/notifications", content=b"[]", headers=JSON)) == refused
    async with world.client("agent.one") as http:
        assert "X-CSRF-TOKEN" in (await http.get(ME)).headers, "it is always sent, for clients that look for it"


async def test_every_answer_tells_browsers_to_be_careful(world: World) -> None:
    async with world.client("agent.one") as http:
        for path in (ME, "/api/v2/none", "/none", "/health", "/api/v2/notifications"):
            response = await http.get(path)
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Referrer-Policy"] == "no-referrer"
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


# --- URLs and methods ----------------------------------------------------------------------------------------------


async def test_unknown_urls_and_methods(world: World) -> None:
    async with world.client("agent.one") as http:
        for path in ("/api/v2/none", "/api/v1/me", "/", "/api/v2", "/api/v2/me/calls/x/y", "/internal-api/none", "/api/v2//me"):
            response = await http.get(path)
            assert (response.status_code, response.json()["statusCode"]) == (404, 6), path
        response = await http.put(ME, json={})
        assert (response.status_code, response.json()["statusCode"]) == (405, 2)
        assert response.headers["Allow"] == "GET, POST, OPTIONS"
        assert (await http.request("BREW", ME)).status_code == 405


async def test_trailing_slashes_and_unknown_parameters_are_tolerated(world: World) -> None:
    async with world.client("agent.one") as http:
        for path in (ME + "/?subresources=*", "/api/v2/me/calls/?fields=*&_=1376082682000"):
            assert (await http.get(path)).json()["statusCode"] == 0


async def test_answers_are_json_that_nobody_keeps(world: World) -> None:
    async with world.client("agent.one") as http:
        for path in (ME, "/api/v2/none"):
            headers = (await http.get(path)).headers
            assert headers["Content-Type"] == "application/json; charset=UTF-8"
            assert headers["Cache-Control"] == "no-store"


async def test_health_is_for_everybody(world: World) -> None:
    async with world.client() as http:
        response = await http.get("/health")
        assert (response.status_code, response.json()["status"]) == (200, "ok")


# --- sockets -------------------------------------------------------------------------------------------------------


class _Socket:
    """One WebSocket as a web server would carry it."""

    def __init__(self, world: World, path: str, headers: dict[str, str]) -> None:
        self._heard: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        self.said: list[dict[str, object]] = []
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        scope: dict[str, object] = {"type": "websocket", "path": path, "query_string": b"", "headers": raw}
        scope |= {"subprotocols": [], "extensions": {"websocket.http.response": {}}}
        self.life = asyncio.ensure_future(world.app(scope, self._heard.get, self._say))  # type: ignore[arg-type]  # as above
        self._heard.put_nowait({"type": "websocket.connect"})

    async def _say(self, message: dict[str, object]) -> None:
        self.said.append(message)

    async def hear(self, text: str) -> None:
        self._heard.put_nowait({"type": "websocket.receive", "text": text})
        await settle()

    async def close(self) -> None:
        self._heard.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self.life


async def test_what_a_socket_says_keeps_its_sign_in_alive(world: World) -> None:
    async with _signed_in(world) as http:
        cookie = {"Cookie": f"JSESSIONID={http.cookies['JSESSIONID']}"}
        socket = _Socket(world, "/api/v2/notifications", cookie | {"Origin": URL})
        await settle()
        assert socket.said[0]["type"] == "websocket.accept"
        for _ in range(3):
            await world.clock.advance(SIGN_IN_IDLE_S - 1)
            await socket.hear('[{"channel":"/meta/connect","clientId":"unknown","connectionType":"websocket"}]')
        assert (await http.get(ME)).status_code == 200
        await socket.close()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v2/notifications", {}, 403),
        ("/api/v2/notifications", _basic() | {"Origin": "https://evil.example.org"}, 403),
        ("/api/v2/me", _basic(), None),
    ],
)
async def test_sockets_that_are_refused(world: World, path: str, headers: dict[str, str], status: int | None) -> None:
    socket = _Socket(world, path, headers)
    await socket.life
    first = socket.said[0]
    assert (first["type"], first.get("status")) == (
        ("websocket.close", None) if status is None else ("websocket.http.response.start", status)
    )
