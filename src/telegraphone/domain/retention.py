"""How long recordings are kept: which rules fit one, and until when it may not go.

Theory. A rule keeps the recordings that it fits for a number of days. Of several that fit the longest counts, so that no rule
can take away what another promises; a recording that none fits is kept for ever. Protection and holds are no rules: where they
are kept, they are looked at once more in the moment of the end, and always win (properties CMP-1).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.domain.pausing import text_of
from telegraphone.domain.policy import is_one_of


@dataclass(frozen=True, slots=True)
class KeptFacts:
    """What rules look at: one recording's numbers, labels and user data, of all its parts."""

    tenant: str
    anis: frozenset[str] = frozenset()
    dnises: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    user_data: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """One row; an empty criterion holds always, and all must hold, each for any part. `days` 0: for ever. Patterns know `*` and
    `?`; numbers are compared by letters and digits."""

    name: str
    days: int
    tenant: str = DEFAULT_TENANT
    dnises: tuple[str, ...] = ()
    anis: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    label: str = ""
    key: str = ""
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.days >= 0

    def fits(self, facts: KeptFacts) -> bool:
        """Whether this row keeps such a recording."""
        return (
            facts.tenant == self.tenant
            and _any_is(facts.dnises, self.dnises)
            and _any_is(facts.anis, self.anis)
            and _any_is(facts.numbers, self.numbers)
            and (not self.label or self.label in facts.labels)
            and (not self.key or any(self._says(data) for data in facts.user_data))
        )

    def _says(self, data: Mapping[str, object]) -> bool:
        return self.key in data and (not self.values or any(fnmatchcase(text_of(data[self.key]), each) for each in self.values))


@dataclass(frozen=True, slots=True)
class Term:
    """Until when a recording is kept, and by which rule."""

    until: datetime
    rule: str


def term(rules: Iterable[RetentionRule], facts: KeptFacts, since: datetime) -> Term | None:
    """Until when a recording of `since` is kept; None for ever."""
    fitting = [rule for rule in rules if rule.fits(facts)]
    if not fitting or any(not rule.days for rule in fitting):
        return None
    longest = max(fitting, key=lambda rule: rule.days)
    return Term(since + timedelta(days=longest.days), longest.name)


def soonest(rules: Iterable[RetentionRule], tenant: str) -> timedelta | None:
    """After how long the first recordings of a tenant may go; None for never."""
    days = [rule.days for rule in rules if rule.tenant == tenant and rule.days]
    return timedelta(days=min(days)) if days else None


def _any_is(found: frozenset[str], patterns: tuple[str, ...]) -> bool:
    return not patterns or any(is_one_of(number, patterns) for number in found)
