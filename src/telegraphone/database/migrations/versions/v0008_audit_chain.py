"""The audit trail as a chain: each line gets the hash of the one before it and its own, those that are there already included.

The rule of the hashes is written down here as it was then: the lines that it was first used for must not follow a later one.
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import rfc8785
import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_HASH = sa.String(64)
_BEGINNING = "0" * 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SAID = ("tenant", "actor", "action", "subject", "result", "origin")
_AT_ONCE = 1_000


def upgrade() -> None:
    """Chains the lines, numbered from 1 without a gap, and remembers their end."""
    for name in ("before", "hash"):
        op.add_column("audit_lines", sa.Column(name, _HASH, nullable=False, server_default=""))
    number, last = _chain(op.get_bind())
    with op.batch_alter_table("audit_lines") as batch:
        for name in ("before", "hash"):
            batch.alter_column(name, server_default=None)
    if op.get_bind().dialect.name == "postgresql":
        # The numbers are the chain's now, which knows no gap; a sequence leaves some.
        op.execute("ALTER TABLE audit_lines ALTER COLUMN number DROP DEFAULT")
        op.execute("DROP SEQUENCE IF EXISTS audit_lines_number_seq")
    op.create_table(
        "audit_head",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hash", _HASH, nullable=False),
    )
    head = sa.table("audit_head", *(sa.column(name) for name in ("one", "number", "hash")))
    op.execute(head.insert().values(one=1, number=number, hash=last))


def _chain(connection: sa.Connection) -> tuple[int, str]:
    names = ("number", "written_at", "detail", "before", "hash", *_SAID)
    lines = sa.table("audit_lines", *(sa.column(name) for name in names))
    seen, number, last = -1, 0, _BEGINNING
    while True:
        wanted = sa.select(lines).where(lines.c.number > seen).order_by(lines.c.number).limit(_AT_ONCE)
        rows = connection.execute(wanted).mappings().all()
        if not rows:
            return number, last
        for row in rows:
            seen, number = row["number"], number + 1
            said = {name: row[name] for name in _SAID}
            at = (_EPOCH + timedelta(microseconds=row["written_at"])).isoformat(timespec="microseconds")
            said |= {"number": number, "before": last, "writtenAt": at, "detail": json.loads(row["detail"])}
            its_hash = hashlib.sha256(rfc8785.dumps(said)).hexdigest()
            chained = {"number": number, "before": last, "hash": its_hash}
            connection.execute(lines.update().where(lines.c.number == seen).values(chained))
            last = its_hash


def downgrade() -> None:
    """Forgets the chain."""
    op.drop_table("audit_head")
    with op.batch_alter_table("audit_lines") as batch:
        for name in ("hash", "before"):
            batch.drop_column(name)
