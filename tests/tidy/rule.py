"""What a house rule is: a name, the files it looks at, how it finds an offence, and one example of each kind.

Every rule carries a `bad` text in which it must find something and a `good` one in which it must not, so that no rule can
rot into one that never fails.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREES_LEFT_OUT = {
    ".git", ".venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis",
    ".import_linter_cache", ".make", "build", "dist", "telegraphone-demo",
}  # fmt: skip
BINARY_ENDINGS = {
    ".png", ".jpg", ".gif", ".ico", ".wav", ".pcap", ".bin", ".gz", ".woff2", ".pyc",
    ".tgs", ".tgj", ".key", ".pub", ".sig",
}  # fmt: skip
PURE_LAYERS = ("domain", "wire", "media")

Offence = tuple[int, str]
"""A line number and what is wrong with it."""

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One text file of the repository: its path from the root, with `/`, and its text."""

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")

    @property
    def is_product(self) -> bool:
        return self.is_python and self.path.startswith("src/")

    @property
    def is_test(self) -> bool:
        return self.is_python and self.path.startswith("tests/")

    @property
    def layer(self) -> str:
        """The top-level package or module under `telegraphone`, empty elsewhere."""
        parts = self.path.split("/")
        return parts[2].removesuffix(".py") if self.is_product and len(parts) > 2 else ""

    def functions(self) -> Iterator[FunctionNode]:
        return (node for node in self.nodes if isinstance(node, FunctionNode))

    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in self.nodes if isinstance(node, ast.ClassDef))


@dataclass(frozen=True)
class Rule:
    """A rule that looks at one file at a time. `where` is the path at which the examples are read."""

    name: str
    applies: Callable[[Source], bool]
    offences: Callable[[Source], Iterable[Offence]]
    bad: str
    good: str
    where: str = "src/telegraphone/domain/example.py"

    def findings(self, sources: Iterable[Source]) -> list[str]:
        return [
            f"{source.path}:{line}: {self.name}: {what}"
            for source in sources
            if self.applies(source)
            for line, what in self.offences(source)
        ]


def is_python(source: Source) -> bool:
    return source.is_python


def is_product(source: Source) -> bool:
    return source.is_product


def is_test(source: Source) -> bool:
    return source.is_test


def is_any(source: Source) -> bool:
    return bool(source.path)


def in_layers(*layers: str) -> Callable[[Source], bool]:
    return lambda source: source.layer in layers


def under(prefix: str) -> Callable[[Source], bool]:
    return lambda source: source.is_python and source.path.startswith(prefix)


@cache
def repository() -> tuple[Source, ...]:
    """Every text file of the repository that somebody wrote, as it lies in the working tree."""
    return tuple(_read(path) for path in sorted(_walk(ROOT)) if path.suffix not in BINARY_ENDINGS)


def _read(path: Path) -> Source:
    return Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace"))


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in TREES_LEFT_OUT or path.name.endswith(".egg-info") or path.is_symlink():
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path
