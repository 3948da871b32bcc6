"""`[[access]]`: what a contact centre asks of its own people before they hear recordings."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from telegraphone.config.oidc import OidcEntry
from telegraphone.config.tenants import Tenant
from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.domain.permissions import Action


class AccessEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[access]]`: what is asked of people before they hear or take out recordings, in one contact centre."""

    tenant: Tenant = DEFAULT_TENANT
    purpose_required: Annotated[
        bool, Meta(description="Whether they must say what for; it is in the audit trail with each listen and export.")
    ] = False
    four_eyes: Annotated[
        tuple[Literal["erase", "export", "release", "keys"], ...],
        Meta(
            description="What needs a second person: `erase` for the end of a recording, `export` for packages of many, "
            "`release` for the end of a hold, `keys` for `telegraphone key rotate` and (contact centre `default`) `key backup`."
        ),
    ] = ()
    provider_required: Annotated[
        bool,
        Meta(
            description="Whether only who was vouched for by one of `[[oidc]]`, which asks for a second factor, or shows an API "
            "token, hears and takes out recordings; a password alone opens none then."
        ),
    ] = False

    def deeds(self) -> frozenset[Action]:
        """What needs a second person, as the domain knows it. A back-up is of everybody's keys, so one place is asked for it."""
        found = frozenset(action for each in self.four_eyes for action in _DEEDS[each])
        return found if self.tenant == DEFAULT_TENANT else found - {Action.BACK_UP_KEYS}


_DEEDS: Final = {
    "erase": (Action.DELETE,),
    "export": (Action.EXPORT,),
    "release": (Action.HOLD,),
    "keys": (Action.ROTATE_KEY, Action.BACK_UP_KEYS),
}


def about_access(entries: tuple[AccessEntry, ...], providers: tuple[OidcEntry, ...]) -> Iterator[str]:
    """What is wrong with them."""
    for index, entry in enumerate(entries):
        if entry.provider_required and not any(each.tenant == entry.tenant or each.tenant_claim for each in providers):
            yield f"access[{index}].provider_required: nobody would hear, no provider of [[oidc]] is for {entry.tenant!r}"
