"""The audit trail as the use cases need it: who did what, when, from where, with which result (properties CMP-4).

Theory. Lines are numbered from 1 and form one chain over all tenants: each holds the hash of the one before it in what its own
hash is made of. So a line that was changed, removed, inserted or moved no longer fits its neighbours, and whoever rewrites one
must rewrite all behind it; what tells then is in `checkpoints.py` (properties CMP-3, fault F41).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

import rfc8785

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.domain.ids import DEFAULT_TENANT

BEGINNING: Final = "0" * 64
"""What stands for the hash of the line before the first."""


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
class Head:
    """The end of the chain: the number of the last line, 0 when there is none, and its hash."""

    number: int = 0
    hash: str = BEGINNING


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line: a deed and its time, and its place in the chain. `before` is the hash of the line before it, `hash` its own."""

    written_at: datetime
    deed: Deed
    number: int
    before: str
    hash: str

    @classmethod
    def behind(cls, head: Head, written_at: datetime, deed: Deed) -> "AuditLine":
        """The line that comes next."""
        number = head.number + 1
        return cls(written_at, deed, number, head.hash, hash_of(number, head.hash, written_at, deed))

    @property
    def is_as_written(self) -> bool:
        """Whether its hash is that of what it says."""
        return self.hash == hash_of(self.number, self.before, self.written_at, self.deed)


def hash_of(number: int, before: str, written_at: datetime, deed: Deed) -> str:
    """SHA-256, in hexadecimal, of the line as canonical JSON (RFC 8785)."""
    said = {
        "number": number,
        "before": before,
        "writtenAt": written_at.isoformat(timespec="microseconds"),
        "tenant": deed.tenant,
        "actor": deed.actor,
        "action": deed.action,
        "subject": deed.subject,
        "result": deed.result,
        "origin": deed.origin,
        "detail": dict(deed.detail),
    }
    return hashlib.sha256(rfc8785.dumps(said)).hexdigest()  # type: ignore[arg-type]  # it takes any JSON, which it says more narrowly


def must_be_said(name: str, words: str, most: int) -> str:
    """What somebody gives as a `name` and the trail repeats: the words. Raises `ParameterInvalid` for none, or more than `most`
    characters."""
    if not words.strip() or len(words) > most or not words.isprintable():
        raise ParameterInvalid(name, f"1 to {most} printable characters")
    return words


class AuditTrail(Protocol):
    """Lines that are only ever added, in one order over all tenants. All raise `Unavailable("database")`."""

    async def write(self, deed: Deed) -> None:
        """Adds a line, durable on return."""

    async def about(self, tenant: str, subjects: Sequence[str], limit: int) -> tuple[AuditLine, ...]:
        """The latest lines of one tenant about any of these subjects, the newest first."""

    async def head(self) -> Head:
        """The end of the chain."""

    async def after(self, number: int, limit: int) -> tuple[AuditLine, ...]:
        """Lines of all tenants with greater numbers, in order. For proving the trail, not for people."""
