"""A benchmark's result: a table for the reader and a JSON file to compare later.

Ratios are only worth something within one run on one machine, so both sides of a ratio are
measured in the same run and stand in the same file.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
RESULTS = PROJECT / "benchmarks" / "results"

Cell = str | int | float | None


@dataclass(frozen=True)
class Target:
    """A figure the project promises: `measured` must be `at_least` or `at_most` that."""

    name: str
    measured: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool:
        enough = self.at_least is None or self.measured >= self.at_least
        return enough and (self.at_most is None or self.measured <= self.at_most)

    def line(self) -> str:
        bound = f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"
        return f"{'✓' if self.met else '✗'} {self.name}: {self.measured:.3g} ({bound})"


def percentile(values: Sequence[float], percent: float) -> float:
    """Nearest-rank percentile. Raises ValueError for no values."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


def machine() -> dict[str, Any]:
    """CPU model, cores we may use, memory in GiB, kernel, Python."""
    return {
        "cpu": _first("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _first(path: str, key: str) -> str | None:
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except OSError:
        return None
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), None)


def commit() -> dict[str, Any]:
    """The commit measured, and whether the tree differed from it."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    return {"commit": git("rev-parse", "HEAD") or None, "changed": bool(git("status", "--short"))}


@dataclass(frozen=True)
class Part:
    """What one of several measurements of a benchmark found."""

    rows: Sequence[Mapping[str, Cell]]
    figures: Mapping[str, float]
    targets: Sequence[Target]
    settings: Mapping[str, Any] = field(default_factory=dict)


def table(rows: Sequence[Mapping[str, Cell]]) -> str:
    """Columns as the first row names them, numbers to the right; Chinese counts double. Rows with
    other columns begin another table."""
    return "\n\n".join(_one_table(list(alike)) for _, alike in groupby(rows, key=tuple))


def _one_table(rows: Sequence[Mapping[str, Cell]]) -> str:
    columns = list(rows[0])
    cells = [columns, *([_shown(row.get(column)) for column in columns] for row in rows)]
    widths = [max(_width(line[i]) for line in cells) for i in range(len(columns))]
    numeric = [isinstance(rows[0][column], int | float) for column in columns]
    lines = [
        "  ".join(
            _pad(text, width, right=right)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _shown(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 1000 else f"{cell:.3g}"
    return str(cell)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _pad(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def finish(
    name: str,
    rows: Sequence[Mapping[str, Cell]],
    targets: Sequence[Target] = (),
    *,
    figures: Mapping[str, float] | None = None,
    settings: Mapping[str, Any] | None = None,
    folder: Path = RESULTS,
) -> int:
    """Print the table, write `results/NAME.json`; exit code 1 where a target was missed."""
    result = {
        **(figures or {}),
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **commit(),
        "machine": machine(),
        "settings": dict(settings or {}),
        "rows": [dict(row) for row in rows],
        "targets": [{**asdict(target), "met": target.met} for target in targets],
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(table(rows))
    print(*(target.line() for target in targets), sep="\n")
    print(f"written: {path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path}")
    return 0 if all(target.met for target in targets) else 1
