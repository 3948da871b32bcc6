"""`[[oidc]]`: identity providers by which people sign in, beside passwords."""

import re
from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, UnsetType

from telegraphone.config.secret import Secret
from telegraphone.config.tenants import Name, Tenant
from telegraphone.domain.agent import Role
from telegraphone.domain.federation import ClaimRules
from telegraphone.domain.ids import DEFAULT_TENANT


class OidcEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[oidc]]`: one provider of OpenID Connect; it sends browsers back to `<external_url>/login/<name>/callback`."""

    name: Annotated[Name, Meta(description="Its name in URLs: lower-case letters, digits and hyphens.")]
    display_name: Annotated[str, Meta(description="Its name on the button; empty: `name`.")] = ""
    issuer: Annotated[str, Meta(description="Its issuer, exactly as it calls itself; https.")]
    client_id: Annotated[str, Meta(min_length=1, description="What we are called there.")]
    client_secret: Annotated[
        Secret | UnsetType, Meta(description="Our secret there; or give `client_secret_file`, or neither for a public client.")
    ] = msgspec.UNSET
    client_secret_file: Annotated[str, Meta(description="The file the secret is in.")] = ""
    scopes: Annotated[tuple[str, ...], Meta(description="What is asked for; `openid` among it.")] = ("openid", "profile")
    authorities: Annotated[str, Meta(description="A file of certificates (PEM) to trust; empty: those of the system.")] = ""
    tenant: Tenant = DEFAULT_TENANT
    tenant_claim: Annotated[
        str, Meta(description="The claim that names the contact centre, where the provider speaks for several; empty: `tenant`.")
    ] = ""
    user_claim: Annotated[str, Meta(min_length=1, description="The claim that is the user name here.")] = "preferred_username"
    roles_claim: Annotated[
        str, Meta(description="The claim with roles, `realm_access.roles` for instance; empty: roles are those of `[[agents]]`.")
    ] = ""
    roles: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^.+=(agent|supervisor|compliance|admin)$")], ...],
        Meta(description="The provider's roles and ours, `tg-supervisors=supervisor` for instance."),
    ] = ()
    new_users: Annotated[
        bool, Meta(description="Whether people who are not in `[[agents]]` may come in, by the roles the provider gives them.")
    ] = False

    def rules(self) -> ClaimRules:
        """The rules as the domain knows them."""
        ours: dict[str, frozenset[Role]] = {}
        for pair in self.roles:
            theirs, _, role = pair.rpartition("=")
            ours[theirs] = ours.get(theirs, frozenset()) | {Role(role)}
        return ClaimRules(self.user_claim, self.tenant, self.tenant_claim, self.roles_claim, ours, self.new_users)


def about_oidc(entries: tuple[OidcEntry, ...]) -> Iterator[str]:
    """What is wrong with them."""
    for index, each in enumerate(entries):
        place = f"oidc[{index}]"
        if not re.fullmatch(r"https://[^?#\s]+|http://(127\.0\.0\.1|localhost)(:\d+)?(/[^?#\s]*)?", each.issuer):
            yield f"{place}.issuer: must begin with https, without a query and a fragment; http only on this machine"
        if "openid" not in each.scopes:
            yield f"{place}.scopes: must have 'openid'"
        if bool(each.roles) != bool(each.roles_claim):
            yield f"{place}.roles: give both roles and roles_claim, or neither"
        if each.new_users and not each.roles_claim:
            yield f"{place}.new_users: needs roles_claim, since nobody else gives them a role"
        if each.client_secret is not msgspec.UNSET and each.client_secret_file:
            yield f"{place}.client_secret: give either client_secret or client_secret_file"
        if each.name == "providers":
            yield f"{place}.name: 'providers' means something already"
