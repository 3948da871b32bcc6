"""What a Markdown page promises and a test can check: that its links lead somewhere and its commands exist."""

import itertools
import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer
import typer.main

from tests.tidy.rule import Source

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\s*$")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$")


def prose(page: Source) -> Iterator[tuple[int, str]]:
    """Lines outside fenced blocks, inline code blanked."""
    fenced = False
    for number, line in enumerate(page.lines, 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, re.sub(r"`[^`]*`", "``", line)


def anchor(heading: str) -> str:
    """The fragment that forges make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(page: Source) -> set[str]:
    fenced = False
    found = set()
    for line in page.lines:
        fenced ^= line.lstrip().startswith("```")
        if not fenced and (heading := HEADING.match(line)):
            found.add(anchor(heading.group(1)))
    return found


def broken_links(pages: Iterable[Source], root: Path) -> list[str]:
    """Relative links to files that are not there, or to headings the page does not have."""
    by_path = {page.path: page for page in pages}
    broken = []
    for page in by_path.values():
        for number, line in prose(page):
            links = (first or second for first, second in LINK.findall(line))
            lost = (link for link in links if not _leads_somewhere(link, page, by_path, root))
            broken += [f"{page.path}:{number}: {link} leads nowhere" for link in lost]
    return broken


def _leads_somewhere(link: str, page: Source, by_path: dict[str, Source], root: Path) -> bool:
    if re.match(r"[a-z]+:", link):
        return True
    path, _, fragment = link.partition("#")
    target = (root / page.path).parent / path if path else root / page.path
    if path and not target.exists():
        return False
    other = by_path.get(target.resolve().relative_to(root).as_posix()) if path else page
    return not fragment or other is None or fragment in anchors(other)


def commands(page: Source) -> Iterator[tuple[int, list[str]]]:
    """Each command line of the ```sh blocks, continuation lines joined, prompts and comments away, split as a shell does."""
    language, pending, start = None, "", 0
    for number, line in enumerate(page.lines, 1):
        if fence := FENCE.match(line.strip()):
            language, pending = (fence.group(1) or "text", "") if language is None else (None, "")
        elif language == "sh":
            start = start if pending else number
            pending += line.strip().removeprefix("$ ")
            if pending.endswith("\\"):
                pending = pending[:-1] + " "
                continue
            if words := shlex.split(pending, comments=True):
                yield start, words
            pending = ""


def make_targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*):(?!=)", makefile, re.MULTILINE))


def subcommands(group: typer.Typer) -> set[tuple[str, ...]]:
    """The words of every command of the command line, (`user`, `add`) for one in a group."""
    found: set[tuple[str, ...]] = set()
    root = typer.main.get_command(group)
    for name, command in getattr(root, "commands", {}).items():
        inner = getattr(command, "commands", {})
        found |= {(name, word) for word in inner} or {(name,)}
    return found


def unknown_commands(page: Source, targets: set[str], subcommands: set[tuple[str, ...]]) -> list[str]:
    """`make X` and `telegraphone X` of a page that do not exist. Assignments before a command are passed over."""
    wrong = []
    for number, line in commands(page):
        words = list(itertools.dropwhile(lambda word: "=" in word, line))
        match words:
            case ["make", *rest]:
                bad = [word for word in rest if "=" not in word and not word.startswith("-") and word not in targets]
            case [program, *rest] if program.rsplit("/", 1)[-1] == "telegraphone":
                bad = [] if _is_known(rest, subcommands) else [" ".join(rest)]
            case _:
                bad = []
        wrong += [f"{page.path}:{number}: {words[0]} has no {word}" for word in bad]
    return wrong


def _is_known(rest: list[str], subcommands: set[tuple[str, ...]]) -> bool:
    if not rest or rest[0].startswith("-"):
        return True
    return any(tuple(rest[: len(command)]) == command for command in subcommands)


CITED = re.compile(r"[\w./-]*\w\.md\b")
ROW = re.compile(r"\bsiprec\.md, (Q\d+)|\((W\d+)\b|\b(gws-api \d+(?:\.\d+)?)")
"""Rows of pages that the code cites by number."""


def citations_of_nothing(sources: Iterable[Source], pages: Iterable[Source]) -> list[str]:
    """Where code names a page that is not there, by its name or its path, or a row of one that has none such."""
    known = list(pages)
    rows = {row for page in known for row in re.findall(r"^\| ([QW]\d+) \|", page.text, re.MULTILINE)}
    numbered = (page for page in known if page.path.endswith("gws-api.md"))
    rows |= {f"gws-api {row}" for page in numbered for row in re.findall(r"^\| (\d+(?:\.\d+)?) \|", page.text, re.MULTILINE)}
    lines = [(f"{source.path}:{number}", line) for source in sources for number, line in enumerate(source.lines, 1)]
    paths = [f"/{page.path}" for page in known]
    cited = [(place, name) for place, line in lines for name in CITED.findall(line)]
    named = [(place, "".join(each)) for place, line in lines for each in ROW.findall(line)]
    return [
        *(f"{place}: there is no {name}" for place, name in cited if not any(path.endswith(f"/{name}") for path in paths)),
        *(f"{place}: no page has a row {row}" for place, row in named if row not in rows),
    ]
