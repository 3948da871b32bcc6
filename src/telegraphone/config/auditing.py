"""The settings of the audit trail's checkpoints."""

from typing import Annotated

from msgspec import Meta, Struct


class Audit(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[audit]`: how often the end of the audit trail is signed, and where that is kept besides the log and `[storage]`."""

    checkpoint_s: Annotated[
        float, Meta(ge=1, le=86_400, description="After how many seconds the end is signed again, where there are new lines.")
    ] = 300.0
    checkpoint_folder: Annotated[
        str, Meta(description="A folder on another machine; it must be there already. Empty: `checkpoints` in `data_dir`.")
    ] = ""
