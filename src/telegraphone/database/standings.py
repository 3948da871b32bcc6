"""What keeps recordings, and the stones of those erased, in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Update, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.outbox import put_happenings
from telegraphone.database.summing import renounce
from telegraphone.database.tables import (
    CLAIMED,
    copies,
    copy_links,
    export_contents,
    holds,
    labels,
    parts,
    purposes,
    recordings,
    snapshots,
    tombstones,
    traits,
    unstored,
)
from telegraphone.domain.ids import CallUuid
from telegraphone.services.keeping import Standing, Tombstone, erasure_of


class SqlStandings:
    """`Standings` over a database. Who changes something of a recording writes its row first, which lets others wait: so
    that a hold and an end cannot both come in."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[Standing, ...]:
        """See `Standings.of`."""
        protected = select(recordings.c.call_uuid).where(
            recordings.c.tenant == tenant, recordings.c.call_uuid.in_(call_uuids), recordings.c.non_delete
        )
        held = select(holds.c.call_uuid, holds.c.matter).where(holds.c.tenant == tenant, holds.c.call_uuid.in_(call_uuids))
        matters: dict[str, list[str]] = {}
        async with transaction(self._engine) as connection:
            for row in await connection.execute(held.order_by(holds.c.matter)):
                matters.setdefault(row.call_uuid, []).append(row.matter)
            kept = set((await connection.execute(protected)).scalars())
        return tuple(Standing(each in kept, tuple(matters.get(each, ()))) for each in call_uuids)

    async def protect(self, tenant: str, call_uuid: CallUuid, *, on: bool) -> None:
        """See `Standings.protect`."""
        async with transaction(self._engine) as connection:
            await connection.execute(_row(tenant, call_uuid).values(non_delete=on))

    async def hold(self, tenant: str, call_uuid: CallUuid, matter: str, by: tuple[str, datetime]) -> bool:
        """See `Standings.hold`."""
        user_name, placed_at = by
        row = {"tenant": tenant, "call_uuid": call_uuid, "matter": matter, "user_name": user_name, "placed_at": placed_at}
        its_own = (holds.c.tenant == tenant, holds.c.call_uuid == call_uuid, holds.c.matter == matter)
        async with writing(self._engine) as connection:
            if not await locked(connection, tenant, call_uuid):
                return False
            if not await connection.scalar(select(exists().where(*its_own))):
                await connection.execute(insert(holds).values(row))
            return True

    async def release(self, tenant: str, call_uuid: CallUuid, matter: str) -> None:
        """See `Standings.release`."""
        its_own = (holds.c.tenant == tenant, holds.c.call_uuid == call_uuid, holds.c.matter == matter)
        async with writing(self._engine) as connection:
            await connection.execute(delete(holds).where(*its_own))

    async def claim(self, tenant: str, call_uuid: CallUuid) -> bool:
        """See `Standings.claim`."""
        held = exists().where(holds.c.tenant == tenant, holds.c.call_uuid == call_uuid)
        async with transaction(self._engine) as connection:
            await locked(connection, tenant, call_uuid)
            free = _row(tenant, call_uuid).where(recordings.c.non_delete.is_(False), ~held)
            return bool((await connection.execute(free.values(state=CLAIMED))).rowcount)

    async def renounce(self, tenant: str, call_uuid: CallUuid) -> None:
        """See `Standings.renounce`."""
        async with writing(self._engine) as connection:
            await renounce(connection, tenant, call_uuid)

    async def bury(self, tombstone: Tombstone) -> None:
        """See `Standings.bury`."""
        tenant, call_uuid = tombstone.tenant, tombstone.call_uuid
        stone = {"tenant": tenant, "call_uuid": call_uuid, "erased_at": tombstone.erased_at}
        words = {"statement": tombstone.statement, "signature": tombstone.signature}
        async with writing(self._engine) as connection:
            gone = (
                export_contents,
                parts,
                traits,
                labels,
                purposes,
                snapshots,
                copy_links,
                recordings,
                tombstones,
                unstored,
            )
            for table in gone:
                await connection.execute(delete(table).where(table.c.tenant == tenant, table.c.call_uuid == call_uuid))
            # That there was a copy of the call remains, for who would mend another by a third: it may have kept something out.
            its_own = (copies.c.tenant == tenant, copies.c.call_uuid == call_uuid)
            await connection.execute(update(copies).where(*its_own).values(parties="[]", facts="{}"))
            await connection.execute(insert(tombstones).values(stone | words))
            await put_happenings(connection, (erasure_of(tombstone),))

    async def hold_all(self, tenant: str, call_uuids: Sequence[CallUuid], matter: str, by: tuple[str, datetime]) -> int:
        """See `Matters.hold_all`."""
        there = select(recordings.c.call_uuid).where(
            recordings.c.tenant == tenant, recordings.c.call_uuid.in_(call_uuids), recordings.c.state != CLAIMED
        )
        known = select(holds.c.call_uuid).where(
            holds.c.tenant == tenant, holds.c.call_uuid.in_(call_uuids), holds.c.matter == matter
        )
        # In one order, so that two who hold many at once do not wait for each other.
        async with writing(self._engine) as connection:
            wanted = (await connection.execute(there.order_by(recordings.c.call_uuid).with_for_update())).scalars().all()
            held = set((await connection.execute(known)).scalars())
            row = {"tenant": tenant, "matter": matter, "user_name": by[0], "placed_at": by[1]}
            new = [{**row, "call_uuid": each} for each in wanted if each not in held]
            if new:
                await connection.execute(insert(holds), new)
            return len(wanted)

    async def release_all(self, tenant: str, matter: str) -> int:
        """See `Matters.release_all`."""
        async with writing(self._engine) as connection:
            gone = await connection.execute(delete(holds).where(holds.c.tenant == tenant, holds.c.matter == matter))
            return gone.rowcount

    async def tombstone(self, tenant: str, call_uuid: CallUuid) -> Tombstone | None:
        """See `Matters.tombstone`."""
        wanted = select(tombstones).where(tombstones.c.tenant == tenant, tombstones.c.call_uuid == call_uuid)
        async with transaction(self._engine) as connection:
            row = (await connection.execute(wanted)).mappings().first()
        return Tombstone(**row) if row is not None else None


def _row(tenant: str, call_uuid: CallUuid) -> Update:
    return update(recordings).where(recordings.c.tenant == tenant, recordings.c.call_uuid == call_uuid)


async def locked(connection: AsyncConnection, tenant: str, call_uuid: CallUuid) -> bool:
    """Makes everybody else wait who would change the recording; False when there is none, or it is claimed."""
    same = _row(tenant, call_uuid).where(recordings.c.state != CLAIMED)
    return bool((await connection.execute(same.values(state=recordings.c.state))).rowcount)
