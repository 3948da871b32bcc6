"""One rule of the API: where it is written, its name, and how it is tried."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import ModuleType

from telegraphone.domain.legs import Ability
from tests.conformance.stage import Stage

Play = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Rule:
    """`needs` is what the switch must be able to do; `simulated` rules look behind the API or let minutes pass."""

    section: str
    name: str
    play: Play
    needs: frozenset[Ability] = frozenset()
    simulated: bool = False

    def __str__(self) -> str:
        return f"{self.section} {self.name}"


def rule(section: str, name: str, *needs: Ability, simulated: bool = False) -> Callable[[Play], Rule]:
    """Makes a rule of a function that plays it."""
    return lambda play: Rule(section, name, play, frozenset(needs), simulated)


def rules_of(*modules: ModuleType) -> list[Rule]:
    """Every rule of these modules: single ones and tables. No two may have the same name."""
    found = [each for module in modules for value in vars(module).values() for each in _rules_in(value)]
    names = [str(each) for each in found]
    doubled = {name for name in names if names.count(name) > 1}
    assert not doubled, doubled
    return found


def _rules_in(value: object) -> Iterable[Rule]:
    if isinstance(value, Rule):
        return [value]
    if isinstance(value, tuple):
        return [each for each in value if isinstance(each, Rule)]
    return []
