"""The first tables: parts of recordings, what searches compare of them, and the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    _make_parts()
    _make_recordings()
    _make_audit_lines()


def _make_parts() -> None:
    op.create_table(
        "parts",
        sa.Column("recording_id", sa.String(36), primary_key=True),
        sa.Column("call_uuid", sa.String(64), nullable=False),
        sa.Column("conn_id", sa.String(32), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("ani", sa.Text, nullable=False),
        sa.Column("dnis", sa.Text, nullable=False),
        sa.Column("recorded_dn", sa.Text, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("stopped_at", sa.BigInteger),
        sa.Column("duration_ms", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("history", sa.Text, nullable=False),
    )
    op.create_index("parts_by_call", "parts", ["call_uuid", "started_at"])
    op.create_index("parts_by_user", "parts", ["user_name", "call_uuid"])
    op.create_index("parts_by_end", "parts", ["stopped_at"])


def _make_recordings() -> None:
    op.create_table(
        "recordings",
        sa.Column("call_uuid", sa.String(64), primary_key=True),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("ani_compared", sa.Text, nullable=False),
        sa.Column("dnis_compared", sa.Text, nullable=False),
        sa.Column("findable", sa.Boolean, nullable=False),
    )
    op.create_index("recordings_by_time", "recordings", ["findable", "began_at", "call_uuid"])


def _make_audit_lines() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "audit_lines",
        sa.Column("number", number, primary_key=True, autoincrement=True),
        sa.Column("written_at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("result", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("audit_lines_by_subject", "audit_lines", ["subject"])


def downgrade() -> None:
    """Drops them."""
    for table in ("audit_lines", "recordings", "parts"):
        op.drop_table(table)
