"""The criteria of a search as conditions in SQL, by how an index can have them.

*Exact* ones are traits, of which an index has the recordings in order of time. *Facts* are compared with one column. No index has
*loose* ones (parts of numbers and names, lengths, words, many agents) in order of time.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, FromClause, and_, exists, or_, select

from telegraphone.database.matching import compared_pattern, glob, like
from telegraphone.database.summary import AGENT, DATA, LABEL, kept_words, pair
from telegraphone.database.tables import traits
from telegraphone.limits import SEARCH_TRAIT_CHARS_MAX
from telegraphone.services.catalogue import PartQuery

Trait = tuple[str, str]
"""Its kind and its value."""


def exact(query: PartQuery) -> Iterator[Trait]:
    """The criteria that are traits: at most one row of each belongs to a recording."""
    if query.user_data is not None:
        yield DATA, pair(*query.user_data)
    if query.label is not None:
        yield LABEL, query.label
    if query.user_name is not None and "*" not in query.user_name:
        yield AGENT, query.user_name
    if query.among is not None and len(query.among) == 1:
        yield AGENT, min(query.among)


def times(query: PartQuery, row: FromClause) -> Iterator[ColumnElement[bool]]:
    """The bounds of the beginning, and behind which call to go on."""
    if query.started_from is not None:
        yield row.c.began_at >= query.started_from
    if query.started_before is not None:
        yield row.c.began_at < query.started_before
    if query.after is not None:
        seen_at, seen = query.after
        # The first comparison is an index's; the second sorts out those that began at the same time.
        yield row.c.began_at <= seen_at
        yield or_(row.c.began_at < seen_at, row.c.call_uuid > seen)


def facts(query: PartQuery, row: FromClause) -> Iterator[ColumnElement[bool]]:
    """The criteria that one column of these rows is compared with."""
    if query.call_uuid is not None:
        yield row.c.call_uuid == query.call_uuid
    for column, pattern in ((row.c.ani_compared, query.ani), (row.c.dnis_compared, query.dnis)):
        if pattern is not None and "*" not in pattern:
            yield column == compared_pattern(pattern)[:SEARCH_TRAIT_CHARS_MAX]
    if query.paused is not None:
        yield row.c.paused.is_(query.paused)
    if query.state is not None:
        yield row.c.state == query.state


def loose(query: PartQuery, row: FromClause, dialect: str, *, one_by_one: bool = True) -> Iterator[ColumnElement[bool]]:
    """The criteria that no index has in order of time, but words, of these rows; agents as `has_trait` has them."""
    for column, pattern in ((row.c.ani_compared, query.ani), (row.c.dnis_compared, query.dnis)):
        if pattern is not None and "*" in pattern:
            yield _fits(column, compared_pattern(pattern)[:SEARCH_TRAIT_CHARS_MAX], dialect)
    if query.user_name is not None and "*" in query.user_name:
        fits = _fits(traits.c.value, query.user_name, dialect)
        yield has_trait(row, traits.c.kind == AGENT, fits, one_by_one=one_by_one)
    if query.among is not None and len(query.among) != 1:
        is_among = traits.c.value.in_(sorted(query.among))
        yield has_trait(row, traits.c.kind == AGENT, is_among, one_by_one=one_by_one)
    if query.duration_ms_min is not None:
        yield row.c.duration_ms >= query.duration_ms_min
    if query.duration_ms_max is not None:
        yield row.c.duration_ms <= query.duration_ms_max


def has_words(query: PartQuery, row: FromClause, dialect: str) -> list[ColumnElement[bool]]:
    """All words, of rows that something else has found."""
    return [has_word(row, word, dialect) for word in kept_words(query.text or "")]


def has_word(row: FromClause, word: str, dialect: str) -> ColumnElement[bool]:
    """That a word of the row begins like this."""
    return _fits(row.c.words, f"* {word}*", dialect)


def has_trait(row: FromClause, *conditions: ColumnElement[bool], one_by_one: bool = True) -> ColumnElement[bool]:
    """That the row has a trait like this. One by one, the offset keeps PostgreSQL from reading all that have such a trait first;
    else it may."""
    its_own = select(traits.c.call_uuid).where(of_recording(traits, row), *conditions)
    return exists(its_own.offset(0) if one_by_one else its_own)


def of_recording(trait: FromClause, recording: FromClause) -> ColumnElement[bool]:
    """That the trait is the recording's. Its time is the same besides; said here, it would have the database expect next to
    nothing, and read all to find it."""
    return and_(trait.c.tenant == recording.c.tenant, trait.c.call_uuid == recording.c.call_uuid)


def _fits(column: ColumnElement[str], pattern: str, dialect: str) -> ColumnElement[bool]:
    """Case counts, which is why this is GLOB in SQLite, whose LIKE ignores it. Without a `*` any index can be used."""
    if "*" not in pattern:
        return column == pattern
    if dialect == "sqlite":
        return column.op("GLOB", is_comparison=True)(glob(pattern))
    return column.like(like(pattern), escape="\\")
