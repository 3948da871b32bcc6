"""How long the fuzzing goes on: some thousands of cases in a test run, as long as FUZZ_SECONDS says in a longer one."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

from tests.seeds import chance

SECONDS: Final = float(os.environ.get("FUZZ_SECONDS", "0"))
"""For each test; one that is made of many shares them."""

CORPUS: Final = Path(__file__).parent / "corpus"
"""Beginnings of our own making, each for what it provokes; whatever once broke something is put beside them."""


def rounds(at_least: int, *, seed: str = "", share: float = 1.0) -> Iterator[Random]:
    """A generator of its own for each round, so that a failing one can be run again by its number."""
    ends = monotonic() + SECONDS * share
    for number in count():
        if number >= at_least and monotonic() >= ends:
            return
        yield chance(seed, number)


def examples(at_least: int, *, a_second: int) -> int:
    """How many examples hypothesis is to try, where so many take it a second."""
    return max(at_least, int(SECONDS * a_second))
