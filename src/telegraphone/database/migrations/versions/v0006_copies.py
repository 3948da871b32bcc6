"""Copied calls: who took part when, what links them to conversations, and the metadata their clients sent."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TENANT = sa.String(64)
_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "copies",
        sa.Column("tenant", _TENANT, primary_key=True),
        sa.Column("call_uuid", _NAME, primary_key=True),
        sa.Column("conversation", _NAME, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("parties", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("snapshots", sa.Integer, nullable=False),
    )
    op.create_index("copies_by_conversation", "copies", ["tenant", "conversation"])
    op.create_table(
        "copy_links",
        sa.Column("tenant", _TENANT, primary_key=True),
        sa.Column("link", _NAME, primary_key=True),
        sa.Column("call_uuid", _NAME, primary_key=True),
    )
    op.create_index("copy_links_by_call", "copy_links", ["tenant", "call_uuid"])
    op.create_table(
        "snapshots",
        sa.Column("tenant", _TENANT, primary_key=True),
        sa.Column("call_uuid", _NAME, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drops them."""
    for table in ("snapshots", "copy_links", "copies"):
        op.drop_table(table)
