"""Signing in by an identity provider, for people with a browser: there, back, and a cookie (OpenID Connect Core 1.0, 3.1).

A try belongs to the browser that began it, by a cookie of its own, so that nobody is signed in as somebody else by a link
that was sent to them; it is used once, and only for a while.
"""

import base64
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import Response

from telegraphone.domain.agent import Agent
from telegraphone.limits import LOGIN_TRIES_MAX, LOGIN_TRY_S
from telegraphone.services.federation import Federation, Journey, NotVouched, Provider
from telegraphone.services.ports import Clock, Unavailable
from telegraphone.web.gws.answers import answer, refuse
from telegraphone.web.gws.errors import UNKNOWN_URL, method_not_allowed
from telegraphone.web.settings import WebSettings

log = structlog.get_logger()

LOGIN = "/login/"
_COOKIE = "TELEGRAPHONE-LOGIN"
_COOKIE_BYTES = 24
_PAGES = frozenset({"/", "/recordings", "/api/v2/docs"})

Admit = Callable[[Provider, dict[str, object], str], Awaitable[tuple[Agent, dict[str, str]] | None]]
"""Lets in whom a provider vouches for; answers the user and the header fields of the new sign-in."""


@dataclass(frozen=True, slots=True)
class _Try:
    """A browser that is at a provider: which, for which page, and until when we wait for it."""

    provider: Provider
    journey: Journey
    browser: bytes
    page: str
    until: float


class LoginPages:
    """What is below `/login/`."""

    def __init__(self, settings: WebSettings, federation: Federation, clock: Clock, admit: Admit) -> None:
        self._settings = settings
        self._federation = federation
        self._clock = clock
        self._admit = admit
        self._tries: OrderedDict[str, _Try] = OrderedDict()

    async def respond(self, request: Request) -> Response:
        """GET /login/providers, /login/{name} and /login/{name}/callback."""
        if request.method != "GET":
            return refuse(method_not_allowed(["GET"]))
        match request.scope["path"].removeprefix(LOGIN).split("/"):
            case ["providers"]:
                names = [{"name": each.name, "displayName": each.display_name} for each in self._federation.providers.values()]
                return answer(providers=names)
            case [name] if name in self._federation.providers:
                return await self._there(request, self._federation.providers[name])
            case [name, "callback"] if name in self._federation.providers:
                return await self._back(request, self._federation.providers[name])
        return refuse(UNKNOWN_URL)

    async def _there(self, request: Request, provider: Provider) -> Response:
        page = request.query_params.get("page", "/")
        page = page if page in _PAGES else "/"
        try:
            journey = await provider.identity.begin(self._url(provider))
        except Unavailable as error:
            log.error("sign_in_unavailable", provider=provider.name, error=str(error))
            return _to(f"{page}#sign-in-unavailable")
        browser = base64.urlsafe_b64encode(self._clock.entropy(_COOKIE_BYTES)).decode()
        self._tries[journey.state] = _Try(provider, journey, _digest(browser), page, self._clock.now() + LOGIN_TRY_S)
        if len(self._tries) > LOGIN_TRIES_MAX:
            self._tries.popitem(last=False)
        return _to(journey.url, self._cookie(browser, int(LOGIN_TRY_S)))

    async def _back(self, request: Request, provider: Provider) -> Response:
        said = dict(request.query_params.items())
        begun = self._tries.pop(said.get("state", ""), None)
        browser = _digest(request.cookies.get(_COOKIE, ""))
        origin = request.client.host if request.client is not None else ""
        if begun is None or begun.provider is not provider or begun.until <= self._clock.now():
            return _to("/#sign-in-refused")
        if not hmac.compare_digest(begun.browser, browser):
            log.warning("sign_in_of_another_browser", provider=provider.name, address=origin)
            return _to("/#sign-in-refused")
        try:
            claims = await provider.identity.finish(begun.journey, self._url(provider), said)
            admitted = await self._admit(provider, dict(claims), origin)
        except NotVouched as error:
            log.warning("sign_in_refused", provider=provider.name, reason=str(error), address=origin)
            admitted = None
        except Unavailable as error:
            log.error("sign_in_unavailable", provider=provider.name, error=str(error))
            return _to(f"{begun.page}#sign-in-unavailable", self._cookie("", 0))
        if admitted is None:
            return _to(f"{begun.page}#sign-in-refused", self._cookie("", 0))
        response = _to(begun.page, self._cookie("", 0))
        for name, value in admitted[1].items():
            response.headers.append(name, value)
        return response

    def _url(self, provider: Provider) -> str:
        return f"{self._settings.external_url}{LOGIN}{quote(provider.name)}/callback"

    def _cookie(self, value: str, seconds: int) -> str:
        secure = "; Secure" if self._settings.secure else ""
        # Lax: the browser comes back from another site.
        return f"{_COOKIE}={value}; Path={LOGIN}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _to(place: str, cookie: str = "") -> Response:
    fields = {"Location": place, "Cache-Control": "no-store", **({"Set-Cookie": cookie} if cookie else {})}
    return Response(None, 302, fields)
