"""The settings of contact centres that share one installation and see nothing of each other."""

from typing import Annotated

from msgspec import Meta, Struct

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class TenantEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[tenants]]`: one more contact centre, strictly apart from the others; without any, all belong to `default`."""

    name: Annotated[Name, Meta(description="What it is called in this file: lower-case letters, digits and hyphens.")]
    display_name: Annotated[str, Meta(description="Its name, as people read it; empty: `name`.")] = ""


Tenant = Annotated[Name, Meta(description="The contact centre it belongs to, one of `[[tenants]]`.")]
