"""Run the benchmarks and write `RESULTS.md`: what each printed, with the machine, what else it had to do (the load average
just before), the commit and the time it was measured at.

A benchmark is a module `benchmarks/bench_<name>.py`. Run as `python -m benchmarks.bench_<name>` it prints one section of
Markdown on its standard output (heading, table, the ratio against its reference) and says on standard error how it goes. A
benchmark that fails ends the run with its status; the sections of others are not touched then. `python -m
benchmarks.results <name> …` runs only those and keeps the other sections.
"""

import datetime
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
MARK = "<!-- {name} -->"


def benchmarks() -> list[str]:
    """The names of all benchmarks, in alphabetical order."""
    return sorted(path.stem.removeprefix("bench_") for path in (ROOT / "benchmarks").glob("bench_*.py"))


def machine() -> str:
    """Processor, cores, kernel and Python, in one line."""
    text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    processor = model.group(1) if model else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def commit() -> str:
    """The commit measured, with a plus if the tree differs from it."""
    head = _git("rev-parse", "--short", "HEAD")
    return f"{head}+" if _git("status", "--porcelain", "--", "src", "benchmarks/*.py") else head


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def measured(name: str) -> str:
    """Run one benchmark; its section, with the circumstances."""
    print(f"== {name}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", f"benchmarks.bench_{name}"]
    load = os.getloadavg()[0]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        sys.exit(f"benchmark {name} failed with status {run.returncode}")
    when = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    return f"{run.stdout.strip()}\n\n*{when}, commit {commit()}, {machine()}, load average {load:.1f}*"


def kept_sections() -> dict[str, str]:
    """The sections of the results as they stand."""
    if not RESULTS.exists():
        return {}
    parts = re.split(r"<!-- (\w+) -->\n", RESULTS.read_text(encoding="utf-8"))
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def main(chosen: list[str]) -> None:
    """Run the chosen benchmarks, all without a choice, and write the results."""
    known = benchmarks()
    if not known or not set(chosen) <= set(known):
        sys.exit(f"no such benchmark; there are: {', '.join(known) or 'none'}")
    fresh = {name: measured(name) for name in chosen or known}
    sections = {name: text for name, text in (kept_sections() | fresh).items() if name in known}
    body = "\n\n".join(f"{MARK.format(name=name)}\n{sections[name]}" for name in sorted(sections))
    RESULTS.write_text(f"# Results\n\nWritten by `make bench`; each is a ratio within one run.\n\n{body}\n", encoding="utf-8")
    print(f"written to {RESULTS.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
