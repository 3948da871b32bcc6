"""Label definitions and the labels of recordings in SQL: `Definitions` and `Labelled`."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.standings import locked
from telegraphone.database.summing import sum_up
from telegraphone.database.tables import label_definitions, labels
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.labels import Label, LabelDefinition


class SqlLabels:
    """`Definitions` and `Labelled` over a database. What searches find follows in the same transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def definitions(self, tenant: str) -> tuple[LabelDefinition, ...]:
        """See `Definitions.definitions`."""
        wanted = select(label_definitions).where(label_definitions.c.tenant == tenant).order_by(label_definitions.c.name)
        async with transaction(self._engine) as connection:
            rows = await connection.execute(wanted)
            return tuple(LabelDefinition(row.name, row.display_name, row.description) for row in rows)

    async def define(self, tenant: str, definition: LabelDefinition) -> bool:
        """See `Definitions.define`."""
        row = {"tenant": tenant, "name": definition.name, **_said(definition)}
        async with writing(self._engine) as connection:
            try:
                async with connection.begin_nested():
                    await connection.execute(insert(label_definitions).values(row))
            except IntegrityError:
                return False
            return True

    async def redefine(self, tenant: str, definition: LabelDefinition) -> bool:
        """See `Definitions.redefine`."""
        its_own = _of_definition(tenant, definition.name)
        async with writing(self._engine) as connection:
            changed = await connection.execute(update(label_definitions).where(*its_own).values(_said(definition)))
            return bool(changed.rowcount)

    async def undefine(self, tenant: str, name: str) -> bool:
        """See `Definitions.undefine`."""
        async with writing(self._engine) as connection:
            gone = await connection.execute(delete(label_definitions).where(*_of_definition(tenant, name)))
            return bool(gone.rowcount)

    async def of(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[tuple[Label, ...], ...]:
        """See `Labelled.of`."""
        wanted = select(labels).where(labels.c.tenant == tenant, labels.c.call_uuid.in_(call_uuids)).order_by(labels.c.name)
        async with transaction(self._engine) as connection:
            found = [(row.call_uuid, Label(row.name, row.value, row.user_name, row.labelled_at))
                     for row in await connection.execute(wanted)]  # fmt: skip
        return tuple(tuple(label for call_uuid, label in found if call_uuid == each) for each in call_uuids)

    async def add(self, tenant: str, call_uuid: CallUuid, label: Label) -> bool:
        """See `Labelled.add`."""
        row = {"tenant": tenant, "call_uuid": call_uuid, "name": label.name, **_put(label)}
        async with writing(self._engine) as connection:
            await _must_be_there(connection, tenant, call_uuid)
            if await connection.scalar(select(exists().where(*_of_label(tenant, call_uuid, label.name)))):
                return False
            await connection.execute(insert(labels).values(row))
            await sum_up(connection, tenant, (call_uuid,))
            return True

    async def change(self, tenant: str, call_uuid: CallUuid, label: Label) -> bool:
        """See `Labelled.change`."""
        its_own = _of_label(tenant, call_uuid, label.name)
        async with writing(self._engine) as connection:
            await _must_be_there(connection, tenant, call_uuid)
            changed = await connection.execute(update(labels).where(*its_own).values(_put(label)))
            if changed.rowcount:
                await sum_up(connection, tenant, (call_uuid,))
            return bool(changed.rowcount)

    async def remove(self, tenant: str, call_uuid: CallUuid, name: str) -> bool:
        """See `Labelled.remove`."""
        async with writing(self._engine) as connection:
            await _must_be_there(connection, tenant, call_uuid)
            gone = await connection.execute(delete(labels).where(*_of_label(tenant, call_uuid, name)))
            if gone.rowcount:
                await sum_up(connection, tenant, (call_uuid,))
            return bool(gone.rowcount)


async def _must_be_there(connection: AsyncConnection, tenant: str, call_uuid: CallUuid) -> None:
    if not await locked(connection, tenant, call_uuid):
        raise KeyError(call_uuid)


def _said(definition: LabelDefinition) -> dict[str, str]:
    return {"display_name": definition.display_name, "description": definition.description}


def _put(label: Label) -> dict[str, object]:
    return {"value": label.value, "user_name": label.user_name, "labelled_at": label.labelled_at}


def _of_definition(tenant: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return (label_definitions.c.tenant == tenant, label_definitions.c.name == name)


def _of_label(tenant: str, call_uuid: CallUuid, name: str) -> tuple[ColumnElement[bool], ...]:
    return (labels.c.tenant == tenant, labels.c.call_uuid == call_uuid, labels.c.name == name)
