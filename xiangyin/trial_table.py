"""The figures of a trial as a table on a terminal, and its verdict in words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from backend.learning.comparison import Answers, Comparison, Fault

Row = tuple[str, ...]

TITLES = {"kind": "类型", "domain": "领域"}
SOURCES = {"authored": "自带例句", "correction": "更正", "history": "本地历史"}
WHATS = {"accuracy": "正确率", "macro_f1": "各类平均 F1"}


def trial_table(comparison: Comparison, names: Mapping[str, Mapping[str, str]]) -> Sequence[str]:
    """Lines: for each question a row per class, old against new; `names` by question and code."""
    lines: list[str] = []
    for question, answers in comparison.answers.items():
        rows: list[Row] = [(TITLES[question], "条数", "原来 F1", "新的 F1", "变化")]
        rows += [
            _row(names[question].get(code, code), each.rows, each.old, each.new)
            for code, each in sorted(answers.classes.items(), key=lambda one: -one[1].rows)
        ]
        rows += _totals(answers)
        lines += ["", *aligned(rows)]
    return lines


def fault_words(fault: Fault, names: Mapping[str, Mapping[str, str]]) -> str:
    """'领域“消防与安全生产”（21 条）的 F1 从 90.1 降到 75.0'."""
    of = ("自带例句上，" if fault.authored else "") + TITLES[fault.question]
    if fault.label:
        label = names[fault.question].get(fault.label, fault.label)
        of = f"{of}“{label}”（{fault.rows} 条）的 F1 "
    else:
        of = f"{of}的{WHATS[fault.what]} "
    return f"{of}从 {_percent(fault.old)} 降到 {_percent(fault.new)}"


def counts_words(counts: Mapping[str, int]) -> str:
    """'自带例句 540 条、更正 26 条'."""
    return "、".join(f"{SOURCES[source]} {n} 条" for source, n in counts.items() if n)


def _totals(answers: Answers) -> Sequence[Row]:
    return [
        _row(WHATS["accuracy"], answers.rows, *answers.accuracy),
        _row(WHATS["macro_f1"], answers.rows, *answers.macro_f1),
    ]


def _row(name: str, rows: int, old: float, new: float) -> Row:
    return name, str(rows), _percent(old), _percent(new), f"{round(100 * (new - old), 1) + 0:+.1f}"


def aligned(rows: Sequence[Row]) -> Iterable[str]:
    """Lines with the first column to the left, the others to the right; a Chinese character takes
    two columns."""
    widths = [max(_width(row[at]) for row in rows) for at in range(len(rows[0]))]
    for name, *figures in rows:
        cells = [name + " " * (widths[0] - _width(name))]
        cells += [" " * (widths[at] - _width(cell)) + cell for at, cell in enumerate(figures, 1)]
        yield "  ".join(cells)


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
