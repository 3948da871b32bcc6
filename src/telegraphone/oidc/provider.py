"""One provider of OpenID Connect: authorization code with PKCE, and an ID token that is believed only when everything fits.

OpenID Connect Core 1.0, 3.1 (code flow) and 3.1.3.7 (what an ID token must show); Discovery 1.0; RFC 7636 (PKCE, S256); RFC
9207 (who answered). authlib carries the messages, joserfc looks at signatures; which algorithms, whose keys and which claims
are decided here.
"""

import asyncio
import base64
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import structlog
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]  # it is published without types
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]  # nor has this any types
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from telegraphone.limits import OIDC_ANSWER_S, OIDC_CLOCK_S, OIDC_DISCOVERED_S, OIDC_KEYS_AGAIN_S
from telegraphone.services.federation import Journey, NotVouched
from telegraphone.services.ports import Clock, Unavailable

log = structlog.get_logger()

PORT: Final = "identity"
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a private key: neither `none` nor a secret that others hold."""

_STATE_BYTES = 24
_VERIFIER_BYTES = 48
_LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True, slots=True)
class Registration:
    """How we are known to a provider. `authorities` is a file of certificates that are trusted, empty for those of the
    system."""

    issuer: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...] = ("openid", "profile")
    authorities: str = ""

    def __repr__(self) -> str:
        return f"Registration(issuer={self.issuer!r}, client_id={self.client_id!r}, client_secret=***)"


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What the provider says of itself, until when that is believed, and its keys."""

    facts: Mapping[str, Any]
    keys: KeySet
    until: float
    read_at: float


