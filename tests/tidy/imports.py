"""Who imports whom inside the package, read from the sources, with imports under `if TYPE_CHECKING` and in functions."""

import ast
from collections.abc import Iterable, Iterator, Mapping

from tests.tidy.rule import Source


def module_name(path: str) -> str:
    """`src/a/b/__init__.py` → a.b"""
    parts = path.removeprefix("src/").removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph(sources: Iterable[Source]) -> dict[str, set[str]]:
    """Module → the modules it imports; `from package import submodule` is an import of the submodule alone."""
    by_name = {module_name(source.path): source for source in sources}
    return {name: {found for found in _imports(name, source, by_name) if found != name} for name, source in by_name.items()}


def _imports(name: str, source: Source, known: Mapping[str, Source]) -> Iterator[str]:
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(name, source.path, node)
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                if inner in known or origin in known:
                    yield inner if inner in known else origin


def _origin(name: str, path: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = name.split(".")
    climb = node.level - 1 if path.endswith("__init__.py") else node.level
    parts = parts[: len(parts) - climb] if climb else parts
    return ".".join([*parts, *([node.module] if node.module else [])])


def cycles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The knots of the graph: every group of modules each of which reaches all others (Tarjan, 1972), of two or more."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    knots: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in sorted(graph.get(name, ())):
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            start = stack.index(name)
            if len(stack) - start > 1:
                knots.append(sorted(stack[start:]))
            del stack[start:]

    for name in sorted(graph):
        if name not in order:
            visit(name)
    return knots
