"""Reads the criteria of a search for recordings (gws-api 13.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.limits import (
    COLLECTION_LIMIT_MAX,
    COLLECTION_OFFSET_MAX,
    SEARCH_PATTERN_CHARS_MAX,
    SEARCH_STARS_MAX,
    SEARCH_TEXT_WORDS_MAX,
)
from telegraphone.services.catalogue import PartQuery
from telegraphone.web.gws.cursor import Place, decode
from telegraphone.web.gws.errors import Failure, Refused
from telegraphone.web.gws.requests import number

CRITERIA = (
    "callerPhoneNumber",
    "dialedPhoneNumber",
    "userName",
    "callUuid",
    "startTime",
    "endTime",
    "label",
    "userData",
    "paused",
    "state",
    "minDuration",
    "maxDuration",
    "text",
)
STATES = ("sealed", "recovered", "broken", "redacted", "recording")
"""What can be said of a recording: finished as it should be, finished by recovery, not finished, redacted, still going on."""

_DURATION_DIGITS_MAX = 12
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
            started_from=moment(self.given, "startTime"),
            started_before=moment(self.given, "endTime"),
            after=self.after,
            label=self.given.get("label"),
            user_data=_pair(self.given),
            paused=_truth(self.given, "paused"),
            state=_state(self.given),
            duration_ms_min=_milliseconds(self.given, "minDuration"),
            duration_ms_max=_milliseconds(self.given, "maxDuration"),
            text=_text(self.given),
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


def moment(given: Mapping[str, str], name: str) -> datetime | None:
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


def _pair(given: Mapping[str, str]) -> tuple[str, str] | None:
    """A key of user data and its value, with the first `=` in between."""
    if "userData" not in given:
        return None
    key, equals, value = given["userData"].partition("=")
    if not key or not equals:
        raise ParameterInvalid("userData", "a key and its value are written as key=value")
    return key, value


def _truth(given: Mapping[str, str], name: str) -> bool | None:
    if name not in given:
        return None
    if given[name] not in ("true", "false"):
        raise ParameterInvalid(name, "true or false")
    return given[name] == "true"


def _state(given: Mapping[str, str]) -> str | None:
    state = given.get("state")
    if state is not None and state not in STATES:
        raise ParameterInvalid("state", f"one of {', '.join(STATES)}")
    return state


def _milliseconds(given: Mapping[str, str], name: str) -> int | None:
    if name not in given:
        return None
    text = given[name]
    if not text.isascii() or not text.isdigit() or len(text) > _DURATION_DIGITS_MAX:
        raise ParameterInvalid(name, "a number of milliseconds")
    return int(text)


def _text(given: Mapping[str, str]) -> str | None:
    """Words to look for: a few, with a letter or digit in them at least."""
    text = given.get("text")
    if text is None:
        return None
    count = len("".join(each if each.isalnum() else " " for each in text).split())
    if not 0 < count <= SEARCH_TEXT_WORDS_MAX:
        raise ParameterInvalid("text", f"1 to {SEARCH_TEXT_WORDS_MAX} words of letters or digits")
    return text
