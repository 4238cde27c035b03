"""Run every suite, each in the environment it belongs to, and sum up in one closing line.

`python -m tests.suites [lint|app|bot …]`; without names all of them. Exit code 0 only if each
suite passed and ran at least one test.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

PROJECT = Path(__file__).resolve().parents[1]
APP_PYTHON = PROJECT / ".venv" / "bin" / "python"
BOT_PYTHON = PROJECT / "bot" / ".venv" / "bin" / "python"
BOT_TESTS = ("tests/bot", "tests/actions")
WORKERS = "3"
WIDTH = 80
EXIT_NO_TESTS = 5
# A caller's options must not change what is run; and images for containers forbid byte code, so
# that each of a hundred processes would compile all it imports: two thirds of its start.
NOT_HANDED_ON = frozenset({"PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE"})


@dataclass(frozen=True)
class Suite:
    """`commands` run one after the other; for pytest its counts are read from a report."""

    name: str
    commands: Sequence[Sequence[str | Path]]
    is_pytest: bool = True


def _pytest(python: Path, *arguments: str) -> Sequence[str | Path]:
    return (python, "-m", "pytest", "-q", "-n", WORKERS, "--dist", "worksteal", *arguments)


SUITES = (
    Suite(
        "lint",
        (
            (APP_PYTHON, "-m", "ruff", "check", "."),
            (APP_PYTHON, "-m", "mypy"),
            (APP_PYTHON, "-m", "mypy", "-p", "tests.services"),
            (BOT_PYTHON, "-m", "mypy", "--config-file", "bot/mypy.ini"),
        ),
        is_pytest=False,
    ),
    Suite("app", (_pytest(APP_PYTHON, "tests", *(f"--ignore={folder}" for folder in BOT_TESTS)),)),
    Suite("bot", (_pytest(BOT_PYTHON, *BOT_TESTS),)),
)


def run(suite: Suite, counts: Counter[str]) -> bool:
    """Run one suite, add what it counted; True where it passed."""
    print(f"\n{f' {suite.name} ':=^{WIDTH}}", flush=True)
    if not suite.is_pytest:
        codes = [subprocess.run(command, cwd=PROJECT).returncode for command in suite.commands]
        return not any(codes)
    with tempfile.TemporaryDirectory(prefix="xiangyin-tests-") as folder:
        report = Path(folder) / "report.xml"
        command = [*suite.commands[0], f"--junitxml={report}"]
        environment = {k: v for k, v in os.environ.items() if k not in NOT_HANDED_ON}
        code = subprocess.run(command, cwd=PROJECT, env=environment).returncode
        if report.exists():
            counts += _counts(report)
    if code == EXIT_NO_TESTS:
        print(f"{suite.name}: no tests were found", flush=True)
    return code == 0


def _counts(report: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        failed, errors, skipped = (
            int(suite.get(name, 0)) for name in ("failures", "errors", "skipped")
        )
        found["failed"] += failed
        found["passed"] += int(suite.get("tests", 0)) - failed - errors - skipped
        found["skipped"] += skipped
        found["error"] += errors
    return found


def closing_line(counts: Counter[str], seconds: float) -> str:
    """As pytest writes it, over all suites."""
    shown = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"{f' {shown or "no tests ran"} in {seconds:.2f}s ':=^{WIDTH}}"


def main(names: Sequence[str]) -> int:
    """Exit code."""
    known = {suite.name: suite for suite in SUITES}
    if unknown := set(names) - set(known):
        print(f"no such suite: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    counts: Counter[str] = Counter()
    before = time.monotonic()
    failed = [name for name in names or known if not run(known[name], counts)]
    print()
    if failed:
        print(f"not passed: {', '.join(failed)}")
    print(closing_line(counts, time.monotonic() - before), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
