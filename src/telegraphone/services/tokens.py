"""API tokens: made once, shown once, kept as a hash, and ended at once.

A token reads `tg_<id>_<secret>`. The id finds it; the secret has 256 bits, so its plain SHA-256 is kept and no slow hash is
needed. While the database is away a token that was good a moment ago stays good for minutes, so that scripts which pause
recordings go on; any other is refused, because who cannot be known may not come in.
"""

import base64
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

import structlog

from telegraphone.domain.agent import Agent, Directory
from telegraphone.domain.errors import NotFound, ParameterInvalid, PermissionMissing
from telegraphone.domain.permissions import Action, Reach, must_reach
from telegraphone.domain.tokens import ApiToken, must_be_scopes, narrowed
from telegraphone.limits import (
    CREDENTIALS_REMEMBERED_MAX,
    TOKEN_CHARS_MAX,
    TOKEN_DAYS_MAX,
    TOKEN_REMEMBERED_S,
    TOKEN_USE_NOTED_S,
    TOKENS_PER_USER_MAX,
)
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.limiter import LoginLimiter
from telegraphone.services.ports import Clock, Unavailable

log = structlog.get_logger()

PREFIX: Final = "tg_"
_ID_BYTES = 8
_SECRET_BYTES = 32


class TokenStore(Protocol):
    """Where tokens are kept, without their secrets. All raise `Unavailable("database")`."""

    async def put(self, token: ApiToken) -> None:
        """Adds the token, or replaces what is known of it; durable on return."""

    async def find(self, token_id: str) -> ApiToken | None:
        """The token of this id."""

    async def of(self, tenant: str, user_name: str | None = None) -> tuple[ApiToken, ...]:
        """The tokens of a user, or of all users of a tenant, the newest first."""

    async def used(self, token: ApiToken) -> None:
        """Keeps when the token was last used, if it still exists."""

    async def end(self, token_id: str) -> None:
        """Forgets the token; it is gone when this returns."""


class Tokens:
    """All API tokens of the installation."""

    def __init__(self, store: TokenStore, directory: Directory, audit: AuditTrail, clock: Clock) -> None:
        self._store = store
        self._directory = directory
        self._audit = audit
        self._clock = clock
        self._limiter = LoginLimiter()
        self._remembered: OrderedDict[str, tuple[ApiToken, float]] = OrderedDict()

    async def make(self, agent: Agent, name: str, scopes: Sequence[str], days: int, origin: str) -> tuple[ApiToken, str]:
        """A new token of this person, and the text of it, which nobody can ever be told again. Raises `ParameterInvalid`,
        and `PermissionMissing` for who comes with a token or has too many."""
        must_reach(agent, Action.KEEP_TOKENS)
        wanted = must_be_scopes(agent, scopes)
        if not 1 <= days <= TOKEN_DAYS_MAX:
            raise ParameterInvalid("expiresInDays")
        now = self._clock.utc()
        secret = base64.urlsafe_b64encode(self._clock.entropy(_SECRET_BYTES)).rstrip(b"=").decode()
        token = ApiToken(
            id=self._clock.entropy(_ID_BYTES).hex(),
            tenant=agent.tenant,
            user_name=agent.user_name,
            name=name,
            scopes=wanted,
            digest=_digest(secret),
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        if len(await self._store.of(agent.tenant, agent.user_name)) >= TOKENS_PER_USER_MAX:
            raise PermissionMissing
        detail = {"name": name, "scopes": ", ".join(sorted(wanted)), "expires": token.expires_at.isoformat(timespec="seconds")}
        await self._audit.write(Deed(agent.actor, "make token", token.id, "done", detail, agent.tenant, origin))
        await self._store.put(token)
        return token, f"{PREFIX}{token.id}_{secret}"

    async def of(self, agent: Agent) -> tuple[ApiToken, ...]:
        """The tokens this person may see: the own ones, and for administrators all of the contact centre."""
        reach = must_reach(agent, Action.KEEP_TOKENS)
        return await self._store.of(agent.tenant, None if reach is Reach.ALL else agent.user_name)

    async def end(self, agent: Agent, token_id: str, origin: str) -> ApiToken:
        """Ends a token; nothing can be done with it when this returns. Raises `NotFound` for what is not there to be seen."""
        mine = {token.id: token for token in await self.of(agent)}
        if token_id not in mine:
            raise NotFound("token", token_id)
        token = mine[token_id]
        await self._audit.write(Deed(agent.actor, "end token", token.id, "done", {"name": token.name}, agent.tenant, origin))
        await self._store.end(token_id)
        self._remembered.pop(token_id, None)
        return token

    async def holder(
        self, text: str, address: str, refused: Callable[[ApiToken, str], None] = lambda _token, _reason: None
    ) -> tuple[Agent, ApiToken, float] | None:
        """Whom this token lets in, as far as it does, and for how many seconds it still lasts; None for one that is unknown,
        over, wrong, or tried too often. `refused` is told of one that there is and lets nobody in, and why. Raises
        `Unavailable` when that cannot be known."""
        token_id, _, secret = text[:TOKEN_CHARS_MAX].removeprefix(PREFIX).partition("_")
        if not text.startswith(PREFIX) or not self._admitted(token_id, secret, address):
            log.warning("token_refused", address=address)
            return None
        token = await self._known(token_id)
        right = hmac.compare_digest(_digest(secret), token.digest if token else _digest(""))
        owner = self._directory.by_user(token.user_name) if token else None
        if token is None or owner is None or not right or owner.tenant != token.tenant:
            log.warning("token_refused", address=address)
            if token is not None:
                refused(token, "its owner is gone" if right else "wrong secret")
            return None
        left_s = (token.expires_at - self._clock.utc()).total_seconds()
        if left_s <= 0:
            log.warning("token_expired", token=token.id, address=address)
            refused(token, "expired")
            return None
        self._limiter.succeeded(token_id, address, self._clock.now())
        return narrowed(owner, token), await self._noted(token), left_s

    def _admitted(self, token_id: str, secret: str, address: str) -> bool:
        """One that was right a moment ago is not counted, so that a busy script does not slow itself down."""
        known = self._remembered.get(token_id)
        if known is not None and hmac.compare_digest(_digest(secret), known[0].digest):
            return True
        return self._limiter.admit(token_id, address, self._clock.now())

    async def _known(self, token_id: str) -> ApiToken | None:
        try:
            token = await self._store.find(token_id)
        except Unavailable:
            token, until = self._remembered.get(token_id, (None, 0.0))
            if token is None or until <= self._clock.now():
                raise
            return token
        self._remembered.pop(token_id, None)
        if token is not None:
            self._remembered[token_id] = (token, self._clock.now() + TOKEN_REMEMBERED_S)
            if len(self._remembered) > CREDENTIALS_REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return token

    async def _noted(self, token: ApiToken) -> ApiToken:
        now = self._clock.utc()
        if token.used_at is not None and now - token.used_at < timedelta(seconds=TOKEN_USE_NOTED_S):
            return token
        used = replace(token, used_at=now)
        try:
            await self._store.used(used)
        except Unavailable as error:
            log.error("token_use_not_kept", error=str(error))
        return used


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
