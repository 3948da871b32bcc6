"""Agents' desks: who is at work in which state, and whose calls go elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "desks",
        sa.Column("user_name", sa.Text, primary_key=True),
        sa.Column("signed_in", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("do_not_disturb", sa.Boolean, nullable=False),
        sa.Column("forward_to", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("desks")
