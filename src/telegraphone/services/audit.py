"""The audit trail as the use cases need it: who did what, when, from where, with which result (properties CMP-4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line: a deed and its time."""

    written_at: datetime
    deed: Deed


class AuditTrail(Protocol):
    """Lines that are only ever added, in one order over all tenants."""

    async def write(self, deed: Deed) -> None:
        """Adds a line, durable on return. Raises `Unavailable("database")`."""

    async def about(self, tenant: str, subjects: Sequence[str], limit: int) -> tuple[AuditLine, ...]:
        """The latest lines of one tenant about any of these subjects, the newest first. Raises `Unavailable("database")`."""
