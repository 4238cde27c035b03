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

from backend.triage.model import note_on_card
from benchmarks import entity_readings, petition_readings, report
from tests.services.vectors import shared_folder
from xiangyin.settings import TRIAGE_MODEL

PARTS: tuple[Callable[[Path, Path], Iterable[report.Target]], ...] = (
    petition_readings.measure,
    entity_readings.measure,
)


def main() -> int:
    data = shared_folder() / "data"
    if not data.is_dir():
        print(f"no data to measure on: {data} (XIANGYIN_SHARED)", file=sys.stderr)
        return 1
    targets = [target for part in PARTS for target in part(data, TRIAGE_MODEL)]
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
    note_on_card(TRIAGE_MODEL, {"measured": figures})
    promised = [each for each in targets if each.at_least is not None or each.at_most is not None]
    return report.finish("understanding", rows, promised, figures=figures)


if __name__ == "__main__":
    sys.exit(main())
