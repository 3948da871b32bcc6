"""The real clock: the only place from which the program gets time and chance."""

import asyncio
import secrets
import time
from datetime import UTC, datetime


class SystemClock:
    """`services.ports.Clock` on the machine's monotonic clock and its secure random source."""

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def utc(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    def entropy(self, count: int) -> bytes:
        """`count` bytes from the system's secure source."""
        return secrets.token_bytes(count)

    async def sleep_until(self, deadline: float) -> None:
        """Returns when `now()` has reached the deadline."""
        await asyncio.sleep(max(0.0, deadline - time.monotonic()))
