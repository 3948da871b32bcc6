"""Signing in by an identity provider: who comes in, as whom, and every way in that must stay shut (ASVS 9, 10, F36)."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import structlog.testing
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from oidc_provider_mock import User, run_server_in_thread

from telegraphone.domain.agent import Role
from telegraphone.domain.federation import ClaimRules
from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.endpoints.clock import SystemClock
from telegraphone.oidc.provider import OidcProvider, Registration
from telegraphone.services.federation import Provider
from telegraphone.web.settings import WebSettings
from tests.issuer import CLIENT, ISSUER, SECRET, Issuer
from tests.scenario.clock import VirtualClock
from tests.scenario.recorded import NO_PERMISSION, play_path, recorded_call
from tests.scenario.world import AGENTS, DEFAULTS, HASH, MORNING, PASSWORD, URL, World, answer_of, contact_centre

ME = "/api/v2/me"
ROLES = {"tg-sup": frozenset({Role.SUPERVISOR}), "tg-adm": frozenset({Role.ADMIN})}
RULES = ClaimRules(roles_claim="realm.roles", roles=ROLES, new_users=True)
REFUSED = "/#sign-in-refused"


@dataclass(slots=True)
class Stage:
    world: World
    issuer: Issuer
    clock: VirtualClock

    def browser(self) -> httpx.AsyncClient:
        return self.world.client(follow_redirects=False)

    async def sent(self, browser: httpx.AsyncClient, name: str = "staff", page: str = "/") -> str:
        """Where the browser is sent to."""
        response = await browser.get(f"/login/{name}", params={"page": page})
        assert response.status_code == 302
        return response.headers["location"]

    async def back(self, url: str) -> str:
        """Where the provider sends it back to."""
        async with httpx.AsyncClient(transport=self.issuer.transport) as there:
            return (await there.get(url)).headers["location"]

    async def whole(self, browser: httpx.AsyncClient, name: str = "staff", page: str = "/") -> str:
        """There and back; the page where that ends."""
        response = await browser.get(await self.back(await self.sent(browser, name, page)))
        assert response.status_code == 302
        return response.headers["location"]


async def _stage(rules: ClaimRules, *, settings: WebSettings = DEFAULTS) -> AsyncIterator[Stage]:
    clock = VirtualClock(MORNING)
    issuer = Issuer(lambda: clock.utc().timestamp())
    registration = Registration(ISSUER, CLIENT, SECRET)
    providers = tuple(
        Provider(name, "Work", rules, OidcProvider(registration, clock, transport=issuer.transport))
        for name in ("staff", "other")
    )
    theirs = replace(AGENTS[4], user_name="supervisor.elsewhere", id="e" * 32, tenant="elsewhere")
    async with contact_centre(settings=settings, providers=providers, agents=(*AGENTS, theirs)) as world:
        yield Stage(world, issuer, clock)


@pytest.fixture
async def plain() -> AsyncIterator[Stage]:
    async for each in _stage(ClaimRules()):
        yield each


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async for each in _stage(RULES):
        yield each


async def test_there_and_back_a_known_user_is_in(plain: Stage) -> None:
    async with plain.browser() as browser:
        assert (await browser.get("/login/providers")).json()["providers"][0] == {"name": "staff", "displayName": "Work"}
        assert await plain.whole(browser, page="/recordings") == "/recordings"
        user = (await browser.get(ME)).json()["user"]
        assert (user["userName"], user["roles"]) == ("supervisor.one", ["ROLE_SUPERVISOR"])
    deed = plain.world.audit.lines[-1].deed
    assert (deed.actor, deed.action, deed.result) == ("supervisor.one", "sign in", "done")


async def test_roles_are_the_providers_at_each_sign_in(stage: Stage) -> None:
    stage.issuer.person["realm"] = {"roles": ["tg-adm", "something"]}
    async with stage.browser() as browser, stage.browser() as later:
        assert await stage.whole(browser) == "/"
        assert (await browser.get(ME)).json()["user"]["roles"] == ["ROLE_ADMIN"]
        await stage.world.app.become(stage.world.directory.agents()[: len(AGENTS)], {})
        assert stage.world.agent("supervisor.one").roles == {Role.ADMIN}, "what the provider said outlives SIGHUP"
        stage.issuer.person["realm"] = {"roles": "tg-sup"}
        assert await stage.whole(later) == "/"
        assert (await browser.get(ME)).status_code == 403, "the right that was taken is gone everywhere"
        stage.issuer.person["realm"] = {"roles": ["nothing of ours"]}
        assert await stage.whole(later) == REFUSED


async def test_somebody_new_comes_in_by_roles_alone_and_goes_with_them(stage: Stage) -> None:
    stage.issuer.person = {"sub": "s-9", "preferred_username": "new.one", "given_name": "New", "realm": {"roles": ["tg-sup"]}}
    async with stage.browser() as browser, stage.browser() as again:
        assert await stage.whole(browser) == "/"
        user = (await browser.get(f"{ME}?subresources=*")).json()["user"]
        assert (user["userName"], user["firstName"], user["devices"]) == ("new.one", "New", [])
        assert (await browser.get("/api/v2/recordings", params={"userName": "*"})).status_code == 200
        stage.issuer.person["realm"] = {"roles": []}
        assert await stage.whole(again) == REFUSED
        assert (await browser.get(ME)).status_code == 403
    assert [line.deed.result for line in stage.world.audit.lines if line.deed.action == "sign in"] == ["done", "refused"]


@pytest.mark.parametrize("name", ["supervisor.elsewhere", "nobody.here", "a:b", "", None, ["supervisor.one"]])
async def test_who_is_nobody_here_stays_out(plain: Stage, name: object) -> None:
    plain.issuer.person["preferred_username"] = name
    async with plain.browser() as browser:
        assert await plain.whole(browser) == REFUSED
        assert (await browser.get(ME)).status_code == 403


def _forged(stage: Stage, header: dict[str, Any], key: Any) -> None:
    stage.issuer.sign = lambda claims: jwt.encode(header, claims, key, algorithms=[header["alg"]])


async def _bad_signature(stage: Stage) -> None:
    _forged(stage, {"alg": "ES256", "kid": "1"}, ECKey.generate_key("P-256"))


async def _own_key(stage: Stage) -> None:
    key = ECKey.generate_key("P-256")
    _forged(stage, {"alg": "ES256", "jwk": key.as_dict(private=False), "jku": "https://evil.example.com/keys", "kid": "9"}, key)


async def _shared_secret(stage: Stage) -> None:
    _forged(stage, {"alg": "HS256"}, OctKey.import_key(SECRET.encode() * 4))


async def _no_signature(stage: Stage) -> None:
    _forged(stage, {"alg": "none"}, None)


async def _no_token(stage: Stage) -> None:
    stage.issuer.sign = lambda _: "not.a.token"


@pytest.mark.parametrize("bend", [_bad_signature, _own_key, _shared_secret, _no_signature, _no_token])
async def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(plain: Stage, bend: Any) -> None:
    await bend(plain)
    async with plain.browser() as browser:
        assert await plain.whole(browser) == REFUSED
        assert (await browser.get(ME)).status_code == 403


NOW = int(MORNING.timestamp())


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example.com"},
        {"iss": ISSUER + "/"},
        {"aud": "another client"},
        {"aud": [CLIENT, "another client"]},
        {"aud": [CLIENT, "another client"], "azp": "another client"},
        {"aud": None},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": NOW - 61},
        {"exp": None},
        {"exp": "soon"},
        {"iat": NOW + 300},
        {"nbf": NOW + 300},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_token_about_somebody_else_or_another_time_lets_nobody_in(plain: Stage, claims: dict[str, object]) -> None:
    plain.issuer.claims = claims
    async with plain.browser() as browser:
        assert await plain.whole(browser) == REFUSED
        assert (await browser.get(ME)).status_code == 403


async def test_a_try_belongs_to_its_browser_is_used_once_and_not_for_long(plain: Stage) -> None:
    async with plain.browser() as browser, plain.browser() as victim:
        back = await plain.back(await plain.sent(browser))
        await plain.sent(victim)
        assert (await victim.get(back)).headers["location"] == REFUSED, "a link from somebody else"
        back = await plain.back(await plain.sent(browser))
        assert (await browser.get(back)).headers["location"] == "/"
        browser.cookies.delete("JSESSIONID")
        assert (await browser.get(back)).headers["location"] == REFUSED, "twice"
        for bend in (
            lambda url: url.replace("state=", "state=x"),
            lambda url: url.replace("code=", "code=x"),
            lambda url: url.replace("code=", "error=access_denied&was="),
            lambda url: url.replace("/staff/", "/other/"),
            lambda url: url + "&iss=https%3A%2F%2Fevil.example.com",
        ):
            back = bend(await plain.back(await plain.sent(browser)))
            assert (await browser.get(back)).headers["location"] == REFUSED
            assert (await browser.get(ME)).status_code == 403
        back = await plain.back(await plain.sent(browser))
        await plain.world.clock.advance(601)
        assert (await browser.get(back)).headers["location"] == REFUSED, "late"


async def test_where_the_provider_says_who_it_is_it_has_to(plain: Stage) -> None:
    plain.issuer.metadata = {"authorization_response_iss_parameter_supported": True}
    async with plain.browser() as browser:
        assert await plain.whole(browser) == REFUSED
        back = await plain.back(await plain.sent(browser))
        assert (await browser.get(f"{back}&iss=https%3A%2F%2Fid.example.com")).headers["location"] == "/"


async def test_keys_that_changed_are_read_again_but_not_without_end(plain: Stage) -> None:
    async with plain.browser() as browser:
        assert await plain.whole(browser) == "/"
        plain.issuer.new_key()
        assert await plain.whole(browser) == REFUSED, "read a moment ago"
        asked = plain.issuer.asked.count("/keys")
        await plain.clock.advance(61)
        assert await plain.whole(browser) == "/"
        assert plain.issuer.asked.count("/keys") == asked + 1


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://evil.example.com"}, {"token_endpoint": "http://id.example.com/token"}, {"jwks_uri": None}],
)
async def test_a_provider_that_is_away_or_odd_is_told_of(plain: Stage, metadata: dict[str, object]) -> None:
    unavailable = "/recordings#sign-in-unavailable"
    async with plain.browser() as browser:
        plain.issuer.away = True
        assert await plain.sent(browser, page="/recordings") == unavailable
        plain.issuer.away, plain.issuer.metadata = False, metadata
        assert await plain.sent(browser, page="/recordings") == unavailable
        plain.issuer.metadata = {}
        back = await plain.back(await plain.sent(browser, page="/recordings"))
        plain.issuer.away = True
        assert (await browser.get(back)).headers["location"] == unavailable


async def test_the_browser_goes_nowhere_else_and_no_secret_is_in_a_log(plain: Stage) -> None:
    with structlog.testing.capture_logs() as logs:
        async with plain.browser() as browser:
            url = await plain.sent(browser, page="https://evil.example.com/")
            back = await plain.back(url)
            response = await browser.get(back)
            assert response.headers["location"] == "/"
            plain.issuer.claims = {"nonce": "another"}
            assert await plain.whole(browser) == REFUSED
            for path in ("/login/", "/login/nobody", "/login/nobody/callback", "/login/staff/callback/x"):
                assert (await browser.get(path)).status_code == 404
            assert (await browser.post("/login/staff")).status_code == 405
    asked, said = parse_qs(urlsplit(url).query), parse_qs(urlsplit(back).query)
    secrets = [asked["state"][0], asked["nonce"][0], said["code"][0], SECRET]
    cookies = [cookie.partition("=")[2].partition(";")[0] for cookie in response.headers.get_list("set-cookie")]
    kept = repr(logs) + repr([line.deed for line in plain.world.audit.lines])
    assert not [secret for secret in [*secrets, *filter(None, cookies)] if secret in kept]
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in response.headers.get_list("set-cookie"))


async def test_without_a_password_nobody_comes_in_by_one(plain: Stage) -> None:
    world = plain.world
    await world.app.become(world.directory.agents(), {"agent.one": HASH})
    async with world.client("supervisor.one") as http:
        assert (await http.get(ME)).status_code == 403
    async with plain.browser() as browser:
        assert await plain.whole(browser) == "/"
        assert (await browser.get(ME)).status_code == 200


async def test_where_a_second_factor_is_wanted_a_password_alone_hears_nothing() -> None:
    """ASVS 6.3.3."""
    settings = replace(DEFAULTS, heard_when_vouched_for=frozenset({DEFAULT_TENANT}))
    async for stage in _stage(ClaimRules(), settings=settings):
        uuid = await recorded_call(stage.world)
        path = await play_path(stage.world, uuid)
        async with stage.world.client("supervisor.one") as by_password, stage.browser() as browser:
            assert answer_of(await by_password.get(path)) == NO_PERMISSION
            assert "listen" not in (await by_password.get(f"{ME}/permissions")).json()["permissions"]
            assert (await by_password.get(f"/api/v2/recordings/{uuid}")).status_code == 200, "it is found all the same"
            order = {"name": "script", "scopes": ["listen"]}
            assert (await by_password.post("/api/v2/tokens", json=order)).status_code != 201
            assert await stage.whole(browser) == "/"
            assert (await browser.get(path)).status_code == 200
            made = await browser.post("/api/v2/tokens", json=order, headers={"Origin": URL})
            token = made.json()["token"]["token"]
            async with stage.world.client() as script:
                assert (await script.get(path, headers={"Authorization": f"Bearer {token}"})).status_code == 200
            cookie = {"Authorization": "Basic " + base64.b64encode(f"supervisor.one:{PASSWORD}".encode()).decode()}
            assert (await browser.get(path, headers=cookie)).status_code == 200, "the cookie was vouched for"


async def test_an_independent_provider_over_real_http_signs_somebody_in() -> None:
    person = User(sub="s-7", claims={"preferred_username": "supervisor.one", "groups": ["tg-adm"]})
    with run_server_in_thread(require_client_registration=True, require_nonce=True, user_claims=[person]) as server:
        issuer = f"http://localhost:{server.server_port}"
        body = {"redirect_uris": ["http://127.0.0.1:8080/login/staff/callback"]}
        async with httpx.AsyncClient() as there:
            client = (await there.post(f"{issuer}/oauth2/clients", json=body)).json()
            registration = Registration(issuer, client["client_id"], client["client_secret"])
            rules = ClaimRules(roles_claim="groups", roles=ROLES)
            provider = Provider("staff", "Work", rules, OidcProvider(registration, SystemClock()))
            async with contact_centre(providers=(provider,)) as world, world.client(follow_redirects=False) as browser:
                url = (await browser.get("/login/staff")).headers["location"]
                back = (await there.post(url, data={"sub": "s-7"})).headers["location"]
                assert (await browser.get(back)).headers["location"] == "/"
                assert (await browser.get(ME)).json()["user"]["roles"] == ["ROLE_ADMIN"]
