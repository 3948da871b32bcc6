"""Agents' desks in SQL: one row for each agent who was ever at work, or sent calls elsewhere."""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.tables import desks
from telegraphone.services.desks import KeptDesk


class SqlDesks:
    """`Desks` over a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, desk: KeptDesk) -> None:
        """See `Desks.put`."""
        row = {
            "tenant": desk.tenant,
            "user_name": desk.user_name,
            "signed_in": desk.signed_in,
            "state": desk.state,
            "do_not_disturb": desk.do_not_disturb,
            "forward_to": desk.forward_to,
        }
        async with writing(self._engine) as connection:
            known = (desks.c.tenant == desk.tenant, desks.c.user_name == desk.user_name)
            await connection.execute(delete(desks).where(*known))
            await connection.execute(insert(desks).values(row))

    async def all(self) -> tuple[KeptDesk, ...]:
        """See `Desks.all`."""
        async with transaction(self._engine) as connection:
            rows = await connection.execute(select(desks).order_by(desks.c.tenant, desks.c.user_name))
            return tuple(KeptDesk(**row) for row in rows.mappings())
