"""`xiangyin train --in`: a model of any labels, from a table."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from backend.clock import SystemClock
from backend.triage.cleaning import clean
from backend.triage.model import card_of
from xiangyin.commands.failure import failed
from xiangyin.table_files.reading import open_table
from xiangyin.table_files.refusal import TableRefused

if TYPE_CHECKING:
    from backend.learning.own_labels import LabelTrial

SHOWN = 80
"""Labels whose figures are printed; all are on the card."""


@dataclass
class Labelled:
    """Rows with both a text and a label; how many had not."""

    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    encoding: str = ""
    no_text: int = 0
    no_label: int = 0


def execute(file: Path, text_column: str, label_column: str, out: Path) -> int:
    if not out.parent.is_dir():
        return failed(f"没有文件夹 {out.parent}，模型写不进去")
    if card_of(out) == out:
        return failed(f"{out.name} 是说明文件的名字，模型请以 .npz 结尾")
    try:
        found = read_labelled(file, text_column, label_column)
    except TableRefused as error:
        return failed(str(error))
    except OSError as error:
        return failed(f"读不到 {file}：{error.strerror}")
    counts = Counter(found.labels)
    print(
        f"{file.name}（{found.encoding}）：{len(found.texts)} 条，{len(counts)} 个标签"
        f"{_skipped(found)}",
        flush=True,
    )
    if len(counts) < 2:
        return failed(f"“{label_column}”列里至少要有两种标签，现在有 {len(counts)} 种")
    # Imported here: scikit-learn takes seconds.
    from backend.learning.own_labels import TooFewLabels, learn_labels
    from backend.triage.label_model import save_label_model

    begun = time.monotonic()
    try:
        model, trial = learn_labels(found.texts, found.labels, now=SystemClock().now())
    except TooFewLabels:
        return failed("每个标签都只有一条，或几条都几乎一样，学不到什么")
    try:
        save_label_model(model, out)
    except OSError as error:
        return failed(f"模型写不到 {out}：{error.strerror}")
    print("\n".join(_report(trial, counts)))
    print(f"用时 {time.monotonic() - begun:.0f} 秒。模型：{out}，说明：{card_of(out).name}")
    return 0


def read_labelled(file: Path, text_column: str, label_column: str) -> Labelled:
    """Raises TableRefused, OSError."""
    found = Labelled()
    with open_table(file) as table:
        text_at, label_at = table.column(text_column), table.column(label_column)
        found.encoding = table.encoding.name
        for row in table.rows():
            text, label = row[text_at], row[label_at].strip()
            if not clean(text).text:
                found.no_text += 1
            elif not label:
                found.no_label += 1
            else:
                found.texts.append(text)
                found.labels.append(label)
    return found


def _skipped(found: Labelled) -> str:
    words = [
        f"内容是空的 {found.no_text} 条" if found.no_text else "",
        f"没有标签的 {found.no_label} 条" if found.no_label else "",
    ]
    said = "、".join(word for word in words if word)
    return f"；没有学：{said}" if said else ""


def _report(trial: LabelTrial, counts: Counter[str]) -> Sequence[str]:
    from xiangyin.trial_table import aligned

    figures = trial.figures
    rows: list[tuple[str, ...]] = [("标签", "学了", "检验", "准确", "找全", "F1")]
    for label, _ in Counter(trial.per_label).most_common(SHOWN):
        each = figures["classes"][label]
        shares = (f"{100 * each[name]:.1f}" for name in ("precision", "recall", "f1"))
        rows.append((label, str(counts[label]), str(trial.per_label[label]), *shares))
    lines = list(aligned(rows))
    if len(trial.per_label) > SHOWN:
        lines.append(f"……另有 {len(trial.per_label) - SHOWN} 个标签，见说明文件")
    if trial.untried:
        names = "、".join(trial.untried[:10]) + ("等" if len(trial.untried) > 10 else "")
        lines.append(f"只有一条（或几条几乎一样）的标签学了，没法检验：{names}")
    return [
        *lines,
        f"留出 {trial.rows} 条检验（约五分之一，几乎一样的在同一边）："
        f"正确率 {100 * figures['accuracy']:.1f}%，各类平均 F1 {100 * figures['macro_f1']:.1f}%，"
        f"前三个里有对的 {100 * figures['top_three']:.1f}%",
    ]
