"""The tree of tests mirrors the tree of rules: every module of the inner layers that does something has its own unit test."""

import ast
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from tests.tidy.imports import import_graph, module_name
from tests.tidy.rule import PURE_LAYERS, ROOT, Source, repository

MIRRORED_LAYERS = (*PURE_LAYERS, "services")


def does_something(source: Source) -> bool:
    """Whether it holds a function with a body of its own; a table, a set of ports or of plain values does not."""
    return any(not all(_is_declaration(line) for line in function.body) for function in source.functions())


def _is_declaration(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def untested(sources: Iterable[Source]) -> list[str]:
    """Modules of the mirrored layers that no unit test is named after, imports, or names as `module.py` in its docstring."""
    everything = list(sources)
    tests = [source for source in everything if source.path.startswith("tests/unit/")]
    missing = []
    for source in everything:
        if source.layer not in MIRRORED_LAYERS or source.path.endswith("__init__.py") or not does_something(source):
            continue
        mirror = PurePosixPath("tests/unit", *PurePosixPath(source.path).parts[2:])
        stem = f"{mirror.parent}/test_{mirror.stem}"
        if not any(test.path.startswith((f"{stem}.py", f"{stem}_")) or _covers(test, source) for test in tests):
            missing.append(f"{source.path} has no {stem}.py")
    return missing


def _covers(test: Source, module: Source) -> bool:
    if module_name(module.path) in import_graph([test, module])[module_name(test.path)]:
        return True
    same_folder = PurePosixPath(test.path).parent.parts[2:] == PurePosixPath(module.path).parent.parts[2:]
    named = rf"\b{PurePosixPath(module.path).stem}\.py\b"
    return same_folder and bool(re.search(named, ast.get_docstring(test.tree) or ""))


def orphans(sources: Iterable[Source]) -> list[str]:
    """Folders of unit tests for which there is no package."""
    everything = list(sources)
    packages = {str(PurePosixPath(source.path).parent) for source in everything if source.is_product}
    folders = {str(PurePosixPath(source.path).parent) for source in everything if source.path.startswith("tests/unit/")}
    return sorted(folder for folder in folders if folder.replace("tests/unit", "src/telegraphone", 1) not in packages)


def test_every_module_of_the_inner_layers_has_its_unit_test() -> None:
    missing = untested(repository())
    assert not missing, "\n" + "\n".join(missing)


def test_every_folder_of_unit_tests_has_its_package() -> None:
    assert orphans(repository()) == []


def test_what_a_ci_keeps_of_a_run_is_no_part_of_the_tree() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    for folder in (ROOT / ".ci" / "artefacts").read_text().splitlines():
        assert f"/{folder}/" in ignored
        assert (ROOT / folder).parent.is_dir(), f"{folder} has moved"


def test_a_missing_mirror_is_found() -> None:
    module = Source("src/telegraphone/wire/sip/uri.py", "def f():\n    return 1")
    assert untested([module]) == ["src/telegraphone/wire/sip/uri.py has no tests/unit/wire/sip/test_uri.py"]
    assert untested([module, Source("tests/unit/wire/sip/test_uri.py", "")]) == []
    assert untested([module, Source("tests/unit/wire/sip/test_uri_torture.py", "")]) == []
    neighbour = "tests/unit/wire/sip/test_message.py"
    assert untested([module, Source(neighbour, "from telegraphone.wire.sip import message, uri")]) == []
    assert untested([module, Source(neighbour, "from telegraphone.wire.sip import message")]) != []
    assert untested([module, Source(neighbour, "'Whole messages: `uri.py` and `headers.py` at work.'")]) == []


def test_a_set_of_ports_needs_no_mirror() -> None:
    text = "class Clock(Protocol):\n    def now(self) -> float:\n        '''Seconds.'''"
    assert untested([Source("src/telegraphone/services/ports.py", text)]) == []


def test_a_folder_without_package_is_found() -> None:
    assert orphans([Source("tests/unit/wier/test_uri.py", "")]) == ["tests/unit/wier"]
