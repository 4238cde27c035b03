"""Whether the models on the shelf are of the present data, told without what training needs."""

from __future__ import annotations

from backend.learning.lessons import Lessons
from backend.learning.material import combined_digest
from backend.learning.shelf import SHIPPED, Shelf, ShelvedModel
from backend.triage.freshness import TRAINER


def made_of(shelf: Shelf, authored_digest: str, lessons: Lessons) -> ShelvedModel | None:
    """The newest model that this program made of exactly this, in service or kept aside."""
    digest = combined_digest(authored_digest, lessons)
    return next(
        (
            model
            for model in shelf.models()
            if model.card.get("trainer") == TRAINER and model.card.get("data_digest") == digest
        ),
        None,
    )


def has_outgrown(shelf: Shelf, authored_digest: str) -> bool:
    """Whether the model in service is the deployment's own and of other authored examples, or of
    another trainer, than this program's, and nothing newer was made of these."""
    if shelf.in_service() == SHIPPED:
        return False
    return not any(
        model.name != SHIPPED
        and model.card.get("trainer") == TRAINER
        and model.card.get("authored_digest") == authored_digest
        for model in shelf.models()
    )
