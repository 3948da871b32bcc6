"""Says a search for recordings in SQL, so that an index gives the answer in the order asked for, however much there is.

Theory. A page is the newest hundred that fit. Reading them along an index in order of time costs a hundred rows when most
fit, and everything when nearly none do; looking the few that fit up in another index and sorting them costs the contrary.
The database knows the numbers and chooses; what is written here must leave it both ways. Therefore exact criteria are
*joined* as traits, whose index is in order of time itself, and bounds of time are said of that same index.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, or_, select

from telegraphone.database.matching import compared_pattern, glob, like
from telegraphone.database.summary import AGENT, DATA, LABEL, pair, words_of
from telegraphone.database.tables import recordings, traits
from telegraphone.limits import SEARCH_TRAIT_CHARS_MAX, SEARCH_WORD_CHARS_MAX
from telegraphone.services.catalogue import PartQuery


def searched(query: PartQuery, dialect: str) -> Select[tuple[str]]:
    """The ids of the calls that fit, newest beginning first."""
    conditions = [recordings.c.tenant == query.tenant, recordings.c.findable]
    source: FromClause = recordings
    in_order: FromClause = recordings
    for number, (kind, value) in enumerate(_exact(query)):
        trait = traits.alias(f"trait{number}")
        source = source.join(trait, _of_recording(trait))
        in_order = in_order if number else trait
        conditions += [trait.c.tenant == query.tenant, trait.c.kind == kind, trait.c.value == value]
    conditions += [*_times(query, in_order.c.began_at), *_numbers(query, dialect), *_facts(query, dialect)]
    fitting = select(recordings.c.call_uuid).select_from(source).where(*conditions)
    return fitting.order_by(in_order.c.began_at.desc(), in_order.c.call_uuid)


def _exact(query: PartQuery) -> list[tuple[str, str]]:
    """The criteria that are traits: at most one row of each belongs to a recording."""
    exact = []
    if query.user_data is not None:
        exact.append((DATA, pair(*query.user_data)))
    if query.label is not None:
        exact.append((LABEL, query.label))
    if query.user_name is not None and "*" not in query.user_name:
        exact.append((AGENT, query.user_name))
    return exact


def _of_recording(trait: FromClause) -> ColumnElement[bool]:
    """That the trait is the recording's. Its time is the same, which tells the database that the order is, too."""
    return and_(
        trait.c.tenant == recordings.c.tenant,
        trait.c.call_uuid == recordings.c.call_uuid,
        trait.c.began_at == recordings.c.began_at,
    )


def _times(query: PartQuery, began_at: ColumnElement[object]) -> Iterator[ColumnElement[bool]]:
    if query.started_from is not None:
        yield began_at >= query.started_from
    if query.started_before is not None:
        yield began_at < query.started_before
    if query.after is not None:
        seen_at, seen = query.after
        # The first comparison is an index's; the second sorts out those that began at the same time.
        yield began_at <= seen_at
        yield or_(began_at < seen_at, recordings.c.call_uuid > seen)


def _numbers(query: PartQuery, dialect: str) -> Iterator[ColumnElement[bool]]:
    if query.call_uuid is not None:
        yield recordings.c.call_uuid == query.call_uuid
    for column, pattern in ((recordings.c.ani_compared, query.ani), (recordings.c.dnis_compared, query.dnis)):
        if pattern is not None:
            yield _fits(column, compared_pattern(pattern)[:SEARCH_TRAIT_CHARS_MAX], dialect)


def _facts(query: PartQuery, dialect: str) -> Iterator[ColumnElement[bool]]:
    if query.user_name is not None and "*" in query.user_name:
        yield _has_agent(_fits(traits.c.value, query.user_name, dialect))
    if query.among is not None:
        yield _has_agent(traits.c.value.in_(sorted(query.among)))
    if query.paused is not None:
        yield recordings.c.paused.is_(query.paused)
    if query.state is not None:
        yield recordings.c.state == query.state
    if query.duration_ms_min is not None:
        yield recordings.c.duration_ms >= query.duration_ms_min
    if query.duration_ms_max is not None:
        yield recordings.c.duration_ms <= query.duration_ms_max
    for word in words_of(query.text or ""):
        yield _fits(recordings.c.words, f"* {word[:SEARCH_WORD_CHARS_MAX]}*", dialect)


def _has_agent(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_of_recording(traits), traits.c.kind == AGENT, condition)


def _fits(column: ColumnElement[str], pattern: str, dialect: str) -> ColumnElement[bool]:
    """Case counts, which is why this is GLOB in SQLite, whose LIKE ignores it. Without a `*` any index can be used."""
    if "*" not in pattern:
        return column == pattern
    if dialect == "sqlite":
        return column.op("GLOB", is_comparison=True)(glob(pattern))
    return column.like(like(pattern), escape="\\")
