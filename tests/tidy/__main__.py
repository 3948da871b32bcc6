"""Print every offence against the house rules, one a line: `python -m tests.tidy`."""

import sys

from tests.tidy.every_rule import RULES
from tests.tidy.rule import repository

if __name__ == "__main__":
    FOUND = [finding for rule in RULES for finding in rule.findings(repository())]
    sys.stdout.write("".join(f"{finding}\n" for finding in FOUND))
    sys.exit(bool(FOUND))
