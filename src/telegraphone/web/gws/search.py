"""Reads the criteria of a search for recordings (gws-api 13.2)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.limits import COLLECTION_LIMIT_MAX, COLLECTION_OFFSET_MAX
from telegraphone.services.ports import PartQuery
from telegraphone.web.gws.errors import Failure, Refused
from telegraphone.web.gws.requests import number

CRITERIA = ("callerPhoneNumber", "dialedPhoneNumber", "userName", "callUuid", "startTime", "endTime")

_NO_CRITERION = Failure(400, 1, "Required parameter is missing: at least one search criterion.")
_CRITERION_CHARS_MAX = 256
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?\d{0,12}(Z|[+ -]\d\d:?\d\d)", re.ASCII)


def criteria(query: Mapping[str, str]) -> PartQuery:
    """What a search asks for; at least one criterion, and all must hold."""
    given = {name: query[name] for name in CRITERIA if query.get(name)}
    if not given:
        raise Refused(_NO_CRITERION)
    for name, text in given.items():
        if len(text) > _CRITERION_CHARS_MAX:
            raise ParameterInvalid(name)
    return PartQuery(
        call_uuid=given.get("callUuid"),
        user_name=given.get("userName"),
        ani=given.get("callerPhoneNumber"),
        dnis=given.get("dialedPhoneNumber"),
        started_from=_time(given, "startTime"),
        started_before=_time(given, "endTime"),
    )


def limit_and_offset(query: Mapping[str, str]) -> tuple[int, int]:
    """The page asked for: 1 to 100 recordings, more is taken as 100."""
    limit = number(query, "limit", COLLECTION_LIMIT_MAX)
    if limit < 1:
        raise ParameterInvalid("limit")
    offset = number(query, "offset", 0)
    if offset > COLLECTION_OFFSET_MAX:
        raise ParameterInvalid("offset", f"at most {COLLECTION_OFFSET_MAX}; search for a shorter time instead")
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
