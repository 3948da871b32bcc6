"""Packages of many recordings that are being prepared or can be fetched."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TENANT = sa.String(64)
_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "export_jobs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("tenant", _TENANT, nullable=False),
        sa.Column("user_name", _NAME, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("sealed", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("recordings", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "export_contents",
        sa.Column("job", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tenant", _TENANT, nullable=False),
        sa.Column("call_uuid", _NAME, nullable=False),
        sa.Column("files", sa.Text),
        sa.Column("documents", sa.LargeBinary),
    )
    op.create_index("export_contents_by_call", "export_contents", ["tenant", "call_uuid"])


def downgrade() -> None:
    """Drops them."""
    op.drop_table("export_contents")
    op.drop_table("export_jobs")
