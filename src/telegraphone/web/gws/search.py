"""Reads the criteria of a search for recordings (gws-api 13.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.limits import COLLECTION_LIMIT_MAX, COLLECTION_OFFSET_MAX, SEARCH_PATTERN_CHARS_MAX, SEARCH_STARS_MAX
from telegraphone.services.catalogue import PartQuery
from telegraphone.web.gws.cursor import Place, decode
from telegraphone.web.gws.errors import Failure, Refused
from telegraphone.web.gws.requests import number

CRITERIA = ("callerPhoneNumber", "dialedPhoneNumber", "userName", "callUuid", "startTime", "endTime")

_NO_CRITERION = Failure(400, 1, "Required parameter is missing: at least one search criterion.")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?\d{0,12}(Z|[+ -]\d\d:?\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Search:
    """A search as one user asks for it: the criteria as given, behind which call to go on, and which page."""

    given: Mapping[str, str]
    after: Place | None
    limit: int
    offset: int
    by_offset: bool

    def query(self, tenant: str) -> PartQuery:
        """What the list of recordings of this tenant is asked."""
        return PartQuery(
            tenant,
            call_uuid=self.given.get("callUuid"),
            user_name=self.given.get("userName"),
            ani=self.given.get("callerPhoneNumber"),
            dnis=self.given.get("dialedPhoneNumber"),
            started_from=_time(self.given, "startTime"),
            started_before=_time(self.given, "endTime"),
            after=self.after,
        )


def search(user_name: str, query: Mapping[str, str]) -> Search:
    """What this user's query parameters ask for: at least one criterion, or a cursor, which brings its own along."""
    given = {name: query[name] for name in CRITERIA if query.get(name)}
    limit, offset = limit_and_offset(query)
    after = None
    if query.get("cursor"):
        if given or query.get("offset"):
            raise ParameterInvalid("cursor", "a cursor brings its criteria along and stands alone")
        given, after = decode(user_name, query["cursor"])
    if not given:
        raise Refused(_NO_CRITERION)
    for name, text in given.items():
        if len(text) > SEARCH_PATTERN_CHARS_MAX:
            raise ParameterInvalid(name)
        if text.count("*") > SEARCH_STARS_MAX:
            raise ParameterInvalid(name, f"at most {SEARCH_STARS_MAX} stars")
    return Search(given, after, limit, offset, by_offset=bool(query.get("offset")))


def limit_and_offset(query: Mapping[str, str]) -> tuple[int, int]:
    """The page asked for: 1 to 100 recordings, more is taken as 100."""
    limit = number(query, "limit", COLLECTION_LIMIT_MAX)
    if limit < 1:
        raise ParameterInvalid("limit")
    offset = number(query, "offset", 0)
    if offset > COLLECTION_OFFSET_MAX:
        raise ParameterInvalid("offset", f"at most {COLLECTION_OFFSET_MAX}; go on by cursor instead")
    return min(limit, COLLECTION_LIMIT_MAX), offset


def _time(given: Mapping[str, str], name: str) -> datetime | None:
    """A time with its offset. A space stands for the `+` that forms turn into one."""
    if name not in given:
        return None
    parts = _TIME.fullmatch(given[name])
    if parts is None:
        raise ParameterInvalid(name, "a time is written as 2015-09-10T16:58:22+0000")
    whole, fraction, offset = parts.groups(default="")
    try:
        return datetime.fromisoformat(whole + fraction + offset.replace(" ", "+")).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ParameterInvalid(name, "no such time") from None
