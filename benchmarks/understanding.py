"""How well the machine understands people, on text nobody here wrote: one table of all figures.

A part of the table is a function that takes the folder of data (read where it lies, see
`XIANGYIN_SHARED`) and the triage's model file, and gives its figures (`Target`; without a bound
it is told only). The model is
trained anew; the figures go onto its card as well.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from backend.triage.model import load_card, note_on_card
from benchmarks import (
    bot_readings,
    entity_speed,
    personal_data,
    petition_readings,
    place_readings,
    report,
    same_matters,
    village_matters,
)
from tests.services.vectors import shared_folder
from xiangyin.settings import TRIAGE_MODEL

Part = Callable[[Path, Path], Iterable[report.Target]]
# Measured on text from outside, which is not ours to ship …
OF_DATA: tuple[Part, ...] = (petition_readings.measure, same_matters.measure)
# … and on gold sentences of the project's own.
OF_PROJECT: tuple[Part, ...] = (
    place_readings.measure,
    personal_data.measure,
    entity_speed.measure,
    bot_readings.measure,
    village_matters.measure,
)


def main(data: Path | None = None) -> int:
    """Measure, print, keep. Without the `data` the rest is measured and told, and the file of
    results stays as it was."""
    data = data or shared_folder() / "data"
    whole = data.is_dir()
    parts = (*OF_DATA, *OF_PROJECT) if whole else OF_PROJECT
    targets = [target for part in parts for target in part(data, TRIAGE_MODEL)]
    rows: list[dict[str, report.Cell]] = [
        {
            "what": target.name,
            "measured": target.measured,
            "at least": target.at_least,
            "at most": target.at_most,
        }
        for target in targets
    ]
    figures = {target.name.strip(): round(target.measured, 4) for target in targets}
    known = load_card(TRIAGE_MODEL).get("measured", {})
    note_on_card(TRIAGE_MODEL, {"measured": {**known, **figures}})
    promised = [each for each in targets if each.at_least is not None or each.at_most is not None]
    if whole:
        return report.finish("understanding", rows, promised, figures=figures)
    print(report.table(rows))
    print(*(target.line() for target in promised), sep="\n")
    print(f"left out, for want of {data} (--data, XIANGYIN_SHARED): all figures on its petitions")
    return 0 if all(target.met for target in promised) else 1


if __name__ == "__main__":
    sys.exit(main())
