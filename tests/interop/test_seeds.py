"""That the seed given to `make prove` chooses what tests leave to chance, and that the same seed chooses the same."""

import re
import subprocess
from pathlib import Path

from tests.proofs import ROOT, pytest_with, seeded

DRAWING = """
from hypothesis import given, settings, strategies as st
from tests.seeds import chance

@settings(max_examples=5)
@given(st.integers(0, 1_000_000))
def test_by_hypothesis(number: int) -> None:
    print("drawn", number)

def test_by_ourselves() -> None:
    print("chosen", chance("place").random())
"""


def drawn(test: Path, seed: str) -> tuple[list[str], list[str]]:
    """What Hypothesis drew, and what we chose."""
    command = [*pytest_with(seed), "-s", "-p", "tests.conftest", "-p", "no:cacheprovider", f"--rootdir={test.parent}", str(test)]
    done = subprocess.run(command, cwd=ROOT, env=seeded(seed), check=True, capture_output=True, text=True, timeout=60)
    return re.findall(r"drawn (\S+)", done.stdout), re.findall(r"chosen (\S+)", done.stdout)


def test_the_seed_chooses_and_the_same_seed_chooses_the_same(tmp_path: Path) -> None:
    test = tmp_path / "test_drawn.py"
    test.write_text(DRAWING, encoding="utf-8")
    by_hypothesis, by_ourselves = drawn(test, "7")
    assert drawn(test, "7") == (by_hypothesis, by_ourselves)
    others = drawn(test, "8")
    assert by_hypothesis != others[0]
    assert by_ourselves != others[1]
