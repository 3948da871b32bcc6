"""Every property and every fault names tests that there are, or owns up to having none."""

import ast
from functools import cache

import pytest

from tests.proofs import ROOT, items, proofs

NAMES = [
    f"{kind}{number}"
    for kind, last in (("PCI-", 13), ("REC-", 7), ("CMP-", 9), ("SEC-", 9), ("F", 42))
    for number in range(1, last + 1)
]
UNPROVED: set[str] = set()
EXCEPTIONS = {"1.2.10", "10.3.1–10.3.3", "10.4.1–10.4.6"}


def test_all_are_there_in_order() -> None:
    assert list(proofs()) == NAMES
    assert {name for name, tests in proofs().items() if not tests} == UNPROVED


@cache
def defined(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("name", NAMES)
def test_the_tests_that_are_named_exist(name: str) -> None:
    for test in proofs()[name]:
        path, _, function = test.partition("::")
        assert not function or function in defined(path), test
        assert (ROOT / path).exists(), test


def test_each_item_of_asvs_has_tests_or_an_exception() -> None:
    assert {item for item, tests in items().items() if not tests} == EXCEPTIONS
