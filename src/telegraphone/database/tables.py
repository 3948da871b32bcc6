"""The tables, as data: what the queries are written against and what the newest migration must amount to.

A *recording* is a call with at least one part; its row holds what searches compare, so that a search reads one index
instead of gathering parts. Numbers are kept twice: as signalled, and as letters and digits only, which is how they are
compared (gws-api 13.2). Every row belongs to a tenant; ids that others may choose are unique within it only.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

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


TENANT = String(64)

Name = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared and put in order by its characters' numbers, in every database and wherever it runs."""

parts = Table(
    "parts",
    metadata,
    Column("recording_id", String(36), primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("call_uuid", Name, nullable=False),
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
    Column("user_data", Text, nullable=False),
    Column("bytes_stored", BigInteger, nullable=False),
    Index("parts_by_call", "tenant", "call_uuid", "started_at"),
    Index("parts_by_end", "stopped_at"),
)

CLAIMED: Final = "erasing"
"""The state of a recording that is claimed for its end (`services.keeping`)."""

recordings = Table(
    "recordings",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("call_uuid", Name, primary_key=True),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ani_compared", Name, nullable=False),
    Column("dnis_compared", Name, nullable=False),
    Column("duration_ms", BigInteger, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("bytes_stored", BigInteger, nullable=False),
    Column("words", Name, nullable=False),
    Column("findable", Boolean, nullable=False),
    Column("non_delete", Boolean, nullable=False),
    Column("kept_from", Instant),
    Index("recordings_by_time", "tenant", "findable", "began_at", "call_uuid"),
    Index("recordings_by_ani", "tenant", "ani_compared", "began_at"),
    Index("recordings_by_dnis", "tenant", "dnis_compared", "began_at"),
    Index("recordings_by_state", "tenant", "state", "began_at"),
    Index("recordings_by_pause", "tenant", "paused", "began_at"),
    Index("recordings_by_duration", "tenant", "duration_ms"),
    Index("recordings_by_keeping", "kept_from", "call_uuid", "tenant"),
)
"""PostgreSQL has indexes of trigrams and of words besides, which no other database knows (migrations 0004, 0015)."""

traits = Table(
    "traits",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("value", Name, primary_key=True),
    Column("began_at", Instant, primary_key=True),
    Column("call_uuid", Name, primary_key=True),
    Index("traits_by_call", "tenant", "call_uuid", "kind", "value"),
)

labels = Table(
    "labels",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("call_uuid", Name, primary_key=True),
    Column("name", Name, primary_key=True),
    Column("value", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("labelled_at", Instant, nullable=False),
)

label_definitions = Table(
    "label_definitions",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("name", Name, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("description", Text, nullable=False),
)

holds = Table(
    "holds",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("call_uuid", Name, primary_key=True),
    Column("matter", Name, primary_key=True),
    Column("user_name", Text, nullable=False),
    Column("placed_at", Instant, nullable=False),
    Index("holds_by_matter", "tenant", "matter"),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("call_uuid", Name, primary_key=True),
    Column("erased_at", Instant, nullable=False),
    Column("statement", Text, nullable=False),
    Column("signature", Text, nullable=False),
)

audit_lines = Table(
    "audit_lines",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("tenant", TENANT, nullable=False),
    Column("written_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("result", String(64), nullable=False),
    Column("origin", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("before", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("audit_lines_by_subject", "tenant", "subject"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""One row, that says where the trail ends; who writes a line moves it first."""

desks = Table(
    "desks",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("user_name", Name, primary_key=True),
    Column("signed_in", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("do_not_disturb", Boolean, nullable=False),
    Column("forward_to", Text, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("user_name", Name, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("tokens_by_user", "tenant", "user_name"),
)

happenings = Table(
    "happenings",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("tenant", TENANT, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("call_uuid", Name, nullable=False),
    Column("recording_id", String(36), nullable=False),
    Column("happened_at", Instant, nullable=False),
    Column("detail", Text, nullable=False),
    Index("happenings_by_tenant", "tenant", "number"),
    Index("happenings_by_time", "happened_at"),
    # A number is never given twice, not even after everything was forgotten.
    sqlite_autoincrement=True,
)

unstored = Table(
    "unstored",
    metadata,
    Column("recording_id", String(36), primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("call_uuid", Name, nullable=False),
    Column("detail", Text, nullable=False),
)
"""Media files that have ended and are not yet proved to be where recordings are sent, with what is told of them then."""

webhook_places = Table(
    "webhook_places",
    metadata,
    Column("webhook", Name, primary_key=True),
    Column("told", BigInteger, nullable=False),
)

export_jobs = Table(
    "export_jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("user_name", Name, nullable=False),
    Column("actor", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("sealed", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("recordings", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("finished_at", Instant),
    Column("reason", Text, nullable=False),
    Column("purpose", Text, nullable=False),
)

export_contents = Table(
    "export_contents",
    metadata,
    Column("job", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("tenant", TENANT, nullable=False),
    Column("call_uuid", Name, nullable=False),
    Column("files", Text),
    Column("documents", LargeBinary),
    Index("export_contents_by_call", "tenant", "call_uuid"),
)
"""What packages hold of recordings; `files` are absent until a recording was looked through."""

copies = Table(
    "copies",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("call_uuid", Name, primary_key=True),
    Column("conversation", Name, nullable=False),
    Column("client", Text, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("parties", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("snapshots", Integer, nullable=False),
    Index("copies_by_conversation", "tenant", "conversation"),
)

copy_links = Table(
    "copy_links",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("link", Name, primary_key=True),
    Column("call_uuid", Name, primary_key=True),
    Index("copy_links_by_call", "tenant", "call_uuid"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("call_uuid", Name, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("received_at", Instant, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("error", Text, nullable=False),
)

retention_clock = Table(
    "retention_clock",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("reached_at", Instant, nullable=False),
)
"""How far time has come, in one row, for who must not believe a wrong date."""

stocktaking = Table(
    "stocktaking",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("begun_at", Instant, nullable=False),
    Column("recordings", BigInteger, nullable=False),
    Column("behind", String(36)),
)
"""How far the round has come that looks for every recording, in one row; `behind` is absent when it is over."""

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("action", String(16), nullable=False),
    Column("subject", Text, nullable=False),
    Column("user_name", Name, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("approved_by", Text, nullable=False),
    Index("approvals_by_time", "tenant", "asked_at"),
)
"""What waits for a second person, or was approved by one and is not done yet."""

purposes = Table(
    "purposes",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("call_uuid", Name, primary_key=True),
    Column("user_name", Name, primary_key=True),
    Column("words", Text, nullable=False),
    Column("until", Instant, nullable=False),
    Index("purposes_by_end", "until"),
)
"""What people hear recordings for."""
