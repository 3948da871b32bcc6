"""Indexes for searches by state, duration, parts of numbers and words; the last two are PostgreSQL's trigrams."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TRIGRAMS = ("ani_compared", "dnis_compared", "words")


def upgrade() -> None:
    """Makes them. `pg_trgm` comes with PostgreSQL, and whoever may make tables in a database may switch it on there."""
    op.create_index("recordings_by_state", "recordings", ["tenant", "state", "began_at"])
    op.create_index("recordings_by_duration", "recordings", ["tenant", "duration_ms"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        for name in _TRIGRAMS:
            ops = {name: "gin_trgm_ops"}
            op.create_index(f"recordings_by_{name}_trigrams", "recordings", [name], postgresql_using="gin", postgresql_ops=ops)


def downgrade() -> None:
    """Drops them."""
    if op.get_bind().dialect.name == "postgresql":
        for name in _TRIGRAMS:
            op.drop_index(f"recordings_by_{name}_trigrams", "recordings")
    op.drop_index("recordings_by_duration", "recordings")
    op.drop_index("recordings_by_state", "recordings")
