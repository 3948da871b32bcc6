"""Sums the parts of one call up as a recording: what searches compare, for the SQL list of recordings and the one in memory.

Exact criteria (an agent, a label, a pair of user data) are *traits*: one row each, in order of time, so that a search
reads from an index what it shows and no more; what searches do not find yet has none. Free text is compared word by word, by the
beginnings of words.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from telegraphone.database.matching import compared
from telegraphone.limits import SEARCH_TRAIT_CHARS_MAX, SEARCH_WORD_CHARS_MAX, SEARCH_WORDS_MAX
from telegraphone.services.catalogue import PartRecord

AGENT = "agent"
LABEL = "label"
DATA = "data"


@dataclass(frozen=True, slots=True)
class Summary:
    """One recording as searches see it. `traits` are pairs of a kind and a value; `words` stand between spaces."""

    began_at: datetime
    ended_at: datetime | None
    ani_compared: str
    dnis_compared: str
    duration_ms: int
    paused: bool
    state: str
    bytes_stored: int
    findable: bool
    words: str
    traits: frozenset[tuple[str, str]]


def summary(parts: Sequence[PartRecord], labels: Mapping[str, str] | None = None) -> Summary:
    """Of the parts of one call in order of time, one at least, and its labels with their values."""
    first = parts[0]
    ended = [part for part in parts if part.stopped_at is not None]
    given = labels or {}
    return Summary(
        began_at=first.started_at,
        ended_at=max((part.stopped_at for part in ended if part.stopped_at), default=None),
        ani_compared=compared(first.ani)[:SEARCH_TRAIT_CHARS_MAX],
        dnis_compared=compared(first.dnis)[:SEARCH_TRAIT_CHARS_MAX],
        duration_ms=sum(part.duration_ms for part in ended),
        paused=any(entry.type == "Paused" for part in parts for entry in part.history),
        state=_state(parts),
        bytes_stored=sum(part.bytes_stored for part in parts),
        findable=bool(ended),
        words=_words(parts, given),
        traits=frozenset(_traits(parts, given) if ended else ()),
    )


def words_of(text: str) -> list[str]:
    """The words of a text as searches compare them: runs of letters and digits, without their case."""
    folded = text.casefold()
    return "".join(each if each.isalnum() else " " for each in folded).split()


def kept_words(text: str) -> list[str]:
    """The same as far as they are kept."""
    return [word[:SEARCH_WORD_CHARS_MAX] for word in words_of(text)]


def pair(key: str, value: str) -> str:
    """A pair of user data as a trait, of characters that every database takes."""
    text = f"{key}={value}"[:SEARCH_TRAIT_CHARS_MAX]
    return text.replace("\0", "").encode(errors="replace").decode()


def searchable(value: object) -> str | None:
    """A value of user data as it is compared; None for one that is no single text, number or truth."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _state(parts: Sequence[PartRecord]) -> str:
    """The worst of the parts: running, broken, recovered, redacted, sealed or whatever else they are."""
    states = {part.status for part in parts}
    return next((each for each in ("recording", "broken", "recovered", "redacted") if each in states), parts[-1].status)


def _traits(parts: Sequence[PartRecord], labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for part in parts:
        if part.user_name:
            yield AGENT, part.user_name
        for key, value in part.user_data.items():
            text = searchable(value)
            if text is not None:
                yield DATA, pair(key, text)
    for name in labels:
        yield LABEL, name


def _words(parts: Sequence[PartRecord], labels: Mapping[str, str]) -> str:
    found: dict[str, None] = {}
    for text in _texts(parts, labels):
        for word in kept_words(text):
            found[word] = None
            if len(found) >= SEARCH_WORDS_MAX:
                return _between_spaces(found)
    return _between_spaces(found)


def _between_spaces(words: Iterable[str]) -> str:
    return f" {' '.join(words)} "


def _texts(parts: Sequence[PartRecord], labels: Mapping[str, str]) -> Iterator[str]:
    """What people would look for, the most telling first: only so many words are kept."""
    for part in parts:
        yield from (part.ani, compared(part.ani), part.dnis, compared(part.dnis), part.recorded_dn, part.user_name)
        yield from (part.call_uuid, part.conn_id)
    for name, value in labels.items():
        yield from (name, value)
    for part in parts:
        yield from _leaves(dict(part.user_data))


def _leaves(value: object) -> Iterator[str]:
    """The single values within a JSON value. User data is bounded, so is the depth of what a parser lets through."""
    match value:
        case dict():
            for key, inner in value.items():
                yield str(key)
                yield from _leaves(inner)
        case list():
            for inner in value:
                yield from _leaves(inner)
        case _:
            text = searchable(value)
            if text is not None:
                yield text
