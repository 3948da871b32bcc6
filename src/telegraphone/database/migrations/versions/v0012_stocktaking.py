"""How far the round has come that looks for every recording that is listed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "stocktaking",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("recordings", sa.BigInteger, nullable=False),
        sa.Column("behind", sa.String(36)),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("stocktaking")
