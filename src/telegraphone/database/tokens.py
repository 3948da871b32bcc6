"""API tokens in SQL: one row for each, with a hash of its secret."""

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.tables import tokens
from telegraphone.domain.tokens import ApiToken

_SCOPES = msgspec.json.Decoder(frozenset[str])


class SqlTokens:
    """A `TokenStore` over a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, token: ApiToken) -> None:
        """See `TokenStore.put`."""
        row = {name: getattr(token, name) for name in tokens.c.keys()}  # noqa: SIM118 -- the names, not the columns
        row["scopes"] = msgspec.json.encode(sorted(token.scopes)).decode()
        async with writing(self._engine) as connection:
            await connection.execute(delete(tokens).where(tokens.c.id == token.id))
            await connection.execute(insert(tokens).values(row))

    async def find(self, token_id: str) -> ApiToken | None:
        """See `TokenStore.find`."""
        async with transaction(self._engine) as connection:
            row = (await connection.execute(select(tokens).where(tokens.c.id == token_id))).mappings().first()
        return _token(row) if row is not None else None

    async def of(self, tenant: str, user_name: str | None = None) -> tuple[ApiToken, ...]:
        """See `TokenStore.of`."""
        wanted = select(tokens).where(tokens.c.tenant == tenant).order_by(tokens.c.created_at.desc(), tokens.c.id)
        if user_name is not None:
            wanted = wanted.where(tokens.c.user_name == user_name)
        async with transaction(self._engine) as connection:
            return tuple(_token(row) for row in (await connection.execute(wanted)).mappings())

    async def used(self, token: ApiToken) -> None:
        """See `TokenStore.used`."""
        async with writing(self._engine) as connection:
            await connection.execute(update(tokens).where(tokens.c.id == token.id).values(used_at=token.used_at))

    async def end(self, token_id: str) -> None:
        """See `TokenStore.end`."""
        async with writing(self._engine) as connection:
            await connection.execute(delete(tokens).where(tokens.c.id == token_id))


def _token(row: RowMapping) -> ApiToken:
    return ApiToken(**{**row, "scopes": _SCOPES.decode(row["scopes"])})