class OidcProvider:
    """An `IdentityProvider`."""

    def __init__(self, registration: Registration, clock: Clock, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`transport` carries the requests; without one they go over the network. Reaches nothing yet."""
        self._registration = registration
        self._clock = clock
        self._transport = transport
        self._known: _Metadata | None = None
        self._trusted: ssl.SSLContext | None = None
        self._asking = asyncio.Lock()

    async def begin(self, back: str) -> Journey:
        """See `IdentityProvider.begin`."""
        facts = (await self._metadata()).facts
        state, nonce, verifier = (self._text(each) for each in (_STATE_BYTES, _STATE_BYTES, _VERIFIER_BYTES))
        async with self._client(back, facts) as client:
            url, _ = client.create_authorization_url(
                facts["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        return Journey(url, state, nonce, verifier)

    async def finish(self, journey: Journey, back: str, said: Mapping[str, str]) -> Mapping[str, object]:
        """See `IdentityProvider.finish`."""
        facts = (await self._metadata()).facts
        if "error" in said or not said.get("code"):
            raise NotVouched(f"the provider refused: {said.get('error', '')[:64]!r}")
        _must_be_issuer(self._registration.issuer, facts, said)
        async with self._client(back, facts) as client:
            try:
                token = await client.fetch_token(facts["token_endpoint"], code=said["code"], code_verifier=journey.verifier)
            except AuthlibBaseError as error:
                raise NotVouched(f"the code was not taken: {str(error.error)[:64]!r}") from None
            except (httpx.HTTPError, ValueError) as error:
                raise Unavailable(PORT, type(error).__name__) from error
        id_token = token.get("id_token")
        if not isinstance(id_token, str):
            raise NotVouched("no ID token")
        return await self._proved(id_token, journey.nonce)

    async def _proved(self, id_token: str, nonce: str) -> Mapping[str, object]:
        try:
            claims = self._signed(id_token, (await self._metadata()).keys)
        except (JoseError, ValueError):
            # The provider may have changed its keys since; asked again at most once in a while.
            try:
                claims = self._signed(id_token, (await self._metadata(again=True)).keys)
            except (JoseError, ValueError) as error:
                raise NotVouched(f"the ID token is not signed by the provider: {type(error).__name__}") from None
        reason = self._doubt(claims, nonce)
        if reason:
            raise NotVouched(f"the ID token is not to be believed: {reason}")
        return claims

    def _signed(self, id_token: str, keys: KeySet) -> Mapping[str, object]:
        return dict(jwt.decode(id_token, keys, algorithms=list(ALGORITHMS)).claims)

    def _doubt(self, claims: Mapping[str, object], nonce: str) -> str:
        """Why these claims are not about who stands before us, now (Core 3.1.3.7); empty when they are."""
        mine, now = self._registration, self._clock.utc().timestamp()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        expires, issued = claims.get("exp"), claims.get("iat")
        rules: list[tuple[str, Callable[[], bool]]] = [
            ("iss", lambda: claims.get("iss") == mine.issuer),
            ("aud", lambda: mine.client_id in audiences),
            ("azp", lambda: claims.get("azp", mine.client_id) == mine.client_id and (len(audiences) == 1 or "azp" in claims)),
            ("nonce", lambda: claims.get("nonce") == nonce),
            ("sub", lambda: isinstance(claims.get("sub"), str) and bool(claims["sub"])),
            ("exp", lambda: isinstance(expires, int | float) and expires > now - OIDC_CLOCK_S),
            ("iat", lambda: isinstance(issued, int | float) and issued < now + OIDC_CLOCK_S),
            ("nbf", lambda: isinstance(before := claims.get("nbf", 0), int | float) and before < now + OIDC_CLOCK_S),
        ]
        return next((name for name, holds in rules if not holds()), "")

    async def _metadata(self, *, again: bool = False) -> _Metadata:
        async with self._asking:
            known, now = self._known, self._clock.now()
            if known is not None and now < known.until and not (again and now - known.read_at >= OIDC_KEYS_AGAIN_S):
                return known
            try:
                self._known = await self._read(now)
            except (httpx.HTTPError, OSError, ValueError, KeyError, TypeError, JoseError) as error:
                log.error("identity_provider_away", issuer=self._registration.issuer, error=type(error).__name__)
                raise Unavailable(PORT, type(error).__name__) from error
            return self._known

    async def _read(self, now: float) -> _Metadata:
        issuer = self._registration.issuer
        async with httpx.AsyncClient(**self._network()) as http:
            answer = await http.get(issuer.rstrip("/") + "/.well-known/openid-configuration")
            facts = answer.raise_for_status().json()
            if facts["issuer"] != issuer:
                raise ValueError("the issuer calls itself something else")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _must_be_private_way(facts[name])
            keys = KeySet.import_key_set((await http.get(facts["jwks_uri"])).raise_for_status().json())
        return _Metadata(facts, keys, now + OIDC_DISCOVERED_S, now)

    def _client(self, back: str, facts: Mapping[str, Any]) -> AsyncOAuth2Client:
        mine = self._registration
        methods = facts.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        return AsyncOAuth2Client(
            client_id=mine.client_id,
            client_secret=mine.client_secret or None,
            token_endpoint_auth_method=method if mine.client_secret else "none",
            scope=" ".join(mine.scopes),
            redirect_uri=back,
            code_challenge_method="S256",
            **self._network(),
        )

    def _network(self) -> dict[str, Any]:
        if self._transport is None and self._trusted is None:
            self._trusted = ssl.create_default_context(cafile=self._registration.authorities or None)
        way = {"transport": self._transport} if self._transport else {"verify": self._trusted}
        return {"timeout": OIDC_ANSWER_S, "trust_env": False, "follow_redirects": False, **way}

    def _text(self, count: int) -> str:
        return base64.urlsafe_b64encode(self._clock.entropy(count)).rstrip(b"=").decode()


def _must_be_issuer(issuer: str, facts: Mapping[str, Any], said: Mapping[str, str]) -> None:
    """RFC 9207: who sends the browser back says who it is, where it can."""
    needed = facts.get("authorization_response_iss_parameter_supported") is True
    if said.get("iss", "" if needed else issuer) != issuer:
        raise NotVouched("another provider answered")


def _must_be_private_way(url: object) -> None:
    if not isinstance(url, str):
        raise TypeError("an endpoint that is no URL")
    place = urlsplit(url)
    if place.scheme != "https" and place.netloc.rpartition(":")[0] not in _LOCAL and place.netloc not in _LOCAL:
        raise ValueError("an endpoint without TLS")
