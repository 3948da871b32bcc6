"""Every `telegraphone …` line of the documentation does what the page says, typed as it stands, or at least is understood.

Commands that serve or ask a person something are only asked for their help, with the options of the page in front of it;
the demonstration has a test of its own (test_demo).
"""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from telegraphone.cli import app
from tests.interop.system import free_port, free_sip_port
from tests.tidy.documents import commands, subcommands
from tests.tidy.rule import ROOT, repository

STAYING = {"serve", "demo", "phone", "user", "key", "asterisk", "audit", "retention"}
TIME_S = 60.0


def documented() -> list[tuple[str, str]]:
    """(page, command line as typed), each once."""
    found = {}
    for page in repository():
        if page.path.endswith(".md"):
            for number, words in commands(page):
                if words[0] == "telegraphone":
                    found[_typed(page.lines, number)] = page.path
    return [(page, line) for line, page in found.items()]


def _typed(lines: list[str], number: int) -> str:
    """The line of that number with the lines it is continued on."""
    typed = lines[number - 1].strip()
    while typed.endswith("\\"):
        number += 1
        typed = typed[:-1] + lines[number - 1].strip()
    return typed.removeprefix("$ ")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder as the reader of a page has it: the repository's tests, and the small installation of the reference."""
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    page = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
    small = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert small is not None
    # Another test may have the documented ports just now.
    elsewhere = f"[server]\nlisten_port = {free_port()}\n", f"\n[exchange]\nsip_port = {free_sip_port()}\n"
    small_one = small.group(1).replace("[server]\n", elsewhere[0]) + elsewhere[1]
    (tmp_path / "telegraphone.toml").write_text(small_one, encoding="utf-8")
    for name in re.findall(r'_file = "([^"]+)"', small.group(1)):
        path = tmp_path / name
        path.write_text(secrets.token_urlsafe(12), encoding="utf-8")
        path.chmod(0o600)
    program = tmp_path / "bin" / "telegraphone"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m telegraphone "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return tmp_path


def typed(line: str, desk: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{desk / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        ["sh", "-c", line],
        cwd=desk,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIME_S,
        check=False,
    )


@pytest.mark.parametrize(("page", "line"), documented())
def test_the_command_works_as_documented(page: str, line: str, desk: Path) -> None:
    command = line.partition("#")[0].rstrip()
    if command.split()[1] in STAYING:
        line = f"{command} --help"
    done = typed(line, desk)
    assert done.returncode == 0, f"{page}: {line}\n{done.stdout}{done.stderr}"


def test_a_wrong_command_would_be_noticed(desk: Path) -> None:
    assert typed("telegraphone check-config --config not-there.toml", desk).returncode == 2
    assert typed("telegraphone serve --brew --help", desk).returncode == 2


def test_all_commands_are_documented() -> None:
    page = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
    names = [" ".join(words) for words in sorted(subcommands(app))]
    assert "serve" in names
    assert [name for name in names if f"`{name}`" not in page] == []
