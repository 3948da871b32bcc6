"""Whose consent a recording needs, and how it is given: by what is attached to the call.

Theory. Where a rule applies, nothing is kept until the call's user data say that everybody agreed, and nothing from when they
no longer do. Missing consent keeps audio out like any other reason, but a hidden one: the recording is there and ready, no state
shows it, and no Resume lifts it (properties CMP-7). Of several rules that apply, all must be content.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from telegraphone.domain.call import Call, CallType
from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.domain.pausing import text_of
from telegraphone.domain.policy import is_one_of


@dataclass(frozen=True, slots=True)
class ConsentRule:
    """Calls of these types and numbers, any where there are none, are kept only while their user data under `key` are like one
    of `values` (`*` and `?` are known; without any, whatever they are)."""

    name: str
    key: str
    values: tuple[str, ...] = ()
    tenant: str = DEFAULT_TENANT
    types: frozenset[CallType] = frozenset()
    anis: tuple[str, ...] = ()
    dnises: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.key

    def applies(self, call: Call) -> bool:
        """Whether this call needs consent."""
        return (
            call.tenant == self.tenant
            and (not self.types or call.type in self.types)
            and is_one_of(call.caller.number, self.anis)
            and is_one_of(call.dnis, self.dnises)
        )

    def given(self, user_data: Mapping[str, object]) -> bool:
        """Whether it has been given."""
        if self.key not in user_data:
            return False
        return not self.values or any(fnmatchcase(text_of(user_data[self.key]), each) for each in self.values)


def missing(rules: Iterable[ConsentRule], call: Call) -> ConsentRule | None:
    """The first rule that keeps this call's audio out now."""
    return next((rule for rule in rules if rule.applies(call) and not rule.given(call.user_data)), None)


def applying(rules: Iterable[ConsentRule], call: Call) -> tuple[ConsentRule, ...]:
    """The rules that this call is under."""
    return tuple(rule for rule in rules if rule.applies(call))
