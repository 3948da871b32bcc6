"""No module imports, by whatever way round, a module that imports it."""

from tests.tidy.imports import cycles, import_graph, module_name
from tests.tidy.rule import Source, repository


def sources(**texts: str) -> list[Source]:
    return [Source(f"src/p/{name}.py", text) for name, text in texts.items()]


def test_the_package_has_no_import_cycle() -> None:
    product = [source for source in repository() if source.is_product]
    assert len(product) > 10
    assert cycles(import_graph(product)) == []


def test_a_cycle_is_found_through_three_modules() -> None:
    graph = import_graph(sources(a="import p.b", b="from p import c", c="def f():\n    from p.a import x"))
    assert cycles(graph) == [["p.a", "p.b", "p.c"]]


def test_a_cycle_is_found_through_relative_imports() -> None:
    assert cycles(import_graph(sources(a="from . import b", b="from .a import x"))) == [["p.a", "p.b"]]


def test_a_line_is_no_cycle() -> None:
    assert cycles(import_graph(sources(a="from p import b", b="from p.c import x", c="import os"))) == []


def test_a_package_is_named_by_its_folder() -> None:
    assert module_name("src/p/q/__init__.py") == "p.q"
