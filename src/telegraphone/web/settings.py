"""What an installation decides about its HTTP face; names and defaults are those of gws-api 16."""

import uuid
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal
from urllib.parse import urlsplit

from telegraphone.domain.ids import DEFAULT_TENANT


class Compatibility(Enum):
    """The generation of the API whose shapes clients see (gws-api 2)."""

    V8_5_1 = "8.5.1"
    V8_5_2 = "8.5.2"


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Facts of one installation. `external_url` is scheme, host and port without a path; an empty `allowed_origins`
    stands for the origin of `external_url`. In the tenants of `heard_when_vouched_for` a password alone opens no recording."""

    external_url: str
    compatibility: Compatibility = Compatibility.V8_5_1
    allowed_origins: frozenset[str] = frozenset()
    csrf_protection: Literal["origin", "token"] = "origin"
    cookie_same_site: Literal["Lax", "Strict", "None"] = "Lax"
    playback_format: Literal["mp3", "wav", "ogg"] = "mp3"
    contact_center_id: str = field(default="")
    heard_when_vouched_for: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        url = urlsplit(self.external_url)
        if url.scheme not in {"http", "https"} or not url.netloc or url.path.strip("/") or url.query or url.fragment:
            raise ValueError("external_url must look like https://host or https://host:port")
        if self.cookie_same_site == "None" and url.scheme != "https":
            raise ValueError("cookie_same_site = None needs an https external_url: browsers drop such a cookie otherwise")
        object.__setattr__(self, "external_url", self.external_url.rstrip("/"))
        if not self.allowed_origins:
            object.__setattr__(self, "allowed_origins", frozenset({self.external_url.lower()}))
        if not self.contact_center_id:
            object.__setattr__(self, "contact_center_id", str(uuid.uuid5(uuid.NAMESPACE_URL, self.external_url)))

    def contact_center(self, tenant: str) -> str:
        """The id by which clients know a tenant."""
        return self.contact_center_id if tenant == DEFAULT_TENANT else str(uuid.uuid5(uuid.UUID(self.contact_center_id), tenant))

    @property
    def secure(self) -> bool:
        """Whether clients come by https."""
        return self.external_url.startswith("https:")
