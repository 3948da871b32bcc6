"""Reads the newest recordings along an index, of a whole team's agents along that of each.

PostgreSQL's SQL, but for what is in order of itself.
"""

from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Select,
    cast,
    column,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from telegraphone.database.criteria import exact, facts, has_trait, has_words, loose, of_recording, times
from telegraphone.database.summary import AGENT
from telegraphone.database.tables import Name, recordings, traits
from telegraphone.limits import SEARCH_TEAM_MERGED_MAX, SEARCH_WALKED_MAX
from telegraphone.services.catalogue import PartQuery

Page = Select[tuple[str | None]]
_Columns = tuple[ColumnElement[str], ColumnElement[datetime]]
_POSTGRESQL: Final = "postgresql"
_COMPARED: Final = ("tenant", "ani_compared", "dnis_compared", "duration_ms", "paused", "state", "words")


def is_team(query: PartQuery) -> bool:
    """Whether several agents are asked for, but so few that the newest of each are read."""
    return query.among is not None and 1 < len(query.among) <= SEARCH_TEAM_MERGED_MAX


def merged(query: PartQuery, place: tuple[int, int]) -> Page:
    """Each agent's newest are read along an index; a page of the team's is among them, wherever the others are."""
    member, newest = _newest_of_each(query, sum(place))
    columns = newest.c.call_uuid, newest.c.began_at
    fitting: Select[tuple[str, datetime]] = select(*columns).select_from(member.join(newest, true())).group_by(*columns)
    return page_of(fitting, columns, place)


def walked(query: PartQuery, place: tuple[int, int]) -> Page:
    """Of the newest some along an index: read until the page is full, or all of these are."""
    (call_uuid, began_at), ordered = in_order(query)
    newest = ordered.with_only_columns(call_uuid, began_at, *_compared()).order_by(began_at.desc(), call_uuid)
    read = newest.limit(SEARCH_WALKED_MAX).subquery()
    columns = read.c.call_uuid, read.c.began_at
    fitting: Select[tuple[str, datetime]] = select(*columns)
    return page_of(fitting.where(*loose(query, read, _POSTGRESQL), *has_words(query, read, _POSTGRESQL)), columns, place)


def has_few(query: PartQuery) -> Select[bool]:
    """Whether `walked` reads all there is: of a trait, or of what facts leave. That is counted in the index alone."""
    _, ordered = in_order(query)
    for kind, value in islice(exact(query), 1):
        its_own = (traits.c.tenant == query.tenant, traits.c.kind == kind, traits.c.value == value)
        ordered = select(traits.c.call_uuid, traits.c.began_at).where(*its_own, *times(query, traits))
    return select(func.count() < SEARCH_WALKED_MAX).select_from(ordered.limit(SEARCH_WALKED_MAX).subquery())


def walked_by_all(query: PartQuery, place: tuple[int, int]) -> Page:
    """Of the newest some of each of a team's agents, as far back as all of them were read. Behind the last that fits stands None
    when there are no others."""
    each = SEARCH_WALKED_MAX // len(query.among or ())
    member, its_newest = _newest_of_each(query, each)
    of_team = member.join(its_newest, true()).join(recordings, of_recording(its_newest, recordings))
    newest = select(member.c.member, its_newest.c.call_uuid, its_newest.c.began_at, *_compared()).select_from(of_team)
    read = newest.cte("walked")
    columns = read.c.call_uuid, read.c.began_at
    stopped = select(func.min(read.c.began_at).label("at")).group_by(read.c.member).having(func.count() >= each).subquery()
    unread = select(func.max(stopped.c.at)).scalar_subquery()
    conditions = [or_(unread.is_(None), read.c.began_at >= unread), *facts(query, read), *has_words(query, read, _POSTGRESQL)]
    conditions += loose(replace(query, among=None), read, _POSTGRESQL)
    conditions += [has_trait(read, traits.c.kind == kind, traits.c.value == value) for kind, value in exact(query)]
    fitting: Select[tuple[str, datetime]] = select(*columns).where(*conditions).group_by(*columns)
    (limit, offset), (call_uuid, began_at) = place, columns
    page = fitting.order_by(began_at.desc(), call_uuid).limit(limit).offset(offset).subquery()
    no_more = select(cast(null(), call_uuid.type), cast(null(), began_at.type)).where(unread.is_(None))
    found = union_all(select(page.c.call_uuid, page.c.began_at), no_more).subquery()
    answer: Page = select(found.c.call_uuid)
    return answer.order_by(found.c.began_at.desc().nulls_last(), found.c.call_uuid)


def _compared() -> list[ColumnElement[object]]:
    """What criteria that no index has in order are compared with."""
    return [recordings.c[name] for name in _COMPARED]


def _newest_of_each(query: PartQuery, count: int) -> tuple[FromClause, FromClause]:
    """Of each agent of a team."""
    names = literal(sorted(query.among or ()), ARRAY(Name))
    member = func.unnest(names).table_valued(column("member", Name), name="members").render_derived()
    its_own = (traits.c.tenant == query.tenant, traits.c.kind == AGENT, traits.c.value == member.c.member)
    of_member = select(traits.c.tenant, traits.c.call_uuid, traits.c.began_at).where(*its_own)
    ordered = of_member.where(*times(query, traits)).order_by(traits.c.began_at.desc())
    return member, ordered.fetch(count, with_ties=True).lateral("newest")


def page_of(fitting: Select[tuple[str, datetime]], columns: _Columns, place: tuple[int, int]) -> Page:
    """A page of what fits, in the order of these columns."""
    (call_uuid, began_at), (limit, offset) = columns, place
    page: Page = fitting.with_only_columns(call_uuid)
    return page.order_by(began_at.desc(), call_uuid).limit(limit).offset(offset)


def in_order(query: PartQuery) -> tuple[_Columns, Select[tuple[str, datetime]]]:
    """What fits all but loose criteria, without an order, and the columns of the index that gives one."""
    conditions = [recordings.c.tenant == query.tenant, recordings.c.findable, *facts(query, recordings)]
    source: FromClause = recordings
    ordered: FromClause = recordings
    for number, (kind, value) in enumerate(exact(query)):
        trait = traits.alias(f"trait{number}")
        source = source.join(trait, of_recording(trait, recordings))
        ordered = ordered if number else trait
        conditions += [trait.c.tenant == query.tenant, trait.c.kind == kind, trait.c.value == value]
    columns = ordered.c.call_uuid, ordered.c.began_at
    return columns, select(*columns).select_from(source).where(*conditions, *times(query, ordered))
