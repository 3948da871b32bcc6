"""Says a search for recordings in SQL, so that an index gives the answer in the order asked for, however much there is.

Theory. A page is the newest hundred that fit. Traits and facts have indexes in order of time itself: reading along one gives the
page, and merging those of a team's agents gives a team's. No index has loose criteria in order of time. Where most fit, reading
the newest along an index gives the page; where few do, looking those up in another index and sorting them does. How many fit no
statistics know well, so it is tried: first among the newest few thousand, which is quick and gives the whole page unless few fit;
then by looking up all that fit, which are few then, or, of words, by looking them up in one span of time after another (`spans`).
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from sqlalchemy import and_, func, select, text, true
from sqlalchemy.ext.asyncio import AsyncConnection

from telegraphone.database.criteria import exact, facts, has_trait, has_word, has_words, loose
from telegraphone.database.spans import by_span
from telegraphone.database.summary import kept_words
from telegraphone.database.tables import recordings, traits
from telegraphone.database.walking import Page, has_few, in_order, is_team, merged, page_of, walked, walked_by_all
from telegraphone.domain.ids import CallUuid
from telegraphone.limits import SEARCH_SAMPLE, SEARCH_SAMPLE_COMMON, SEARCH_SAMPLE_RARE
from telegraphone.services.catalogue import PartQuery

_POSTGRESQL: Final = "postgresql"

HOW = "SELECT set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)"
"""How PostgreSQL is to search in this transaction: compiling takes longer than searching, and one plan for all words is bad for
most."""


async def find(connection: AsyncConnection, query: PartQuery, limit: int, offset: int) -> tuple[CallUuid, ...]:
    """The calls that fit, newest beginning first, from `offset` on and at most `limit`."""
    place, dialect = (limit, offset), connection.dialect.name
    if query.among is not None and not query.among:
        return ()
    if dialect != _POSTGRESQL:
        return await _page(connection, _plain(query, dialect, place))
    await connection.execute(text(HOW))
    said = kept_words(query.text or "")
    if said:
        return await _find_words(connection, query, said, place)
    team = is_team(query)
    if team and not _is_in_order(query) and not _is_loose(replace(query, among=None)):
        return await _page(connection, merged(query, place))
    if not team and not _is_loose(query):
        return await _page(connection, _plain(query, dialect, place))
    newest = await _among_the_newest(connection, query, place)
    return await _page(connection, _looked_up(query, place)) if newest is None else newest


async def _find_words(
    connection: AsyncConnection, query: PartQuery, said: list[str], place: tuple[int, int]
) -> tuple[CallUuid, ...]:
    """By the rarer words, where some are common. Where something else is asked for that an index has in order, the newest of that
    are tried first if it is little, for then most that has the words is not it, and if no word is rare, nor rarer than that."""
    narrowed = _is_in_order(query)
    if narrowed and not is_team(query) and await connection.scalar(has_few(query)):
        return await _page(connection, walked(query, place))
    if narrowed or is_team(query) or len(said) > 1:
        *counts, others = await _sampled(connection, query, said)
        said = [word for word, count in zip(said, counts, strict=True) if count <= SEARCH_SAMPLE_COMMON] or said
        if (narrowed or is_team(query)) and min(counts) >= max(SEARCH_SAMPLE_RARE, others):
            newest = await _among_the_newest(connection, query, place)
            if newest is not None:
                return newest
    return await _page(connection, by_span(query, said, place))


async def _among_the_newest(connection: AsyncConnection, query: PartQuery, place: tuple[int, int]) -> tuple[CallUuid, ...] | None:
    """The page, if those that are read first are enough to know it."""
    if is_team(query):
        rows = (await connection.execute(walked_by_all(query, place))).all()
        page = tuple(CallUuid(row.call_uuid) for row in rows if row.call_uuid is not None)
        return page if len(page) < len(rows) or len(page) == place[0] else None
    page = await _page(connection, walked(query, place))
    return page if len(page) == place[0] else None


async def _sampled(connection: AsyncConnection, query: PartQuery, said: Sequence[str]) -> Sequence[int]:
    """How many of the newest recordings have each of these words, and how many fit whatever else is asked for."""
    findable = (recordings.c.tenant == query.tenant, recordings.c.findable)
    newest = select(recordings).where(*findable).order_by(recordings.c.began_at.desc()).limit(SEARCH_SAMPLE).subquery()
    others = [*facts(query, newest), *loose(query, newest, _POSTGRESQL)]
    others += [has_trait(newest, traits.c.kind == kind, traits.c.value == value) for kind, value in exact(query)]
    fitting = [*(has_word(newest, word, _POSTGRESQL) for word in said), and_(true(), *others)]
    return tuple((await connection.execute(select(*(func.count().filter(each) for each in fitting)))).one())


async def _page(connection: AsyncConnection, asked: Page) -> tuple[CallUuid, ...]:
    return tuple(CallUuid(row.call_uuid) for row in await connection.execute(asked))


def _plain(query: PartQuery, dialect: str, place: tuple[int, int]) -> Page:
    """What fits along the index that has the most in order."""
    columns, fitting = in_order(query)
    return page_of(fitting.where(*loose(query, recordings, dialect), *has_words(query, recordings, dialect)), columns, place)


def _is_in_order(query: PartQuery) -> bool:
    return any(True for _ in chain(exact(query), facts(query, recordings)))


def _is_loose(query: PartQuery) -> bool:
    return any(True for _ in loose(query, recordings, _POSTGRESQL))


def _looked_up(query: PartQuery, place: tuple[int, int]) -> Page:
    """Of all that fit. The offset keeps the database from reading in order, hoping to meet enough of them soon."""
    _, ordered = in_order(query)
    found = ordered.where(*loose(query, recordings, _POSTGRESQL, one_by_one=False)).offset(0).subquery("found")
    return page_of(select(found.c.call_uuid, found.c.began_at), (found.c.call_uuid, found.c.began_at), place)
