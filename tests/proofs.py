"""What `docs/reference/properties.md` says proves what, and `make prove`, which runs it: `python -m tests.proofs ID [seed]`."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.seeds import USUAL

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/reference/properties.md"
ASVS = ROOT / "docs/security/asvs.md"
UNPROVED = "**no test**"
_LINE = re.compile(r"^\| ((?:PCI|REC|CMP|SEC)-\d+|F\d+) \| .* \| (.*) \|$")


def proofs() -> dict[str, list[str]]:
    """The tests of each property and fault, as pytest takes them; none where the page owns up to that."""
    found: dict[str, list[str]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if match := _LINE.match(line):
            name, told = match.groups()
            tests = _tests(told)
            if ASVS.name in told:
                tests += sorted({test for each in items().values() for test in each})
            assert name not in found, f"{name} has two lines"
            assert bool(tests) is not told.startswith(UNPROVED), f"{name} has neither tests nor the admission that it has none"
            found[name] = tests
    return found


def items() -> dict[str, list[str]]:
    """The same of each item of the security standard; none for an exception."""
    lines = [line.split(" | ") for line in ASVS.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d", line)]
    return {line[0].strip("| "): [] if "**exception**: " in line[-1] else _tests(line[-1]) for line in lines}


def _tests(told: str) -> list[str]:
    return re.findall(r"`(tests/[^`]+)`", told)


def pytest_with(seed: str) -> list[str]:
    """The command whose tests draw by this seed, in the environment that `seeded` makes."""
    return [sys.executable, "-m", "pytest", f"--hypothesis-seed={seed}"]


def seeded(seed: str) -> dict[str, str]:
    """This environment, with a seed."""
    return {**os.environ, "TELEGRAPHONE_SEED": seed, "HYPOTHESIS_PROFILE": "seeded"}


def main(name: str, seed: str) -> int:
    """Runs the tests of one line; 0 only when each of them ran and passed."""
    tests = proofs().get(name)
    if not tests:
        print(f"{name} is not proved: see {PAGE.relative_to(ROOT)}", file=sys.stderr)
        return 1
    report = ROOT / ".pytest_cache" / "proof.xml"
    done = subprocess.run([*pytest_with(seed), f"--junitxml={report}", *tests], cwd=ROOT, env=seeded(seed), check=False)
    skipped = re.search(r'skipped="([1-9]\d*)"', report.read_text(encoding="utf-8"))
    print(f"{name}, seed {seed}: {'proved' if not (done.returncode or skipped) else 'NOT PROVED'}")
    return done.returncode or int(skipped is not None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], (sys.argv[2:] or [USUAL])[0]))
