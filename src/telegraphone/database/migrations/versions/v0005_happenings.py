"""What has happened to recordings, and how far webhooks were told of it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Makes the tables. What happened before is not told: nobody has asked for it."""
    op.create_table(
        "happenings",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("call_uuid", _NAME, nullable=False),
        sa.Column("recording_id", sa.String(36), nullable=False),
        sa.Column("happened_at", sa.BigInteger, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("happenings_by_tenant", "happenings", ["tenant", "number"])
    op.create_index("happenings_by_time", "happenings", ["happened_at"])
    op.create_table(
        "webhook_places",
        sa.Column("webhook", _NAME, primary_key=True),
        sa.Column("told", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("webhook_places")
    op.drop_table("happenings")
