"""What a step of the desk came to, as an HTTP status and words for the official."""

from __future__ import annotations

from dataclasses import dataclass

from backend.petitions.outcomes import Conflict, Forbidden, Impossible, Invalid, Missing, Refused
from backend.web.texts import OfficialTexts


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a step was not taken. `field` is '' where it is about the petition as a whole."""

    status: int
    field: str
    words: str


def problem_of(outcome: Refused, texts: OfficialTexts) -> Problem:
    """404, 403, 409 or 422, with a sentence in Chinese."""
    if isinstance(outcome, Missing):
        return Problem(404, "", texts.error(404)[1])
    if isinstance(outcome, Forbidden):
        return Problem(403, "", texts.error(403)[1])
    if isinstance(outcome, Conflict):
        return Problem(409, "version", texts.errors["conflict"])
    if isinstance(outcome, Impossible):
        state = texts.word("states", outcome.state)
        return Problem(409, "", texts.errors["impossible"].format(state=state))
    if isinstance(outcome, Invalid):
        label = texts.word("fields", outcome.field)
        words = texts.word("problems", outcome.problem).format(field=label)
        return Problem(422, outcome.field, words)
    raise TypeError(f"no words for {type(outcome).__name__}")
