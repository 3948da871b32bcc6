"""From when a recording is kept, for retention, and how far time has come. Nothing is kept from anywhere yet: retention says so
when it is first asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column, its index and the clock."""
    op.add_column("recordings", sa.Column("kept_from", sa.BigInteger))
    op.create_index("recordings_by_keeping", "recordings", ["kept_from", "call_uuid", "tenant"])
    op.create_table(
        "retention_clock",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("reached_at", sa.BigInteger, nullable=False),
    )
