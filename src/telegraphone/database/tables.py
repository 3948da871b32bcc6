"""The tables, as data: what the queries are written against and what the newest migration must amount to.

A *recording* is a call with at least one part; its row holds what searches compare, so that a search reads one index
instead of gathering parts. Numbers are kept twice: as signalled, and as letters and digits only, which is how they are
compared (gws-api 13.2).
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Boolean, Column, Dialect, Index, Integer, MetaData, String, Table, Text, TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """An aware time, kept as microseconds since 1970 UTC: exact, sortable, and the same in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else _EPOCH + value * _MICROSECOND


parts = Table(
    "parts",
    metadata,
    Column("recording_id", String(36), primary_key=True),
    Column("call_uuid", String(64), nullable=False),
    Column("conn_id", String(32), nullable=False),
    Column("name", Text, nullable=False),
    Column("ani", Text, nullable=False),
    Column("dnis", Text, nullable=False),
    Column("recorded_dn", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("stopped_at", Instant),
    Column("duration_ms", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("history", Text, nullable=False),
    Index("parts_by_call", "call_uuid", "started_at"),
    Index("parts_by_user", "user_name", "call_uuid"),
    Index("parts_by_end", "stopped_at"),
)

recordings = Table(
    "recordings",
    metadata,
    Column("call_uuid", String(64), primary_key=True),
    Column("began_at", Instant, nullable=False),
    Column("ani_compared", Text, nullable=False),
    Column("dnis_compared", Text, nullable=False),
    Column("findable", Boolean, nullable=False),
    Index("recordings_by_time", "findable", "began_at", "call_uuid"),
)

audit_lines = Table(
    "audit_lines",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("written_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("result", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Index("audit_lines_by_subject", "subject"),
)

desks = Table(
    "desks",
    metadata,
    Column("user_name", Text, primary_key=True),
    Column("signed_in", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("do_not_disturb", Boolean, nullable=False),
    Column("forward_to", Text, nullable=False),
)
