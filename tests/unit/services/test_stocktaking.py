"""A round takes a day however much there is; what it finds is tried on real databases and places in `tests/contract`."""

from collections.abc import Sequence
from datetime import datetime

from telegraphone.domain.ids import CallUuid, RecordingId
from telegraphone.services.stocktaking import Listed, Round, Stocktaking
from telegraphone.services.troubles import Troubles
from tests.scenario.clock import VirtualClock

COUNT = 40_000
LOOKS_A_DAY = 1_440


class Many:
    """A list of many recordings, and the place where they all are."""

    def __init__(self) -> None:
        self.reached: Round | None = None
        self.looked_for = 0

    async def count(self) -> int:
        return COUNT

    async def behind(self, recording_id: RecordingId, limit: int, _: datetime) -> tuple[Listed, ...]:
        first = int(recording_id or "-1") + 1
        numbers = range(first, min(first + limit, COUNT))
        return tuple(Listed(RecordingId(f"{number:08}"), "default", CallUuid("C")) for number in numbers)

    async def has(self, _: RecordingId) -> bool:
        return True

    async def round(self) -> Round | None:
        return self.reached

    async def set_round(self, reached: Round) -> None:
        self.reached = reached

    async def missing(self, _: RecordingId) -> Sequence[str]:
        self.looked_for += 1
        return ()


async def test_a_round_takes_a_day_and_no_look_much_more_than_its_share() -> None:
    many, clock = Many(), VirtualClock()
    stocktaking = Stocktaking(many, many, Troubles(), clock)
    most = 0
    for _ in range(LOOKS_A_DAY - 1):
        before = many.looked_for
        await stocktaking.look()
        most = max(most, many.looked_for - before)
        await clock.advance(60.0)
    assert many.looked_for == COUNT
    assert most <= 2 * COUNT / LOOKS_A_DAY
