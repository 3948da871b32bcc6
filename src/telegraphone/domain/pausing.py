"""When a recording pauses and goes on by itself: rules over what is attached to a call, and over time.

Theory. A rule *fits* a part from when the call's user data say so (or from the part's beginning, where it asks for none)
until they no longer do. It *pauses* from `after_s` behind that moment on, for `for_s`, or as long as it fits. Only changes
count: a rule that begins to pause adds the policy's reason to those that keep audio out, the last one that ends takes it
away. So who resumes by hand while a rule fits is not paused again by it, and what an agent paused no rule resumes.

```text
             user data fit    after_s is over    for_s is over    they fit no more, or the part ends
-            waiting (*)      -                  -                -
waiting      waiting          pausing            -                -
pausing      pausing          -                  over             -
over         over             -                  -                -
```
(*) pausing at once where `after_s` is 0.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from fnmatch import fnmatchcase

from telegraphone.domain.ids import DEFAULT_TENANT, RecordingId


@dataclass(frozen=True, slots=True)
class PauseRule:
    """Pauses calls whose user data under `key` are like one of `values` (`*` and `?` are known; without any, whatever they
    are). Without a key every call, which takes an `after_s`. Times in seconds; `for_s` 0: as long as the rule fits."""

    name: str
    tenant: str = DEFAULT_TENANT
    key: str = ""
    values: tuple[str, ...] = ()
    after_s: float = 0.0
    for_s: float = 0.0

    def __post_init__(self) -> None:
        assert self.key or self.after_s > 0

    def fits(self, tenant: str, user_data: Mapping[str, object]) -> bool:
        """Whether the user data of a call of this tenant say so."""
        if tenant != self.tenant or (self.key and self.key not in user_data):
            return False
        return not self.key or not self.values or any(fnmatchcase(text_of(user_data[self.key]), each) for each in self.values)


class Standing(Enum):
    """How far a rule that fits has come."""

    WAITING = "waiting"
    PAUSING = "pausing"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Fit:
    """A rule that fits a part, since when (monotonic seconds) and how far it has come."""

    rule: str
    part: RecordingId
    since: float
    standing: Standing


def looked(
    rules: Iterable[PauseRule], about: tuple[str, Mapping[str, object]], part: RecordingId, before: tuple[Fit, ...], now: float
) -> tuple[Fit, ...]:
    """The rules that fit this part now; `about` are the tenant and the user data of its call. Those that did before go on."""
    known = {fit.rule: fit for fit in before if fit.part == part}
    fresh = ((rule, Standing.WAITING if rule.after_s else Standing.PAUSING) for rule in rules if rule.fits(*about))
    return tuple(known.get(rule.name) or Fit(rule.name, part, now, standing) for rule, standing in fresh)


def moved(fits: tuple[Fit, ...], fit: Fit, standing: Standing) -> tuple[Fit, ...]:
    """The same with one of them further; unchanged when that one no longer is."""
    return tuple(replace(each, standing=standing) if each == fit else each for each in fits)


def pausing(fits: Iterable[Fit]) -> tuple[str, ...]:
    """The names of the rules that pause now."""
    return tuple(fit.rule for fit in fits if fit.standing is Standing.PAUSING)


def text_of(value: object) -> str:
    """A value of user data as patterns see it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
