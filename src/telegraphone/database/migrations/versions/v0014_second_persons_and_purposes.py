"""What waits for a second person, and what people hear recordings for: until now each node kept it until it ended."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(24), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("user_name", _NAME, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("approved_by", sa.Text, nullable=False),
        sa.Index("approvals_by_time", "tenant", "asked_at"),
    )
    op.create_table(
        "purposes",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("call_uuid", _NAME, primary_key=True),
        sa.Column("user_name", _NAME, primary_key=True),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Index("purposes_by_end", "until"),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("purposes")
    op.drop_table("approvals")
