"""Whether a trained model is of the present data, told without loading what training needs."""

from pathlib import Path

from backend.triage.examples import training_digest
from backend.triage.model import ModelError, load_card

TRAINER = 6  # raised when `backend.triage.training` makes another model of the same data


def is_current(data: Path, file: Path) -> bool:
    """True if the model at `file` was trained from exactly this data by this trainer."""
    try:
        card = load_card(file)
    except ModelError:
        return False
    return (
        file.exists()
        and card.get("trainer") == TRAINER
        and card.get("data_digest") == training_digest(data)
    )
