"""What nobody waits for is written when the database is back, each once and in order; of too much the oldest goes."""

import asyncio
from contextlib import suppress

from structlog.testing import capture_logs

from telegraphone.limits import CATALOGUE_RETRY_S
from telegraphone.services.later import Later
from telegraphone.services.ports import Unavailable
from tests.scenario.clock import VirtualClock, settle


class Database:
    """Takes numbers, unless it is away; it never takes 0."""

    def __init__(self) -> None:
        self.away = True
        self.taken: list[int] = []

    async def take(self, number: int) -> None:
        if self.away or not number:
            raise Unavailable("database", retryable=bool(number))
        self.taken.append(number)


async def test_everything_is_written_once_and_of_too_much_the_oldest_goes() -> None:
    clock, database = VirtualClock(), Database()
    later = Later(clock, 4, "numbers")
    running = asyncio.create_task(later.run())
    with capture_logs() as logs:
        for number in range(4, 10):
            later.put(lambda number=number: database.take(number), lambda: database.take(0))  # type: ignore[misc]  # a lambda of one
            await settle()
        assert database.taken == []
        database.away = False
        await clock.advance(CATALOGUE_RETRY_S)
    assert database.taken == [6, 7, 8, 9]
    assert len([line for line in logs if line["event"] == "not_written_down"]) == 6, "two too many, four that it never takes"
    database.away = True
    later.put(lambda: database.take(10))
    await settle()
    database.away = False
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert database.taken[-1] == 10, "who is cancelled writes what is left"
