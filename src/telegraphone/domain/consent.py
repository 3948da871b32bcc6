"""Whose consent a recording needs, and how it is given: by what is attached to the call, or by an announcement that is heard.

Theory. Where a rule applies, nothing is kept until everybody has agreed, and nothing from when they no longer do. Missing
consent keeps audio out like any other reason, but a hidden one: the recording is there and ready, no state shows it, and no
Resume lifts it (properties CMP-7). Of several rules that apply, all must be content. Whether what is said before may wait for
it in memory, each rule says; data that say something else than that it was given are a refusal.

Who stays on the line behind an announcement has agreed. It has to be heard by every party that is no agent's, for agents know;
in a call of agents only, by all; and nobody is to hear it still. So a customer who joins brings it back, a colleague does not. It
counts for a part that is being recorded: each says anew who had heard it where its sound begins.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from telegraphone.domain.call import Call, CallType, Leg, LegState
from telegraphone.domain.forked import IsAgent
from telegraphone.domain.ids import DEFAULT_TENANT, LegId
from telegraphone.domain.pausing import text_of
from telegraphone.domain.policy import is_one_of


@dataclass(frozen=True, slots=True)
class ConsentRule:
    """Calls of these types and numbers, any where there are none, are kept only while their user data under `key` are like one
    of `values` (`*` and `?` are known; without any, whatever they are); or, without a key, once `announcement` has been heard.
    What was said up to `memory_s` before is kept too."""

    name: str
    key: str = ""
    values: tuple[str, ...] = ()
    tenant: str = DEFAULT_TENANT
    types: frozenset[CallType] = frozenset()
    anis: tuple[str, ...] = ()
    dnises: tuple[str, ...] = ()
    memory_s: float = 0.0
    announcement: str = ""

    def __post_init__(self) -> None:
        assert bool(self.key) != bool(self.announcement)

    def applies(self, call: Call) -> bool:
        """Whether this call needs consent."""
        return (
            call.tenant == self.tenant
            and (not self.types or call.type in self.types)
            and is_one_of(call.caller.number, self.anis)
            and is_one_of(call.dnis, self.dnises)
        )

    def given(self, user_data: Mapping[str, object]) -> bool:
        """Whether it has been given by what is attached."""
        if not self.key or self.key not in user_data:
            return False
        return not self.values or any(fnmatchcase(text_of(user_data[self.key]), each) for each in self.values)

    def refused(self, user_data: Mapping[str, object]) -> bool:
        """Whether it was asked for, and not given."""
        return self.key in user_data and not self.given(user_data)


def missing(rules: Iterable[ConsentRule], call: Call, is_agent: IsAgent) -> tuple[ConsentRule, ...]:
    """The rules that keep this call's audio out now."""
    return tuple(rule for rule in rules if rule.applies(call) and not _content(rule, call, is_agent))


def memory_s(rules: Iterable[ConsentRule], call: Call, is_agent: IsAgent) -> float:
    """How far back what is said now may be kept in memory until consent is given; 0 when it may not, or need not."""
    lacking = missing(rules, call, is_agent)
    return 0.0 if any(rule.refused(call.user_data) for rule in lacking) else min((each.memory_s for each in lacking), default=0.0)


def applying(rules: Iterable[ConsentRule], call: Call) -> tuple[ConsentRule, ...]:
    """The rules that this call is under."""
    return tuple(rule for rule in rules if rule.applies(call))


def due(rules: Iterable[ConsentRule], call: Call, is_agent: IsAgent) -> str:
    """The announcement that this call's parties are to hear next, "" for none. Where rules ask for user data as well it comes
    after those, so that it is heard only where sound is kept behind it."""
    lacking = missing(rules, call, is_agent) if call.recording.in_progress else ()
    return next((rule.announcement for rule in lacking if all(each.announcement for each in lacking)), "")


def hearers(announcement: str, call: Call, is_agent: IsAgent, missed: frozenset[LegId]) -> tuple[Leg, ...]:
    """To whom it is to be played now: to all who are there and hear none, so that nobody talks to somebody who hears it; nobody
    when those who have to hear it have it played to them, cannot hear it now, or `missed` it."""
    there = tuple(leg for leg in call.talking if can_hear(leg) and not leg.hearing)
    wanting = {leg.id for leg in concerned(call, is_agent) if not has_heard(leg, announcement)} - missed
    return there if any(leg.id in wanting for leg in there) else ()


def concerned(call: Call, is_agent: IsAgent) -> tuple[Leg, ...]:
    """Whose consent an announcement asks for."""
    others = tuple(leg for leg in call.talking if not is_agent(leg.number, call.tenant))
    return others or call.talking


def can_hear(leg: Leg) -> bool:
    """Whether something can be played to the leg's party in this call: nobody has put it on hold there."""
    return leg.active and leg.state is not LegState.HELD


def has_heard(leg: Leg, announcement: str) -> bool:
    """Whether its party has heard this announcement to its end."""
    return any(each.announcement == announcement for each in leg.heard)


def _content(rule: ConsentRule, call: Call, is_agent: IsAgent) -> bool:
    if not rule.announcement:
        return rule.given(call.user_data)
    if not call.recording.in_progress or any(leg.hearing == rule.announcement for leg in call.talking):
        return False
    parties = concerned(call, is_agent)
    return bool(parties) and all(has_heard(leg, rule.announcement) for leg in parties)
