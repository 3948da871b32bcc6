"""The pages keep what they promise: links lead somewhere, documented commands exist, every bound has its reason."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

from telegraphone.cli import app
from tests.tidy.documents import broken_links, citations_of_nothing, commands, make_targets, subcommands, unknown_commands
from tests.tidy.rule import ROOT, Source, repository


def pages() -> list[Source]:
    return [source for source in repository() if source.path.endswith(".md")]


def test_relative_links_resolve() -> None:
    broken = broken_links(pages(), ROOT)
    assert not broken, "\n" + "\n".join(broken)


def test_documented_commands_exist() -> None:
    targets = make_targets((ROOT / "Makefile").read_text(encoding="utf-8"))
    wrong = [line for page in pages() for line in unknown_commands(page, targets, subcommands(app))]
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_readme_names_the_two_commands() -> None:
    readme = next(page for page in pages() if page.path == "README.md")
    assert {("make", "demo"), ("make", "test")} <= {tuple(words) for _, words in commands(readme)}


def reasonless_bounds(text: str) -> list[str]:
    """Bounds that neither the string after them, nor a comment on their line or right above it, gives a reason for."""
    lines, body = text.splitlines(), ast.parse(text).body
    bare = []
    for node, following in zip(body, [*body[1:], None], strict=True):
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        above = lines[node.lineno - 2].startswith("#") if node.lineno > 1 else False
        after = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
        if not above and not after and "#" not in lines[node.lineno - 1]:
            bare.append(lines[node.lineno - 1].split("=")[0].split(":")[0].strip())
    return bare


def test_every_bound_has_its_reason() -> None:
    modules = list((ROOT / "src/telegraphone/limits").glob("*.py"))
    assert modules
    assert [bare for module in modules for bare in reasonless_bounds(module.read_text(encoding="utf-8"))] == []


def unkept_bounds(bounds: str, sources: Iterable[Source]) -> list[str]:
    """Bounds that nothing outside their own module names: what they promise is not kept."""
    used = {name for source in sources for name in re.findall(r"\b[A-Z][A-Z0-9_]+\b", source.text)}
    names = re.findall(r"^[A-Z][A-Z0-9_]+(?=[:\s])", bounds, re.MULTILINE)
    return [name for name in names if name not in used and len(re.findall(rf"\b{name}\b", bounds)) == 1]


def test_every_bound_is_kept() -> None:
    product = [source for source in repository() if source.is_product]
    bounds = [source for source in product if source.layer == "limits"]
    others = [source for source in product if source.layer != "limits"]
    assert bounds
    assert [name for source in bounds for name in unkept_bounds(source.text, others)] == []


def test_a_bound_that_nobody_keeps_is_found() -> None:
    bounds = "KEPT_MAX: Final = 1\nHALF: Final = 2\nWHOLE_MAX: Final = 2 * HALF\nLOST_MAX: Final = 3\n"
    assert unkept_bounds(bounds, [Source("src/a.py", "KEPT_MAX, WHOLE_MAX, LOST_MAX_S")]) == ["LOST_MAX"]


def test_a_bound_without_reason_is_found() -> None:
    text = '# One day.\nAGE_MAX = 1\n\nSIZE_MAX: Final = 2\n\nX_MAX = 3  # RFC 3261\nY_MAX = 4\n"""Half of it."""\n'
    assert reasonless_bounds(text) == ["SIZE_MAX"]


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A heading, here\n", encoding="utf-8")
    text = "[a](there.md) [b](not.md) [c](there.md#a-heading-here) [d](there.md#no) `[e](code.md)` [f](#own)\n# Own\n"
    page = Source("page.md", text)
    there = Source("there.md", "# A heading, here\n")
    assert broken_links([page, there], tmp_path) == [
        "page.md:1: not.md leads nowhere",
        "page.md:1: there.md#no leads nowhere",
    ]


def test_the_pages_and_rows_that_code_cites_are_there() -> None:
    product = [source for source in repository() if source.is_product and source.path.endswith(".py")]
    wrong = citations_of_nothing(product, pages())
    assert not wrong, "\n" + "\n".join(wrong)


def test_a_citation_of_nothing_is_found() -> None:
    code = Source("a.py", "as docs/page.md says (page.md, W1)\nno.md (siprec.md, Q3)\n(W2, W1)\ngws-api 8.4, gws-api 8.5\n")
    there = [Source("docs/page.md", "| W1 | is |\n"), Source("docs/siprec.md", "| Q1 | comes |"), Source("gws-api.md", "| 8.5 |")]
    assert citations_of_nothing([code], there) == [
        "a.py:2: there is no no.md",
        "a.py:2: no page has a row Q3",
        "a.py:3: no page has a row W2",
        "a.py:4: no page has a row gws-api 8.4",
    ]


def test_an_unknown_command_is_found() -> None:
    lines = ["make demo ONCE=1", "make tea  # please", "X=1 telegraphone brew \\", "  --hot", "telegraphone user add"]
    page = Source("page.md", "\n".join(["```sh", *lines, "```"]))
    assert unknown_commands(page, {"demo"}, {("user", "add")}) == [
        "page.md:3: make has no tea",
        "page.md:4: telegraphone has no brew --hot",
    ]


def test_commands_outside_shell_blocks_are_not_commands() -> None:
    assert list(commands(Source("page.md", "```text\nmake tea\n```\nmake tea\n"))) == []
