"""Which calls are recorded from the start, and how long a pause may last: what an installation has decided, as a table.

Theory. A *rule* is a row: criteria that must all hold, and whether such calls are recorded. The first row that fits decides;
where none does, the calls of agents who are always recorded are recorded, and others when the agent says so. A rule may take
a share of the calls: which, the call's own id decides, so that every node and every later question get the same answer.

A pause that lasts too long may be a forgotten one. After one time an alarm goes off; after another the recording goes on by
itself, if the installation wants that: for card data it should not.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from telegraphone.domain.agent import Agent
from telegraphone.domain.call import Call, CallType
from telegraphone.domain.ids import DEFAULT_TENANT

ALWAYS_RECORDED: Final = "always recorded"
"""What stands for a rule's name where the agent is one whose calls are always recorded."""

_WHOLE: Final = 2**64


@dataclass(frozen=True, slots=True)
class Rule:
    """One row; an empty criterion holds always. Patterns know `*` and `?`; numbers are compared by letters and digits.
    `share` is of the calls that fit, from 0 to 1."""

    name: str
    records: bool
    tenant: str = DEFAULT_TENANT
    types: frozenset[CallType] = frozenset()
    numbers: tuple[str, ...] = ()
    teams: frozenset[str] = frozenset()
    anis: tuple[str, ...] = ()
    dnises: tuple[str, ...] = ()
    share: float = 1.0

    def __post_init__(self) -> None:
        assert 0 <= self.share <= 1

    def fits(self, call: Call, agent: Agent) -> bool:
        """Whether this row decides about the agent's recording of the call."""
        assert agent.device is not None, "who takes part in a call has a device"
        return (
            call.tenant == self.tenant
            and (not self.types or call.type in self.types)
            and (not self.teams or agent.team in self.teams)
            and is_one_of(agent.device.dn, self.numbers)
            and is_one_of(call.caller.number, self.anis)
            and is_one_of(call.dnis, self.dnises)
            and _is_in_share(f"{self.name} {call.uuid}", self.share)
        )


@dataclass(frozen=True, slots=True)
class PauseLimits:
    """Seconds after which a pause sets off the alarm, and after which the recording goes on by itself; 0: never."""

    alarm_s: float = 0.0
    resume_s: float = 0.0


def deciding(rules: Iterable[Rule], call: Call, agent: Agent) -> Rule | None:
    """The first row that fits."""
    return next((rule for rule in rules if rule.fits(call, agent)), None)


def is_one_of(number: str, patterns: tuple[str, ...]) -> bool:
    """Whether a number, by its letters and digits, is like one of the patterns; without any, every number is."""
    return not patterns or any(fnmatchcase(_compared(number), pattern) for pattern in patterns)


def _compared(number: str) -> str:
    return "".join(each for each in number if each.isalnum())


def _is_in_share(text: str, share: float) -> bool:
    place = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return place < share * _WHOLE
