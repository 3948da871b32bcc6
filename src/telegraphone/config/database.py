"""The settings of the database that holds the list of recordings and the audit trail."""

from typing import Annotated

from msgspec import Meta, Struct


class Database(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[database]`: where the list of recordings and the audit trail are."""

    url: Annotated[
        str,
        Meta(description="A PostgreSQL database, as `postgresql://user@host/name`; empty: an SQLite file in `data_dir`."),
    ] = ""
    password_file: Annotated[str, Meta(description="The file the password of its user is in; empty: none is needed.")] = ""
