"""What no text of the repository says: promises, ignores without a reason, paths and hosts of somebody's machine."""

import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator

from tests.tidy.rule import Offence, Rule, Source, is_any, is_python

# Put together so that this file keeps the rule it states.
PROMISE = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
IGNORE = re.compile(r"#?\s*(?:type:\s*ignore(?:\[[\w, -]*\])?|noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?)")
BLANKET = re.compile(r"type:\s*ignore(?!\[)|noqa(?!:)|ruff:\s*noqa|mypy:\s*ignore-errors")
MACHINE_PATH = re.compile(r"(?<![\w.])/" + r"(work|root|Users)/\w|(?<![\w.])/" + r"home/(?!\.\.\.)\w+|/" + r"opt/(wheels|pypi)")
PRIVATE_ADDRESS = re.compile(
    r"(?<![\w.])(?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+(?![\w.]*\d)" + r"|\b\w+\.(?:internal|corp|intranet)\b"
)
HOST = re.compile(r"\w+://|\bpypi\.org|\bregistry\.npm|files\.pythonhosted|find-links|^-i |^--index|\"resolved\"")


def matching(pattern: re.Pattern[str], why: str) -> Callable[[Source], Iterable[Offence]]:
    def offences(source: Source) -> Iterator[Offence]:
        for number, line in enumerate(source.lines, 1):
            if found := pattern.search(line):
                yield number, f"{found.group().strip()}: {why}"

    return offences


def private_hosts(source: Source) -> Iterator[Offence]:
    """Numbers of sections of an RFC look like addresses, and are none; the torture messages of RFC 4475 are as they are."""
    if source.path.startswith("tests/fixtures/sip/"):
        return
    for number, what in matching(PRIVATE_ADDRESS, "examples use RFC 5737 addresses and example.com")(source):
        if not re.search(r"RFC|§|[Ss]ection", source.lines[number - 1]):
            yield number, what


def _comments(source: Source) -> Iterator[Offence]:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def reasonless_ignores(source: Source) -> Iterator[Offence]:
    for line, comment in _comments(source):
        if not re.search(r"type:\s*ignore|\bnoqa\b", comment):
            continue
        if BLANKET.search(comment):
            yield line, "an ignore names what it ignores"
        if len(re.findall(r"\w{2,}", IGNORE.sub("", comment))) < 2:
            yield line, "an ignore gives its reason on its line"


def is_lock(source: Source) -> bool:
    return source.path.startswith("requirements/") or source.path.endswith("package-lock.json")


RULES = [
    Rule("no promises", is_any, matching(PROMISE, "do it or leave it"), bad="# " + "TO" + "DO: later", good="# done"),
    Rule(
        "ignores have reasons",
        is_python,
        reasonless_ignores,
        bad="x = f()  # type: " + "ignore[arg-type]",
        good="x = f()  # type: " + "ignore[arg-type]  # the stub lacks bytes\ny = '# no" + "qa'",
    ),
    Rule(
        "no machine's path",
        is_any,
        matching(MACHINE_PATH, "a path of one machine"),
        bad="open('/" + "home/ann/x')",
        good="open('/var/lib/telegraphone')",
    ),
    Rule(
        "no private host",
        is_any,
        private_hosts,
        bad="host = '192." + "168.1.7'",
        good="host = '192.0.2.7'\nversion = '10.2.1'\n# RFC 3261 10.2.1.1",
    ),
    Rule(
        "a lock names no host",
        is_lock,
        matching(HOST, "a lock pins versions and hashes, not places"),
        bad="--index-url https:" + "//pypi.example/simple",
        good="rich==15.0.0 \\\n    --hash=sha256:00",
        where="requirements/test.txt",
    ),
]
