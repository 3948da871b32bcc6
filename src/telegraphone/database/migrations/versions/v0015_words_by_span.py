"""In PostgreSQL an index of words by span of time, in the place of that of words alone; traits only of what searches find, and
with all of them in the index by call.

An index of words gives what has a word in no order: of a word that was much said once, all had to be read to find the newest.
What GIN puts off, every search reads through, and a search of words looks into the index for every span.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_UNFOUND = """DELETE FROM traits WHERE NOT EXISTS (
    SELECT 1 FROM recordings r WHERE r.tenant = traits.tenant AND r.call_uuid = traits.call_uuid AND r.findable
)"""
_BY_SPAN = """CREATE INDEX recordings_by_words ON recordings USING gin (
    array_to_tsvector(string_to_array(
        ltrim(replace(rtrim(words), ' ', ' ' || tenant || '/' || (began_at >> 38)::text || '/')), ' '
    ))
) WITH (fastupdate = off)"""
"""A span is two to the power of 38 microseconds (`database.spans`)."""


def upgrade() -> None:
    """Makes them."""
    op.execute(_UNFOUND)
    op.drop_index("traits_by_call", "traits")
    op.create_index("traits_by_call", "traits", ["tenant", "call_uuid", "kind", "value"])
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("recordings_by_words", "recordings")
        op.execute(_BY_SPAN)
        for name in ("recordings_by_ani_compared_trigrams", "recordings_by_dnis_compared_trigrams"):
            op.execute(f"ALTER INDEX {name} SET (fastupdate = off)")
            op.execute(f"SELECT gin_clean_pending_list('{name}')")
        op.execute("ANALYZE recordings, traits")
