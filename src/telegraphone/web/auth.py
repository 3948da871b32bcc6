"""Tells who asks: by Basic credentials, an API token, the cookie of a sign-in, or not at all; one gate for the API and CometD.

Clients send the cookie alone, Basic alone on every request, or both; all must work (gws-api 4). Where both are there
they must name the same user, otherwise Basic wins and a new sign-in begins. A token comes with every request and gets no cookie.

A password is one factor. Where a contact centre wants a second one of whoever hears recordings, a password alone opens none: an
identity provider, which asks for it, must have vouched for the sign-in, or a token be shown (ASVS 6.3.3).
"""

import base64
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

from starlette.requests import HTTPConnection
from starlette.responses import Response

from telegraphone.domain.agent import Agent, Directory, Feature
from telegraphone.domain.permissions import HEARD, Action
from telegraphone.domain.tokens import ApiToken
from telegraphone.limits import CREDENTIALS_CHARS_MAX, SIGN_IN_ADDRESSES_MAX
from telegraphone.services.sign_in_book import SignInBook
from telegraphone.services.tokens import Tokens
from telegraphone.web.cometd.gatekeeper import SignedIn
from telegraphone.web.gws.answers import refuse
from telegraphone.web.gws.errors import ACCESS_DENIED, Refused
from telegraphone.web.origins import CSRF_HEADER, Origins, content_type_refusal
from telegraphone.web.passwords import Passwords
from telegraphone.web.settings import WebSettings
from telegraphone.web.sign_ins import SignIn, SignIns

COOKIE = "JSESSIONID"
SIGN_IN_IN_SCOPE = "telegraphone.sign_in"
"""Where an ASGI scope remembers the id of the sign-in it was admitted under."""

_UNHEARD: Final = frozenset(action.value for action in Action if action not in HEARD)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, under which sign-in, and by what. `new_cookie`: the client does not hold the sign-in's cookie yet."""

    agent: Agent
    sign_in: SignIn
    by_cookie: bool
    new_cookie: bool


