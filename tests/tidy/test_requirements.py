"""What users run is installed from `requirements/runtime.txt`, tests from another lock: the first must have all that the product
imports, and the versions that were tested."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.tidy.rule import Source, repository

REQUIREMENTS = Path(__file__).parents[2] / "requirements"


def pins(lock: str) -> dict[str, str]:
    """Distribution → version."""
    text = (REQUIREMENTS / f"{lock}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", text, re.MULTILINE))


def imported(source: Source) -> set[str]:
    """The packages that are needed when it runs."""
    for_checking = {
        id(inner)
        for node in source.nodes
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    found: set[str] = set()
    for node in source.nodes:
        if id(node) in for_checking:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def test_what_the_product_imports_is_installed_where_users_run_it() -> None:
    distributions, locked = packages_distributions(), pins("runtime")
    wanted = set().union(*(imported(source) for source in repository() if source.is_product))
    theirs = wanted - set(sys.stdlib_module_names) - {"telegraphone"}
    assert len(theirs) > 10
    missing = [each for each in theirs if not {name.lower().replace("_", "-") for name in distributions[each]} & set(locked)]
    assert missing == []


def test_what_users_run_is_what_was_tested() -> None:
    tested = pins("test")
    assert {name: version for name, version in pins("runtime").items() if tested.get(name) != version} == {}
