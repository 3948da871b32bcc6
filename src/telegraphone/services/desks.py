"""Keeps where agents work and how, so that a restart signs nobody out and lets no forwarded call come back (gws-api 4)."""

from dataclasses import dataclass
from typing import Protocol

from telegraphone.domain.ids import DEFAULT_TENANT


@dataclass(frozen=True, slots=True)
class KeptDesk:
    """What is kept of one agent's desk; `state` is the operation that led to the agent's state, empty before the first."""

    user_name: str
    signed_in: bool
    state: str
    do_not_disturb: bool
    forward_to: str
    tenant: str = DEFAULT_TENANT


class Desks(Protocol):
    """Where desks are kept."""

    async def put(self, desk: KeptDesk) -> None:
        """Adds the desk or replaces what is known of it; durable on return. Raises `Unavailable("database")`."""

    async def all(self) -> tuple[KeptDesk, ...]:
        """Every desk ever kept, of all tenants. Raises `Unavailable("database")`."""
