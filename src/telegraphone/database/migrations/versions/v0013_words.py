"""An index of recordings by whether they were paused; in PostgreSQL one of their words, in the place of that of trigrams.

Trigrams find a word's beginning among all words that share three letters with it, and each of those is read and compared.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes them. Everything an index of words is made of comes with PostgreSQL."""
    op.create_index("recordings_by_pause", "recordings", ["tenant", "paused", "began_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("recordings_by_words_trigrams", "recordings")
        lexemes = "array_to_tsvector(string_to_array(btrim(words), ' '))"
        op.execute(f"CREATE INDEX recordings_by_words ON recordings USING gin ({lexemes})")
        # How often a value is there, its kind says nothing more about; and there are many agents, labels and campaigns.
        op.execute("ALTER TABLE traits ALTER COLUMN value SET STATISTICS 1000")
        op.execute("CREATE STATISTICS traits_kinds (dependencies) ON kind, value FROM traits")
        op.execute("ANALYZE recordings, traits")
