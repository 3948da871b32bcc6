"""What every audit trail promises: lines in one chain, in which nothing is changed, removed, moved or put back unseen (F41)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from typer.testing import CliRunner

from telegraphone.cli import app
from telegraphone.database.audit import SqlAuditTrail
from telegraphone.database.engine import migrate, open_engine, sqlite_url, transaction
from telegraphone.database.memory import MemoryAuditTrail
from telegraphone.database.tables import audit_head, audit_lines
from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.services.audit import AuditLine, AuditTrail, Deed, Head
from telegraphone.services.checkpoints import Checkpoints, everything, flaws
from telegraphone.storage.checkpoints import BadCheckpoint, KeptCheckpoints, read_checkpoints
from telegraphone.storage.folder import Folder
from telegraphone.storage.notary import SignedStatements
from tests.contract.databases import KINDS, database
from tests.postgresql import Server
from tests.scenario.clock import VirtualClock
from tests.seeds import chance

NOON = datetime(2026, 11, 24, 12, 0, 0, 123_456, tzinfo=UTC)
DEEDS = (
    Deed("supervisor.one", "play", "A-1", "begun", {"bytes": "0-43"}, origin="192.0.2.7"),
    Deed("supervisor.far", "play", "A-2", "begun", {"purpose": 'Stížnost "7" \\ \u2028'}, tenant="other"),
)
LINES = 12


@dataclass
class Office:
    """A trail, the key that signs its ends, and the folder on another machine where they are kept."""

    trail: AuditTrail
    engine: AsyncEngine | None
    folder: Path
    keys: MemoryKeyStore
    checkpoints: Checkpoints

    async def write(self, count: int) -> None:
        for number in range(count):
            await self.trail.write(replace(DEEDS[number % 2], subject=f"A-{number}"))

    def signed(self) -> tuple[Head, ...]:
        return read_checkpoints(self.folder, {self.keys.public_key()})

    async def flaws(self, *, with_checkpoints: bool = True) -> list[str]:
        signed = self.signed() if with_checkpoints else ()
        return [str(flaw) async for flaw in flaws(everything(self.trail), await self.trail.head(), signed)]


def _office(trail: AuditTrail, engine: AsyncEngine | None, folder: Path) -> Office:
    clock, away = VirtualClock(NOON), folder / "away"
    keys = MemoryKeyStore(clock.entropy)
    away.mkdir()
    return Office(trail, engine, away, keys, Checkpoints(trail, SignedStatements(keys), [KeptCheckpoints(Folder(away))], clock))


@pytest.fixture(params=("memory", *KINDS))
async def office(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Server) -> AsyncIterator[Office]:
    if request.param == "memory":
        yield _office(MemoryAuditTrail(VirtualClock(NOON)), None, tmp_path)
        return
    async with database(request.param, tmp_path, postgresql) as engine:
        yield _office(SqlAuditTrail(engine, VirtualClock(NOON)), engine, tmp_path)


async def test_lines_are_kept_in_order_and_in_one_chain(office: Office) -> None:
    for deed in DEEDS:
        await office.trail.write(deed)
    lines = await office.trail.after(0, 10)
    assert [(line.written_at, line.deed) for line in lines] == [(NOON, deed) for deed in DEEDS]
    assert [(line.number, line.before) for line in lines] == [(1, Head().hash), (2, lines[0].hash)]
    assert await office.trail.head() == Head(2, lines[1].hash)
    assert await office.trail.after(1, 10) == lines[1:]
    assert [line.deed.subject for line in await office.trail.about("other", ["A-1", "A-2"], 10)] == ["A-2"]
    assert await office.flaws() == []


async def test_many_at_once_make_one_chain(office: Office) -> None:
    await asyncio.gather(*(office.write(5) for _ in range(6)))
    assert [line.number for line in await office.trail.after(0, 100)] == list(range(1, 31))
    assert await office.flaws() == []


async def test_a_checkpoint_signs_the_end_whenever_it_has_moved(office: Office) -> None:
    for count in (0, 3, 0, 2):
        await office.write(count)
        await office.checkpoints.make()
    assert [head.number for head in office.signed()] == [3, 5]
    assert office.signed()[-1] == await office.trail.head()
    assert await office.flaws() == []


async def test_a_place_that_is_away_gets_the_newest_end_when_it_is_back(office: Office) -> None:
    there, gone = office.folder, office.folder.with_name("gone")
    await office.write(1)
    there.rename(gone)
    await office.checkpoints.make()
    await office.write(1)
    await office.checkpoints.make()
    gone.rename(there)
    await office.checkpoints.make()
    assert [head.number for head in office.signed()] == [2]


async def test_a_checkpoint_is_believed_by_its_signature_only(office: Office) -> None:
    await office.write(2)
    await office.checkpoints.make()
    [file] = office.folder.rglob("*.json")
    with pytest.raises(BadCheckpoint):
        read_checkpoints(office.folder, {b"\1" * 32})
    document = msgspec.json.decode(file.read_bytes())
    for forged in (
        {**document, "statement": document["statement"].replace('"number":2', '"number":1')},
        {},
        [],
        {"statement": 1},
    ):
        file.write_bytes(msgspec.json.encode(forged))
        with pytest.raises(BadCheckpoint):
            office.signed()


# --- whoever owns the database ------------------------------------------------------------------------------------

Crime = Callable[[AsyncConnection, int], AsyncIterator[None]]
N = audit_lines.c.number


async def _changed(connection: AsyncConnection, place: int) -> list[str]:
    await connection.execute(update(audit_lines).where(place == N).values(actor="somebody.else"))
    return [f"line {place}: is not what was written"]


async def _changed_with_its_hash(connection: AsyncConnection, place: int) -> list[str]:
    line = await _line(connection, place)
    forged = AuditLine.behind(Head(place - 1, line.before), NOON, Deed("x", "y", "z", "done"))
    await connection.execute(update(audit_lines).where(place == N).values(_row(forged)))
    return [f"lines {place} to {place + 1}: do not belong together: one was changed or moved"]


async def _removed(connection: AsyncConnection, place: int) -> list[str]:
    await connection.execute(delete(audit_lines).where(place == N))
    return [f"line {place}: missing"]


async def _removed_and_closed_up(connection: AsyncConnection, place: int) -> list[str]:
    await connection.execute(delete(audit_lines).where(place == N))
    for number in range(place + 1, LINES + 1):
        await connection.execute(update(audit_lines).where(number == N).values(number=number - 1))
    return [f"lines {place - 1} to {place}: do not belong together: one was changed or moved"]


async def _swapped(connection: AsyncConnection, place: int) -> list[str]:
    for before, after in ((place, 999), (place + 1, place), (999, place + 1)):
        await connection.execute(update(audit_lines).where(before == N).values(number=after))
    return [f"lines {place - 1} to {place}: do not belong together: one was changed or moved"]


async def _inserted(connection: AsyncConnection, place: int) -> list[str]:
    for number in range(LINES, place, -1):
        await connection.execute(update(audit_lines).where(number == N).values(number=number + 1))
    line = await _line(connection, place)
    forged = AuditLine.behind(Head(place, line.hash), NOON, Deed("x", "y", "z", "done"))
    await connection.execute(insert(audit_lines).values(_row(forged)))
    return [f"lines {place + 1} to {place + 2}: do not belong together: one was changed or moved"]


async def _cut(connection: AsyncConnection, place: int) -> list[str]:
    await connection.execute(delete(audit_lines).where(place < N))
    return [f"lines {place + 1} to {LINES}: are missing: the end was cut off, or an older copy put back"]


async def _rolled_back(connection: AsyncConnection, place: int) -> list[str]:
    """The database of yesterday: whole in itself."""
    await _cut(connection, place)
    line = await _line(connection, place)
    await connection.execute(update(audit_head).values(number=place, hash=line.hash))
    return [f"lines {place + 1} to {LINES}: are missing: the end was cut off, or an older copy put back"]


async def _rewritten(connection: AsyncConnection, place: int) -> list[str]:
    """Everything from a place on, with hashes that fit, and its end."""
    line = await _line(connection, place)
    head = Head(place - 1, line.before)
    for _ in range(place, LINES + 1):
        forged = AuditLine.behind(head, NOON, Deed("x", "y", "z", "done"))
        await connection.execute(update(audit_lines).where(forged.number == N).values(_row(forged)))
        head = Head(forged.number, forged.hash)
    await connection.execute(update(audit_head).values(number=head.number, hash=head.hash))
    first = LINES // 2 + 1 if place > LINES // 2 else 1
    signed = [f"lines {first} to {LINES}: were rewritten: a checkpoint signed another trail"]
    if place <= LINES // 2:
        half, rest = f"lines 1 to {LINES // 2}", f"lines {LINES // 2 + 1} to {LINES}"
        signed = [f"{each}: were rewritten: a checkpoint signed another trail" for each in (half, rest)]
    return signed


async def _line(connection: AsyncConnection, place: int) -> AuditLine:
    row = (await connection.execute(select(audit_lines).where(place == N))).one()
    return AuditLine(row.written_at, DEEDS[0], row.number, row.before, row.hash)


def _row(line: AuditLine) -> dict[str, object]:
    its = {"actor": "x", "action": "y", "subject": "z", "result": "done", "origin": "", "detail": "{}", "tenant": "default"}
    return its | {"number": line.number, "before": line.before, "hash": line.hash, "written_at": line.written_at}


WITHIN = (_changed, _changed_with_its_hash, _removed, _removed_and_closed_up, _swapped, _inserted)
"""What the chain itself shows."""
BEHIND = (_cut, _rolled_back, _rewritten)
"""What only a checkpoint shows, at least when the end that the trail names was moved too."""


@pytest.mark.parametrize("crime", [*WITHIN, *BEHIND], ids=lambda each: each.__name__[1:])
@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_is_done_to_the_trail_is_found_and_its_place_named(
    crime: Callable[[AsyncConnection, int], object], kind: str, tmp_path: Path, postgresql: Server
) -> None:
    """F41, CMP-3: edited, deleted, inserted, tail cut, reordered, rolled back, at places by chance of a seed."""
    place = chance(crime.__name__).randint(2, LINES - 2)
    async with database(kind, tmp_path, postgresql) as engine:
        office = _office(SqlAuditTrail(engine, VirtualClock(NOON)), engine, tmp_path)
        for _ in range(2):
            await office.write(LINES // 2)
            await office.checkpoints.make()
        assert await office.flaws() == []
        async with transaction(engine) as connection:
            expected = await crime(connection, place)  # type: ignore[misc]  # each is a coroutine function
        assert (await office.flaws())[: len(expected)] == expected
        alone = await office.flaws(with_checkpoints=False)
        assert bool(alone) == (crime not in (_rolled_back, _rewritten)), "else no checkpoint would be needed"


# --- the commands -------------------------------------------------------------------------------------------------


def test_a_trail_is_taken_out_and_proved_on_another_machine(tmp_path: Path) -> None:
    """CMP-3, CMP-6: nothing but the file, the checkpoints and the public key is needed."""
    config, data, out = tmp_path / "telegraphone.toml", tmp_path / "telegraphone-data", tmp_path / "trail.jsonl"
    config.write_text('[server]\nexternal_url = "http://127.0.0.1:8080"\n')
    data.mkdir()

    async def make() -> Office:
        engine = open_engine(sqlite_url(data / "telegraphone.db"))
        await migrate(engine)
        office = _office(SqlAuditTrail(engine, VirtualClock(NOON)), engine, tmp_path)
        await office.write(LINES)
        await office.checkpoints.make()
        await engine.dispose()
        return office

    office = asyncio.run(make())
    run = CliRunner().invoke
    kept = ["--checkpoints", str(office.folder), "--signer", office.keys.public_key().hex()]
    done = run(app, ["audit", "export", "--config", str(config), "--to", str(out)])
    assert (done.exit_code, len(out.read_bytes().splitlines())) == (0, LINES)
    for where in (["--config", str(config)], ["--file", str(out)]):
        done = run(app, ["audit", "verify", *where, *kept])
        assert (done.exit_code, done.output.strip()) == (0, f"{LINES} lines, signed up to line {LINES}: intact")
    out.write_bytes(out.read_bytes().replace(b"A-5", b"A-6", 1))
    done = run(app, ["audit", "verify", "--file", str(out)])
    assert done.exit_code == 1
    assert "line 6: is not what was written" in done.output
    assert run(app, ["audit", "verify", "--file", str(out), *kept[:2]]).exit_code == 2
    assert run(app, ["audit", "verify", "--file", str(tmp_path / "nothing")]).exit_code == 1
    out.write_bytes(b"{}\n")
    assert run(app, ["audit", "verify", "--file", str(out)]).exit_code == 1
