"""Says a search for words in PostgreSQL's SQL: in one span of time after another, from the newest on, until a page is full.

Theory. An index of words gives what has a word in no order, so it would give all of twenty years to find the newest hundred. This
one (migration 0015) has each word once for every span of time in which it was said, as `tenant/span/word`. Within a span few
recordings are, whatever is looked for; and a span in which nothing is found costs a look into the index and no more.
"""

from typing import Final

from sqlalchemy import (
    CTE,
    TEXT,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR, aggregate_order_by

from telegraphone.database.criteria import Trait, exact, facts, has_words, loose, times
from telegraphone.database.tables import recordings, traits
from telegraphone.services.catalogue import PartQuery

_BITS: Final[ColumnElement[int]] = literal_column("38")
"""A span is two to the power of this many microseconds, three days: some thousand recordings of a busy centre."""

_WORDS: Final[ColumnElement[object]] = literal_column(
    "array_to_tsvector(string_to_array(ltrim(replace(rtrim(recordings.words), ' ', "
    "' ' || recordings.tenant || '/' || (recordings.began_at >> 38)::text || '/')), ' '))",
    TSVECTOR,
)
"""As the index has it."""

_SPAN: Final = "~"
"""What stands for the span in a condition, and is in no tenant's name and no word."""


def by_span(query: PartQuery, said: list[str], place: tuple[int, int]) -> Select[tuple[str]]:
    """The ids of the calls that fit, newest beginning first: from the offset on, at most the limit. `said` are those of the words
    that are looked up; with the others is compared what is found."""
    limit, offset = place
    nothing: ColumnElement[object] = literal_column("""'{}'::text[] COLLATE "C\"""")
    start = select(_newest_span(query).label("span"), literal(0, BigInteger).label("count"), nothing.label("found"))
    walk = start.cte("walk", recursive=True)
    page = _page_of_span(query, said, walk, limit + offset)
    older = type_coerce(recordings.c.began_at, BigInteger) < walk.c.span.op("<<")(_BITS)
    step = select(_newest_span(query, older), walk.c.count + page.c.count, page.c.found).select_from(walk.join(page, true()))
    steps = walk.union_all(step.where(walk.c.span.is_not(None), walk.c.count < limit + offset))
    each = func.unnest(steps.c.found).table_valued("call_uuid", with_ordinality="number", name="each").render_derived()
    found: Select[tuple[str]] = select(each.c.call_uuid).select_from(steps.join(each, true()))
    # Each step has the span to go on with, which is none behind the last.
    return found.order_by(steps.c.span.desc().nulls_last(), each.c.number).limit(limit).offset(offset)


def _newest_span(query: PartQuery, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """The newest in which anything began; spans without are left out."""
    newest = func.max(type_coerce(recordings.c.began_at, BigInteger)).op(">>", return_type=BigInteger())(_BITS)
    findable = (recordings.c.tenant == query.tenant, recordings.c.findable)
    return select(newest).where(*findable, *times(query, recordings), *conditions).scalar_subquery()


def _page_of_span(query: PartQuery, said: list[str], walk: CTE, count: int) -> FromClause:
    """How many of this span fit, at most so many, and which."""
    wanted = " & ".join(f"'{query.tenant}/{_SPAN}/{word}':*" for word in said)
    of_span = cast(func.replace(cast(wanted, TEXT), _SPAN, cast(walk.c.span, TEXT)), TSQUERY)
    # The offset keeps the database from looking into other indexes too: what they have of all times, for each span anew.
    said_of = select(recordings).where(_WORDS.op("@@", is_comparison=True)(of_span)).offset(0).correlate(walk).subquery()
    conditions = [said_of.c.tenant == query.tenant, said_of.c.findable, *times(query, said_of), *facts(query, said_of)]
    conditions += [*has_words(query, said_of, "postgresql"), *loose(query, said_of, "postgresql")]
    conditions += [said_of.c.call_uuid.in_(_with_trait(query.tenant, trait, walk)) for trait in exact(query)]
    fitting = select(said_of.c.call_uuid, said_of.c.began_at).where(*conditions)
    newest = fitting.order_by(said_of.c.began_at.desc(), said_of.c.call_uuid).limit(count).correlate(walk).subquery()
    ids = func.array_agg(aggregate_order_by(newest.c.call_uuid, newest.c.began_at.desc(), newest.c.call_uuid))
    return select(func.count().label("count"), ids.label("found")).select_from(newest).correlate(walk).lateral("page")


def _with_trait(tenant: str, trait: Trait, walk: CTE) -> Select[tuple[str]]:
    """The calls of a span that have it."""
    kind, value = trait
    began_at = type_coerce(traits.c.began_at, BigInteger)
    in_span = (began_at >= walk.c.span.op("<<")(_BITS), began_at < (walk.c.span + 1).op("<<")(_BITS))
    its_own = (traits.c.tenant == tenant, traits.c.kind == kind, traits.c.value == value)
    return select(traits.c.call_uuid).where(*its_own, *in_span).correlate(walk)
