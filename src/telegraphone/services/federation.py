"""Signing in by identity providers: who is let in, as whom, and what the trail says of it.

What a provider said of somebody's roles outlives a change of the configuration: both are put together anew each time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from telegraphone.domain.agent import Agent
from telegraphone.domain.federation import ClaimRules, Unmapped, mapped, user_name_of
from telegraphone.services.audit import AuditTrail, Deed

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Journey:
    """One try to sign in at a provider: where the browser is sent, and what must come back. All but `url` are secrets."""

    url: str
    state: str
    nonce: str
    verifier: str

    def __repr__(self) -> str:
        return "Journey(***)"


class NotVouched(Exception):
    """The provider vouches for nobody: it refused, or what it said is not to be believed; the text is for operators."""


class IdentityProvider(Protocol):
    """A provider of OpenID Connect. `back` is the URL to which it sends the browser."""

    async def begin(self, back: str) -> Journey:
        """A journey that has not begun. Raises `Unavailable("identity")`."""

    async def finish(self, journey: Journey, back: str, said: Mapping[str, str]) -> Mapping[str, object]:
        """The claims about whom the browser brought back, proved; `said` are the parameters it came with. Raises
        `NotVouched`, and `Unavailable("identity")`."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One identity provider, by its name here, as people read it, and how its claims are understood."""

    name: str
    display_name: str
    rules: ClaimRules
    identity: IdentityProvider


class Federation:
    """The identity providers of one installation, and whom they vouched for since it runs."""

    def __init__(self, providers: tuple[Provider, ...], audit: AuditTrail) -> None:
        self.providers: Mapping[str, Provider] = {each.name: each for each in providers}
        self._audit = audit
        self._said: dict[str, tuple[Provider, Mapping[str, object]]] = {}

    async def admit(
        self, provider: Provider, claims: Mapping[str, object], users: tuple[Agent, ...], origin: str
    ) -> Agent | None:
        """The user of these claims, who may come in, given the users of the configuration; None for nobody. Raises
        `Unavailable("database")`: whoever cannot be written down does not come in."""
        name = ""
        try:
            name = user_name_of(claims, provider.rules)
            user = mapped(claims, provider.rules, _named(users, name))
        except Unmapped as error:
            # Whoever came in before by roles that are gone goes as well.
            self._said.pop(name, None)
            log.warning("sign_in_refused", provider=provider.name, reason=str(error), address=origin)
            detail = {"provider": provider.name, "reason": str(error)}
            await self._audit.write(Deed("unknown", "sign in", provider.name, "refused", detail, provider.rules.tenant, origin))
            return None
        roles = ", ".join(sorted(role.value for role in user.roles))
        detail = {"provider": provider.name, "roles": roles}
        await self._audit.write(Deed(user.user_name, "sign in", user.user_name, "done", detail, user.tenant, origin))
        self._said[name] = provider, claims
        return user

    def arranged(self, users: tuple[Agent, ...]) -> tuple[Agent, ...]:
        """The users of the configuration, with what providers said of them, and those whom only a provider knows."""
        now = {user.user_name: user for user in users}
        for name, (provider, claims) in list(self._said.items()):
            try:
                now[name] = mapped(claims, provider.rules, now.get(name))
            except Unmapped:
                # The configuration has changed under whom the provider meant.
                del self._said[name]
        return tuple(now.values())


def _named(users: tuple[Agent, ...], name: str) -> Agent | None:
    return next((user for user in users if user.user_name == name), None)
