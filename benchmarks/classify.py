"""How many rows a second `xiangyin classify` and `mask` take, on one core, at some 50 characters.

The texts are beginnings of real petitions, read where they lie (`XIANGYIN_SHARED`). The peer of
each figure is the limit promised for it: no other program does the same work.
"""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from backend.catalogue import load_catalogue
from backend.triage import classifier
from backend.triage.features import build_vocabulary
from backend.triage.label_model import LabelModel, save_label_model
from backend.triage.linear import fit, question_of
from backend.triage.masking import mask
from benchmarks.report import PROJECT, Cell, Target, finish
from tests.services.vectors import shared_folder
from xiangyin.entity_reader import load_entity_reader
from xiangyin.settings import TRIAGE_MODEL
from xiangyin.table_files.label_cells import LABEL_COLUMNS, LabelCells
from xiangyin.table_files.reading import open_table
from xiangyin.table_files.triage_cells import TRIAGE_COLUMNS, TriageCells
from xiangyin.table_files.writing import Written, add_columns, change_column

LENGTH = 50
ROWS = 3_000
FEW, MANY = 2_000, 100_000
MOST_GROWTH_MIB = 16
TEXT = "text"


def main() -> int:
    data = shared_folder() / "data" / "petitions.csv"
    if not data.is_file():
        print(f"no data to measure on: {data} (XIANGYIN_SHARED)", file=sys.stderr)
        return 1
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with data.open(encoding="utf-8-sig", newline="") as file:
        rows = [(row["body"], row["label"]) for row in csv.DictReader(file)]
    texts = [body[:LENGTH] for body, _ in rows]
    with tempfile.TemporaryDirectory() as folder:
        return _measure(Path(folder), texts, [label for _, label in rows])


def _measure(folder: Path, texts: Sequence[str], labels: Sequence[str]) -> int:
    catalogue = load_catalogue(PROJECT / "data" / "catalogue")
    triage = classifier.load(TRIAGE_MODEL, PROJECT / "data" / "rules")
    whole = TriageCells(triage, load_entity_reader(catalogue), catalogue.services, {})
    model = _taught(texts, labels)
    source, target = folder / "in.csv", folder / "out.csv"
    _write(source, texts[:ROWS])

    def adding(names: Sequence[str], cells: TriageCells | LabelCells) -> Callable[[], Written]:
        def run() -> Written:
            with open_table(source) as table:
                return add_columns(table, TEXT, names, cells.read, target)

        return run

    def masking() -> Written:
        with open_table(source) as table:
            return change_column(table, TEXT, mask, target)

    whole.read(texts[-1:])  # loads what is loaded at first use
    mask(texts[-1])
    targets = [
        Target("classify, every column", _per_second(adding(TRIAGE_COLUMNS, whole)), at_least=60),
        Target(
            "  kind and domain alone, no entities",
            ROWS / _seconds(lambda: [triage.classify(text) for text in texts[:ROWS]]),
            at_least=1_000,
        ),
        Target(
            "classify --model, 7 labels",
            _per_second(adding(LABEL_COLUMNS, LabelCells(model))),
            at_least=1_000,
        ),
        Target("mask", _per_second(masking), at_least=60),
    ]
    memory = _growth(folder, model, texts)
    rows: list[dict[str, Cell]] = [
        {"what": each.name, "rows/s": round(each.measured), "at least": each.at_least}
        for each in targets
    ]
    figures = {f"{each.name.strip()}, rows/s": each.measured for each in targets}
    figures[memory.name] = memory.measured
    return finish(
        "classify",
        rows,
        [*(each for each in targets if each.at_least), memory],
        figures=figures,
        settings={"characters": LENGTH, "rows": ROWS, "cores": 1},
    )


def _taught(texts: Sequence[str], labels: Sequence[str]) -> LabelModel:
    question = question_of(texts, labels)
    vocabulary = build_vocabulary(question.documents, least=question.least)
    return LabelModel(vocabulary, fit(question, vocabulary, 0.3), {})


def _growth(folder: Path, model: LabelModel, texts: Sequence[str]) -> Target:
    """How much more memory ten times the rows take, the command run as people run it."""
    save_label_model(model, folder / "labels.npz")
    peaks = []
    for rows in (FEW, MANY):
        source = folder / f"{rows}.csv"
        _write(source, [texts[i % len(texts)] for i in range(rows)])
        subprocess.run(
            [sys.executable, "-m", "xiangyin", "classify", "--in", source, "--text", TEXT,
             "--model", folder / "labels.npz", "--out", folder / "out.csv"],
            cwd=PROJECT, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        # The largest child so far; the second has more rows.
        peaks.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    name = f"memory of {MANY:,} rows over {FEW:,}, MiB"
    return Target(name, peaks[1] - peaks[0], at_most=MOST_GROWTH_MIB)


def _per_second(run: Callable[[], Written]) -> float:
    return ROWS / _seconds(run)


def _seconds(run: Callable[[], object]) -> float:
    """Of this process's core; waiting for others does not count."""
    before = time.process_time()
    run()
    return time.process_time() - before


def _write(file: Path, texts: Sequence[str]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        out = csv.writer(opened)
        out.writerow([TEXT])
        out.writerows([text] for text in texts)


if __name__ == "__main__":
    sys.exit(main())
