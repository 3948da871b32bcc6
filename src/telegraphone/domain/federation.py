"""Who somebody is here whom an identity provider vouches for: from the claims of a token to a user of one contact centre.

Theory. A provider speaks for one contact centre, or for those that a claim names; it can never say that somebody is a user of
another one, because user names are unique in the installation and tenants are apart (properties SEC-1). Where the provider
also knows roles, its word replaces that of the configuration, anew at every sign-in, and somebody it gives no role here may
not come in. Whoever is not in the configuration comes in only where that is allowed, without a phone.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from telegraphone.domain.agent import Agent, Role
from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.limits import USER_NAME_CHARS_MAX

_NAMESPACE: Final = uuid.UUID("b51a4c1e-1f4d-5c60-9a0f-3f9a1b7e2d55")


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """How one provider's claims are read. A claim's name may lead into objects, `realm_access.roles` for instance; an empty
    one is not looked at. `roles` are ours by the provider's."""

    user_claim: str = "preferred_username"
    tenant: str = DEFAULT_TENANT
    tenant_claim: str = ""
    roles_claim: str = ""
    roles: Mapping[str, frozenset[Role]] | None = None
    new_users: bool = False


class Unmapped(Exception):
    """These claims make nobody of this contact centre; the text says why, for operators."""


def mapped(claims: Mapping[str, object], rules: ClaimRules, known: Agent | None) -> Agent:
    """The user of these claims; `known` is the one of that name, `user_name_of` tells it. Raises `Unmapped`."""
    user_name, tenant = user_name_of(claims, rules), rules.tenant
    if rules.tenant_claim:
        said = claim(claims, rules.tenant_claim)
        if not isinstance(said, str):
            raise Unmapped(f"no claim {rules.tenant_claim}")
        tenant = said
    if known is not None and known.tenant != tenant:
        raise Unmapped("a user of another contact centre")
    if known is None and not rules.new_users:
        raise Unmapped("no such user")
    nobody: frozenset[Role] = frozenset()
    user = known or Agent(user_name, uuid.uuid5(_NAMESPACE, user_name).hex, roles=nobody, features=frozenset(), tenant=tenant)
    if rules.roles_claim:
        user = replace(user, roles=_roles(claims, rules))
    if not user.roles:
        raise Unmapped("no role")
    names = (_text(claims, "given_name") or user.first_name, _text(claims, "family_name") or user.last_name)
    return user if known is not None else replace(user, first_name=names[0], last_name=names[1])


def user_name_of(claims: Mapping[str, object], rules: ClaimRules) -> str:
    """The login that these claims name. Raises `Unmapped`."""
    name = claim(claims, rules.user_claim)
    if not isinstance(name, str) or not name.strip() or ":" in name or not name.isprintable() or len(name) > USER_NAME_CHARS_MAX:
        raise Unmapped(f"no claim {rules.user_claim} that can be a user name")
    return name


def claim(claims: Mapping[str, object], name: str) -> object:
    """The value of a claim, which may lie in objects; None where there is none."""
    value: object = claims
    for step in [name] if name in claims else name.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _roles(claims: Mapping[str, object], rules: ClaimRules) -> frozenset[Role]:
    said = claim(claims, rules.roles_claim)
    names = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    ours = rules.roles or {}
    return frozenset().union(*(ours.get(each, frozenset()) for each in names if isinstance(each, str)))


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) and value.isprintable() else ""
