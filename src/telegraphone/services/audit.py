"""The audit trail as the use cases need it: who did what, when, from where, with which result (properties CMP-4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from telegraphone.domain.ids import DEFAULT_TENANT


@dataclass(frozen=True, slots=True)
class Deed:
    """What one line of the trail says, but for its time: who (`actor`, a login or `system`) did what (`action`) to which
    `subject`, with which `result`, from where (`origin`, an address; empty within the program)."""

    actor: str
    action: str
    subject: str
    result: str
    detail: Mapping[str, str] = field(default_factory=dict)
    tenant: str = DEFAULT_TENANT
    origin: str = ""


class AuditTrail(Protocol):
    """Lines that are only ever added, in one order over all tenants."""

    async def write(self, deed: Deed) -> None:
        """Adds a line, durable on return. Raises `Unavailable("database")`."""
