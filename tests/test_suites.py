"""The runner of all suites is honest: failures, errors and empty suites do not pass."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.suites import Suite, closing_line, main, run


def suite(tmp_path: Path, body: str) -> Suite:
    (tmp_path / "test_it.py").write_text(body)
    command = (sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", tmp_path)
    return Suite("one", (command,))


@pytest.mark.parametrize(
    ("body", "passes", "counted"),
    [
        ("def test_a(): pass", True, {"passed": 1}),
        ("def test_a(): pass\ndef test_b(): assert 0", False, {"passed": 1, "failed": 1}),
        ("import pytest\ndef test_a(): pytest.skip('x')", True, {"skipped": 1}),
        ("def test_a(nothing): pass", False, {"error": 1}),
        ("import nothing_of_the_kind", False, {"error": 1}),
        ("", False, {}),
    ],
)
def test_suite_is_counted(tmp_path: Path, body: str, passes: bool, counted: dict[str, int]) -> None:
    counts: Counter[str] = Counter()
    assert run(suite(tmp_path, body), counts) is passes
    assert {word: count for word, count in counts.items() if count} == counted


def test_byte_code_is_kept_whatever_the_caller_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    body = "import sys\ndef test_a(): assert not sys.dont_write_bytecode"
    assert run(suite(tmp_path, body), Counter())


def test_a_failing_check_fails_the_suite() -> None:
    check = Suite("lint", ((sys.executable, "-c", "raise SystemExit(1)"),), is_pytest=False)
    assert not run(check, Counter())


def test_closing_line_reads_like_pytests() -> None:
    line = closing_line(Counter({"failed": 1, "passed": 20, "skipped": 0}), 3.2)
    assert line.strip("=") == " 1 failed, 20 passed in 3.20s "
    assert len(line) == 80


def test_unknown_suite_is_refused() -> None:
    assert main(["nonsense"]) == 2
