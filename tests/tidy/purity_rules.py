"""What an import contract cannot see: asking the time, rolling dice, starting a loose task; and tests that skip or sleep."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator

from tests.tidy.rule import PURE_LAYERS, Offence, Rule, Source, in_layers, is_product, is_test, under

CLOCKS_AND_DICE = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "uuid4", "uuid1", "uuid.uuid4", "uuid.uuid1", "open", "urandom", "perf_counter", "AESGCM.generate_key", "Fernet.generate_key",
}  # fmt: skip
LOOSE_TASKS = {"asyncio.create_task", "asyncio.ensure_future", "create_task", "ensure_future"}
SLEEPS = {"time.sleep", "sleep"}
SKIPS = {"pytest.skip", "pytest.importorskip", "pytest.mark.skip", "pytest.mark.skipif", "unittest.skip", "skip", "importorskip"}
MOCKS = {"unittest.mock", "unittest", "mock", "pytest_mock"}
DOORS = {"socket", "subprocess", "time", "threading", "multiprocessing", "httpx", "urllib.request", "tempfile", "shutil"}


def called(names: set[str], why: str) -> Callable[[Source], Iterable[Offence]]:
    def offences(source: Source) -> Iterator[Offence]:
        for node in source.nodes:
            if isinstance(node, ast.Call) and ast.unparse(node.func) in names and not _passes_nothing(node):
                yield node.lineno, f"{ast.unparse(node.func)}: {why}"

    return offences


def _passes_nothing(node: ast.Call) -> bool:
    """`asyncio.sleep(0)` only lets others go first."""
    return ast.unparse(node).endswith("sleep(0)")


def loose_tasks(source: Source) -> Iterator[Offence]:
    """A task outside a TaskGroup, unless a comment there says who awaits it."""
    for line, what in called(LOOSE_TASKS, "a task belongs to a TaskGroup, or a comment here says who awaits it")(source):
        if not any("#" in text for text in source.lines[max(line - 2, 0) : line]):
            yield line, what


def named(names: set[str], why: str) -> Callable[[Source], Iterable[Offence]]:
    def offences(source: Source) -> Iterator[Offence]:
        for node in source.nodes:
            if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node) in names:
                yield node.lineno, f"{ast.unparse(node)}: {why}"

    return offences


def imported(names: set[str], why: str) -> Callable[[Source], Iterable[Offence]]:
    def offences(source: Source) -> Iterator[Offence]:
        for node in source.nodes:
            if isinstance(node, ast.Import):
                found = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            else:
                continue
            for name in sorted(found & names):
                yield node.lineno, f"import {name}: {why}"

    return offences


def bare_xfail(source: Source) -> Iterator[Offence]:
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "pytest.mark.xfail":
            following = " ".join(source.lines[node.lineno - 1 : node.lineno + 3])
            if not re.search(r"xfail\(.*reason=", following):
                yield node.lineno, "an expected failure gives its reason"


def unit_files(source: Source) -> Iterator[Offence]:
    for function in source.functions():
        for arg in function.args.args + function.args.kwonlyargs:
            if arg.arg in {"tmp_path", "tmp_path_factory", "mocker"}:
                yield function.lineno, f"{arg.arg}: a unit test touches no disk and patches nothing"


RULES = [
    Rule(
        "time and chance are arguments",
        in_layers(*PURE_LAYERS, "services"),
        called(CLOCKS_AND_DICE, "this layer is given the time, entropy and bytes"),
        bad="started_at = datetime.now(UTC)",
        good="def f(now): return now.date()",
    ),
    Rule(
        "no loose task",
        is_product,
        loose_tasks,
        bad="asyncio.create_task(run())",
        good="group.create_task(run())\n# Awaited in close().\ntask = asyncio.create_task(run())",
    ),
    Rule(
        "no mock",
        is_test,
        imported(MOCKS, "a memory adapter is the test's partner"),
        bad="from unittest import mock",
        good="import pytest",
        where="tests/contract/test_example.py",
    ),
    Rule(
        "no skip",
        is_test,
        named(SKIPS, "a missing component fails"),
        bad="@pytest.mark.skipif(True, reason='')\ndef test(): ...",
        good="@pytest.mark.parametrize('x', [1])\ndef test(x): ...",
        where="tests/unit/domain/test_example.py",
    ),
    Rule(
        "no sleep in a unit test",
        under("tests/unit/"),
        called(SLEEPS | {"asyncio.sleep"}, "time is an argument"),
        bad="time.sleep(1)",
        good="engine.on_deadline(now=64.0)\nasync def f(): await asyncio.sleep(0)",
        where="tests/unit/domain/test_example.py",
    ),
    Rule(
        "no door in a unit test",
        under("tests/unit/"),
        imported(DOORS, "a unit test does no I/O"),
        bad="import socket",
        good="import asyncio",
        where="tests/unit/domain/test_example.py",
    ),
    Rule(
        "no disk in a unit test",
        under("tests/unit/"),
        unit_files,
        bad="def test(tmp_path): ...",
        good="def test(seed): ...",
        where="tests/unit/domain/test_example.py",
    ),
    Rule(
        "an expected failure has a reason",
        is_test,
        bare_xfail,
        bad="@pytest.mark.xfail\ndef test(): ...",
        good="@pytest.mark.xfail(strict=True, reason='RFC 4475 3.1.1.3')\ndef test(): ...",
        where="tests/unit/domain/test_example.py",
    ),
]
