"""Tenants, and what searches and the life of a recording need: sums, traits, labels, holds, tombstones.

The rows of `recordings` are sums of `parts`, so they are made anew: the old table goes, and the new one is filled from
the parts by the rules of that time, written down here because later rules may differ.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TENANT = sa.String(64)
_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Gives every table its tenant and makes those that are new."""
    _widen_parts()
    _make_recordings()
    _make_traits()
    _sum_up_recordings()
    _make_labels()
    _make_life()
    _widen_audit_lines()
    _widen_desks()


def _with_default(name: str, kind: sa.types.TypeEngine[Any], default: str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=default)


def _widen_parts() -> None:
    op.drop_index("parts_by_call", "parts")
    op.drop_index("parts_by_user", "parts")
    op.add_column("parts", _with_default("tenant", _TENANT, "default"))
    op.add_column("parts", _with_default("user_data", sa.Text(), "{}"))
    op.add_column("parts", _with_default("bytes_stored", sa.BigInteger(), "0"))
    with op.batch_alter_table("parts") as batch:
        batch.alter_column("call_uuid", type_=_NAME, existing_type=sa.String(64), existing_nullable=False)
        for name in ("tenant", "user_data", "bytes_stored"):
            batch.alter_column(name, server_default=None)
    op.create_index("parts_by_call", "parts", ["tenant", "call_uuid", "started_at"])


