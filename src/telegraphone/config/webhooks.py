"""`[[webhooks]]`: other systems that are told what happens to recordings."""

import base64
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, UnsetType

from telegraphone.config.secret import Secret
from telegraphone.config.tenants import Tenant
from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.limits import WEBHOOK_SECRET_BYTES_MIN

_PREFIX: Final = "whsec_"
_SECRET_BYTES_MAX: Final = 64

WebhookEvent = Literal[
    "recording.started",
    "recording.paused",
    "recording.paused.long",
    "recording.resumed",
    "recording.stopped",
    "recording.stored",
    "recording.failed",
    "recording.erased",
]


class WebhookEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[webhooks]]`: one URL that is told what happens to recordings, signed and in order."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Its name here; a new name begins anew.")]
    url: Annotated[str, Meta(description="Where it is told, by POST; https, or http to a receiver that is inside.")]
    secret: Annotated[
        Secret | UnsetType, Meta(description="What signs, `whsec_` and 24 to 64 bytes in base64; or give `secret_file`.")
    ] = msgspec.UNSET
    secret_file: Annotated[str, Meta(description="The file the secret is in.")] = ""
    tenant: Tenant = DEFAULT_TENANT
    events: Annotated[tuple[WebhookEvent, ...], Meta(description="What it hears of; empty: everything.")] = ()
    allow_private: Annotated[
        bool, Meta(description="Whether it may be at an address that is not public, inside your own network.")
    ] = False


def secret_bytes(text: str) -> bytes | None:
    """The secret of this text (Standard Webhooks 1.0, "Signature scheme"); None for what is none."""
    if not text.startswith(_PREFIX):
        return None
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except ValueError:
        return None
    return secret if WEBHOOK_SECRET_BYTES_MIN <= len(secret) <= _SECRET_BYTES_MAX else None