class Auth:
    """The gate of one installation."""

    def __init__(
        self,
        settings: WebSettings,
        directory: Directory,
        proofs: tuple[Passwords, Tokens],
        sign_ins: SignIns,
        origins: Origins,
        *,
        book: SignInBook,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._passwords, self._tokens = proofs
        self._sign_ins = sign_ins
        self._book = book
        self.origins = origins

    async def principal(self, connection: HTTPConnection) -> Principal:
        """Who this is; raises `Refused` with 403/20, the same for no, unknown and wrong credentials."""
        header = connection.headers.get("authorization")
        if header is not None and header.lower().startswith("bearer "):
            return await self._by_token(header.partition(" ")[2].strip(), _address(connection))
        held = self._sign_ins.find(connection.cookies.get(COOKIE, ""))
        if header is not None:
            return self._as_far_as_proved(await self._by_password(connection, header, held))
        agent = self._directory.by_user(held.user_name) if held is not None else None
        if held is None or agent is None:
            raise Refused(ACCESS_DENIED)
        return self._as_far_as_proved(Principal(agent, held, by_cookie=True, new_cookie=False))

    def _as_far_as_proved(self, principal: Principal) -> Principal:
        if principal.sign_in.vouched_for or principal.agent.tenant not in self._settings.heard_when_vouched_for:
            return principal
        return replace(principal, agent=replace(principal.agent, actions=_UNHEARD))

    async def _by_password(self, connection: HTTPConnection, header: str, held: SignIn | None) -> Principal:
        said, address = credentials(header), _address(connection)
        if said is None or not await self._passwords.right(*said, address):
            raise Refused(ACCESS_DENIED)
        agent = self._directory.by_user(said[0])
        if agent is None:
            raise Refused(ACCESS_DENIED)
        if held is not None and held.user_name == agent.user_name:
            self._came(agent, held, "password", address)
            return Principal(agent, held, by_cookie=False, new_cookie=False)
        has_cookie = COOKIE in connection.cookies
        sign_in = self._sign_ins.begin(agent.user_name) if has_cookie else self._sign_ins.shared(agent.user_name)
        self._came(agent, sign_in, "password", address)
        return Principal(agent, sign_in, by_cookie=False, new_cookie=True)

    async def _by_token(self, text: str, address: str) -> Principal:
        found = await self._tokens.holder(text, address, partial(self._book.wrong_token, origin=address))
        if found is None:
            raise Refused(ACCESS_DENIED)
        agent, token, left_s = found
        sign_in = self._sign_ins.shared(agent.user_name, token.id, left_s)
        self._came(agent, sign_in, "token", address)
        return Principal(agent, sign_in, by_cookie=False, new_cookie=False)

    def _came(self, agent: Agent, sign_in: SignIn, by: Literal["password", "token"], address: str) -> None:
        """Has it written down once for each sign-in and address, however many requests there are."""
        if address not in sign_in.addresses:
            if len(sign_in.addresses) >= SIGN_IN_ADDRESSES_MAX:
                sign_in.addresses.clear()
            sign_in.addresses.add(address)
            self._book.came(agent, by, address)

    def check(self, principal: Principal, method: str, connection: HTTPConnection) -> None:
        """Raises `Refused` when the page this comes from may not ask this (gws-api 3.4, second check)."""
        token = principal.sign_in.csrf_token
        refusal = self.origins.refusal(method, connection.headers, token, by_cookie=principal.by_cookie)
        if refusal is not None:
            raise Refused(refusal)

    def headers(self, principal: Principal, method: str) -> dict[str, str]:
        """What the answer tells of the sign-in: its cookie when it is new to the client, and the CSRF pair on GET."""
        fields = {}
        if principal.new_cookie:
            fields["Set-Cookie"] = self._cookie(principal.sign_in.id)
        if method == "GET":
            fields |= {"X-CSRF-HEADER": CSRF_HEADER, "X-CSRF-TOKEN": principal.sign_in.csrf_token}
        return fields

    def begin(self, agent: Agent) -> dict[str, str]:
        """Begins a sign-in of somebody who was proved elsewhere; the header fields give the client its cookie."""
        return {"Set-Cookie": self._cookie(self._sign_ins.begin(agent.user_name, vouched_for=True).id)}

    def end(self, principal: Principal, address: str) -> dict[str, str]:
        """Ends a sign-in; the header fields make the client drop its cookie."""
        self._sign_ins.end(principal.sign_in)
        self._book.went(principal.agent, address)
        return {"Set-Cookie": self._cookie("", "; Max-Age=0")}

    def end_token(self, token: ApiToken) -> None:
        """Ends what goes on under a token: connections, and audio that is being sent."""
        self._sign_ins.end_shared(token.user_name, token.id)

    def keep_alive(self, sign_in_id: str) -> bool:
        """Something was heard under this sign-in on a connection that was admitted before; False when it is over."""
        return self._sign_ins.find(sign_in_id) is not None

    def _cookie(self, value: str, more: str = "") -> str:
        secure = "; Secure" if self._settings.secure else ""
        return f"{COOKIE}={value}; Path=/; HttpOnly; SameSite={self._settings.cookie_same_site}{secure}{more}"


class CometdGatekeeper:
    """The same gate in front of CometD, where every message may change state: each is checked like a POST, and a
    WebSocket's upgrade too (gws-api 3.3, 10)."""

    def __init__(self, auth: Auth) -> None:
        self._auth = auth

    async def __call__(self, connection: HTTPConnection) -> SignedIn | Response:
        """See `web.cometd.Gatekeeper`."""
        try:
            principal = await self._auth.principal(connection)
            self._auth.check(principal, "POST", connection)
            if principal.agent.token and not principal.agent.has(Feature.VOICE):
                # What is told there is calls, which this token is not for.
                raise Refused(ACCESS_DENIED)
            if principal.by_cookie and connection.scope["type"] == "http":
                _must_be_json(connection)
        except Refused as refused:
            return refuse(refused.failure)
        connection.scope[SIGN_IN_IN_SCOPE] = principal.sign_in.id
        fields = self._auth.headers(principal, "POST")
        cookies = tuple((name.lower(), value) for name, value in fields.items())
        return SignedIn(principal.agent.user_name, principal.sign_in.id, cookies)

    def again(self, who: SignedIn) -> bool:
        """See `web.cometd.Gatekeeper`: all the rest of the gate looks at nothing but header fields."""
        return self._auth.keep_alive(who.sign_in_id)


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client is not None else ""


def _must_be_json(connection: HTTPConnection) -> None:
    refusal = content_type_refusal(connection.headers)
    if refusal is not None:
        raise Refused(refusal)


def credentials(header: str) -> tuple[str, str] | None:
    """User name and password of an Authorization header; None when it is no Basic one. Clients encode as ASCII or
    ISO-8859-1, and some break the base64 text into lines (gws-api 4)."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic" or len(text) > CREDENTIALS_CHARS_MAX:
        return None
    try:
        said = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return None
    try:
        user_name, colon, password = said.decode("utf-8").partition(":")
    except UnicodeDecodeError:
        user_name, colon, password = said.decode("iso-8859-1").partition(":")
    return (user_name, password) if colon else None
