"""Says a search for recordings in SQL, so that an index gives the answer in the order asked for, however much there is.

Theory. A page is the newest hundred that fit. Reading them along an index in order of time costs a hundred rows when most
fit, and everything when nearly none do; looking the few that fit up in another index and sorting them costs the contrary.
The database knows the numbers and chooses; what is written here must leave it both ways. Therefore exact criteria are
*joined* as traits, whose index is in order of time itself, and bounds of time are said of that same index.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, or_, select, union_all

from telegraphone.database.matching import compared_pattern, glob, like
from telegraphone.database.summary import AGENT, DATA, LABEL, pair, words_of
from telegraphone.database.tables import recordings, traits
from telegraphone.limits import SEARCH_TEAM_MERGED_MAX, SEARCH_TRAIT_CHARS_MAX, SEARCH_WORD_CHARS_MAX
from telegraphone.services.catalogue import PartQuery

_Fitting = tuple[ColumnElement[str], ColumnElement[datetime], Select[tuple[str, datetime]]]


def searched(query: PartQuery, dialect: str, limit: int, offset: int) -> Select[tuple[str]]:
    """The ids of the calls that fit, newest beginning first, from `offset` on and at most `limit`."""
    if query.among is None or not 0 < len(query.among) <= SEARCH_TEAM_MERGED_MAX:
        call_uuid, began_at, fitting = _fitting(query, dialect)
        one: Select[tuple[str]] = fitting.with_only_columns(call_uuid)
        return one.order_by(began_at.desc(), call_uuid).limit(limit).offset(offset)
    # Each member's newest are read along an index; a page of the team's is among them, wherever the others are.
    pages = [_newest_of(member, query, dialect, limit + offset) for member in sorted(query.among)]
    merged = union_all(*pages).subquery()
    newest = select(merged.c.call_uuid).group_by(merged.c.call_uuid, merged.c.began_at)
    return newest.order_by(merged.c.began_at.desc(), merged.c.call_uuid).limit(limit).offset(offset)


def _newest_of(member: str, query: PartQuery, dialect: str, count: int) -> Select[tuple[str, datetime]]:
    call_uuid, began_at, fitting = _fitting(replace(query, among=None), dialect, member)
    page = fitting.order_by(began_at.desc(), call_uuid).limit(count).subquery()
    return select(page.c.call_uuid, page.c.began_at)


def _fitting(query: PartQuery, dialect: str, member: str | None = None) -> _Fitting:
    """What fits, without an order, and the columns that give one; of one agent besides, for who searches a team."""
    conditions = [recordings.c.tenant == query.tenant, recordings.c.findable]
    source: FromClause = recordings
    in_order: FromClause = recordings
    exact = [(AGENT, member), *_exact(query)] if member is not None else _exact(query)
    for number, (kind, value) in enumerate(exact):
        trait = traits.alias(f"trait{number}")
        source = source.join(trait, _of_recording(trait))
        in_order = in_order if number else trait
        conditions += [trait.c.tenant == query.tenant, trait.c.kind == kind, trait.c.value == value]
    conditions += [*_times(query, in_order.c.began_at), *_numbers(query, dialect), *_facts(query, dialect)]
    columns = in_order.c.call_uuid, in_order.c.began_at
    return *columns, select(*columns).select_from(source).where(*conditions)


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
