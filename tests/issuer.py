"""A strict provider of OpenID Connect in one process, whose every answer a test may bend.

It takes a code once, from the client it gave it to, with the secret, the redirect and the PKCE verifier that belong to it.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

ISSUER = "https://id.example.com"
CLIENT, SECRET = "telegraphone", "the client's secret"

Json = dict[str, Any]


class Issuer:
    """`person` are the claims of who signs in; `claims` are put over those of the next tokens, None takes one away."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._codes: dict[str, Json] = {}
        self.key = ECKey.generate_key("P-256", {"kid": "1", "use": "sig"})
        self.person: Json = {"sub": "s-1", "preferred_username": "supervisor.one"}
        self.claims: Json = {}
        self.metadata: Json = {}
        self.sign: Callable[[Json], str] = self._signed
        self.away = False
        self.asked: list[str] = []
        routes = [
            Route("/.well-known/openid-configuration", self._metadata),
            Route("/keys", self._keys),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
        ]
        self._app = Starlette(routes=routes)

    @property
    def transport(self) -> httpx.AsyncBaseTransport:
        return _Way(self)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.away:
            raise httpx.ConnectError("away")
        return await httpx.ASGITransport(self._app).handle_async_request(request)

    def new_key(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "2", "use": "sig"})

    def _signed(self, claims: Json) -> str:
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)

    async def _metadata(self, _: Request) -> Response:
        facts = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/authorize", "token_endpoint": f"{ISSUER}/token"}
        return JSONResponse({**facts, "jwks_uri": f"{ISSUER}/keys", **self.metadata})

    async def _keys(self, _: Request) -> Response:
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302)

    async def _token(self, request: Request) -> Response:
        said = dict(parse_qsl((await request.body()).decode()))
        asked = self._codes.pop(str(said.get("code")), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked is None or request.headers.get("authorization") != f"Basic {basic}" or not _belongs(asked, said):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(self._now())
        usual = {"iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims = {**usual, **self.person, **self.claims}
        given = {name: value for name, value in claims.items() if value is not None}
        return JSONResponse({"access_token": "opaque", "token_type": "Bearer", "id_token": self.sign(given)})


def _belongs(asked: Json, said: Mapping[str, object]) -> bool:
    digest = hashlib.sha256(str(said.get("code_verifier")).encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return said.get("redirect_uri") == asked["redirect_uri"] and challenge == asked["code_challenge"]


class _Way(httpx.AsyncBaseTransport):
    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._issuer.answer(request)
