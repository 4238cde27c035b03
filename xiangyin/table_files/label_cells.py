"""What a model of an office's own labels says of a text, as cells of a table."""

from __future__ import annotations

from collections.abc import Sequence

from backend.triage.cleaning import clean
from backend.triage.label_model import LabelModel, Ranking

LABEL_COLUMNS = ("predicted", "predicted_confidence", "predicted_2", "predicted_3")


class LabelCells:
    """Cells of LABEL_COLUMNS for each text; all '' for a text that says nothing."""

    def __init__(self, model: LabelModel) -> None:
        self._model = model

    def read(self, texts: Sequence[str]) -> list[Sequence[str]]:
        return [
            _cells(self._model.rank(text)) if clean(text).text else ("",) * len(LABEL_COLUMNS)
            for text in texts
        ]


def _cells(ranking: Ranking) -> Sequence[str]:
    (label, share), *others = ranking
    second, third = [*(other for other, _ in others), "", ""][:2]
    return label, f"{share:.4f}", second, third
