"""What packages of recordings are made for."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column; nobody was asked before."""
    op.add_column("export_jobs", sa.Column("purpose", sa.Text, nullable=False, server_default=""))