def _make_recordings() -> None:
    op.drop_table("recordings")
    op.create_table(
        "recordings",
        sa.Column("tenant", _TENANT, primary_key=True),
        sa.Column("call_uuid", _NAME, primary_key=True),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ani_compared", _NAME, nullable=False),
        sa.Column("dnis_compared", _NAME, nullable=False),
        sa.Column("duration_ms", sa.BigInteger, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("bytes_stored", sa.BigInteger, nullable=False),
        sa.Column("words", _NAME, nullable=False),
        sa.Column("findable", sa.Boolean, nullable=False),
        sa.Column("non_delete", sa.Boolean, nullable=False),
    )
    op.create_index("recordings_by_time", "recordings", ["tenant", "findable", "began_at", "call_uuid"])
    op.create_index("recordings_by_ani", "recordings", ["tenant", "ani_compared", "began_at"])
    op.create_index("recordings_by_dnis", "recordings", ["tenant", "dnis_compared", "began_at"])


def _make_traits() -> None:
    op.create_table(
        "traits",
        sa.Column("tenant", _TENANT, primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("value", _NAME, primary_key=True),
        sa.Column("began_at", sa.BigInteger, primary_key=True),
        sa.Column("call_uuid", _NAME, primary_key=True),
    )
    op.create_index("traits_by_call", "traits", ["tenant", "call_uuid"])


def _sum_up_recordings() -> None:
    connection = op.get_bind()
    names = ("call_uuid", "conn_id", "ani", "dnis", "recorded_dn", "user_name")
    numbers = ("started_at", "stopped_at", "duration_ms", "status", "history")
    parts = sa.table("parts", *(sa.column(name) for name in (*names, *numbers)))
    rows = connection.execute(sa.select(parts).order_by(parts.c.call_uuid, parts.c.started_at)).all()
    recordings = sa.table("recordings", *(sa.column(name) for name in _SUMS))
    traits = sa.table("traits", *(sa.column(name) for name in ("tenant", "kind", "value", "began_at", "call_uuid")))
    for call_uuid, group in groupby(rows, attrgetter("call_uuid")):
        its_parts = list(group)
        connection.execute(recordings.insert().values(_sum(call_uuid, its_parts)))
        for agent in {part.user_name for part in its_parts} - {""}:
            row = {"tenant": "default", "kind": "agent", "value": agent, "call_uuid": call_uuid}
            connection.execute(traits.insert().values(row | {"began_at": its_parts[0].started_at}))


_SUMS = (
    "tenant",
    "call_uuid",
    "began_at",
    "ended_at",
    "ani_compared",
    "dnis_compared",
    "duration_ms",
    "paused",
    "state",
    "bytes_stored",
    "words",
    "findable",
    "non_delete",
)


def _sum(call_uuid: str, parts: list[Any]) -> dict[str, object]:
    first, ends = parts[0], [part.stopped_at for part in parts if part.stopped_at is not None]
    states = {part.status for part in parts}
    worst = (state for state in ("recording", "broken", "recovered") if state in states)
    kinds = {entry["type"] for part in parts for entry in json.loads(part.history)}
    values = (
        "default",
        call_uuid,
        first.started_at,
        max(ends, default=None),
        _compared(first.ani)[:256],
        _compared(first.dnis)[:256],
        sum(part.duration_ms for part in parts),
        "Paused" in kinds,
        next(worst, parts[-1].status),
        0,
        f" {' '.join(dict.fromkeys(_words(parts)))} ",
        bool(ends),
        False,
    )
    return dict(zip(_SUMS, values, strict=True))


def _words(parts: list[Any]) -> Iterator[str]:
    for part in parts:
        numbers = (part.ani, _compared(part.ani), part.dnis, _compared(part.dnis), part.recorded_dn)
        for text in (*numbers, part.user_name, part.call_uuid, part.conn_id):
            spaced = "".join(each if each.isalnum() else " " for each in text.casefold())
            yield from (word[:64] for word in spaced.split())


def _compared(number: str) -> str:
    return "".join(each for each in number if each.isalnum())


def _make_labels() -> None:
    op.create_table(
        "labels",
        sa.Column("tenant", _TENANT, primary_key=True),
        sa.Column("call_uuid", _NAME, primary_key=True),
        sa.Column("name", _NAME, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("labelled_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "label_definitions",
        sa.Column("tenant", _TENANT, primary_key=True),
        sa.Column("name", _NAME, primary_key=True),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
    )


def _make_life() -> None:
    op.create_table(
        "holds",
        sa.Column("tenant", _TENANT, primary_key=True),
        sa.Column("call_uuid", _NAME, primary_key=True),
        sa.Column("matter", _NAME, primary_key=True),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("placed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("holds_by_matter", "holds", ["tenant", "matter"])
    op.create_table(
        "tombstones",
        sa.Column("tenant", _TENANT, primary_key=True),
        sa.Column("call_uuid", _NAME, primary_key=True),
        sa.Column("erased_at", sa.BigInteger, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
    )


def _widen_audit_lines() -> None:
    op.drop_index("audit_lines_by_subject", "audit_lines")
    op.add_column("audit_lines", _with_default("tenant", _TENANT, "default"))
    op.add_column("audit_lines", _with_default("origin", sa.Text(), ""))
    with op.batch_alter_table("audit_lines") as batch:
        batch.alter_column("tenant", server_default=None)
        batch.alter_column("origin", server_default=None)
    op.create_index("audit_lines_by_subject", "audit_lines", ["tenant", "subject"])


def _widen_desks() -> None:
    op.rename_table("desks", "desks_before")
    op.create_table(
        "desks",
        sa.Column("tenant", _TENANT, primary_key=True),
        sa.Column("user_name", _NAME, primary_key=True),
        sa.Column("signed_in", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("do_not_disturb", sa.Boolean, nullable=False),
        sa.Column("forward_to", sa.Text, nullable=False),
    )
    kept = "user_name, signed_in, state, do_not_disturb, forward_to"
    op.execute(f"INSERT INTO desks (tenant, {kept}) SELECT 'default', {kept} FROM desks_before")  # noqa: S608 -- our names
    op.drop_table("desks_before")


def downgrade() -> None:
    """Recordings of several tenants cannot go back into a list that knows of one: a back-up made before can."""
    raise NotImplementedError("restore the back-up made before the upgrade")
