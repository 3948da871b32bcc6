"""The end of the trail is signed when it has moved, and what was signed before is looked after."""

import json
from datetime import UTC, datetime

import pytest

from telegraphone.database.memory import MemoryAuditTrail
from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.services.audit import Deed, Head
from telegraphone.services.checkpoints import Checkpoint, Checkpoints, everything, flaws
from telegraphone.services.ports import Unavailable
from telegraphone.storage.notary import SignedStatements
from tests.scenario.clock import VirtualClock

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Office:
    """A trail in memory, what signs its end, and a place that may be away."""

    def __init__(self) -> None:
        clock = VirtualClock(NOON)
        self.trail = MemoryAuditTrail(clock)
        self.kept: list[Checkpoint] = []
        self.away = False
        self.checkpoints = Checkpoints(self.trail, SignedStatements(MemoryKeyStore(clock.entropy)), [self], clock)

    async def keep(self, checkpoint: Checkpoint) -> None:
        """A `CheckpointPlace`."""
        if self.away:
            raise Unavailable("checkpoints")
        self.kept.append(checkpoint)

    async def write(self, count: int) -> None:
        for number in range(count):
            await self.trail.write(Deed("supervisor.one", "play", f"A-{number}", "begun"))


async def test_each_place_gets_the_newest_end_once() -> None:
    office = Office()
    for away, count in ((False, 0), (False, 2), (False, 0), (True, 1), (True, 1), (False, 0)):
        office.away = away
        await office.write(count)
        await office.checkpoints.make()
    assert [each.head.number for each in office.kept] == [2, 4]
    assert json.loads(office.kept[1].statement)["hash"] == office.trail.lines[-1].hash


async def test_a_running_node_says_that_what_it_signed_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    office = Office()
    await office.write(4)
    await office.checkpoints.make()
    await office.write(1)
    await office.checkpoints.make()
    assert "audit_trail_altered" not in capsys.readouterr().out
    del office.trail.lines[2:]
    await office.checkpoints.make()
    assert "audit_trail_altered" in capsys.readouterr().out


async def test_a_database_that_is_away_keeps_the_checkpoint_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    await office.write(1)

    async def away() -> Head:
        raise Unavailable("database")

    with monkeypatch.context() as gone:
        gone.setattr(office.trail, "head", away)
        await office.checkpoints.make()
    assert office.kept == []
    await office.checkpoints.make()
    assert len(office.kept) == 1


async def test_a_trail_without_a_line_has_no_flaw() -> None:
    assert [flaw async for flaw in flaws(everything(Office().trail), Head(), ())] == []
