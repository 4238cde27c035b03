"""What a survey may ask: the types of question and what each needs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_QUESTIONS = 10
LONGEST_TEXT = 120  # characters: with its options a question must fit into two parts of an SMS
FEWEST_OPTIONS = 2
MOST_OPTIONS = 9  # one digit each
LONGEST_OPTION = 20
LEVELS = 5
LONGEST_UNIT = 10
LEAST_NUMBER, GREATEST_NUMBER = 0, 1_000_000


class QuestionType(StrEnum):
    SINGLE = "single"  # one of the options
    SCALE = "scale"  # five levels, worst first
    NUMBER = "number"
    TEXT = "text"  # in their own words


@dataclass(frozen=True, slots=True)
class Question:
    """`options`: labels of SINGLE and SCALE; `lowest`, `highest`, `unit` of NUMBER."""

    type: QuestionType
    text: str
    options: Sequence[str] = ()
    lowest: int | None = None
    highest: int | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a question: `position` from 1, 0 where it is the survey itself.
    `problem`: one of required, too_long, too_few, too_many, duplicate, out_of_range, unknown."""

    position: int
    field: str
    problem: str


def flaws(questions: Sequence[Question]) -> list[Flaw]:
    """Everything that keeps these questions from being asked, in order."""
    found = []
    if not questions:
        found.append(Flaw(0, "questions", "required"))
    if len(questions) > MOST_QUESTIONS:
        found.append(Flaw(0, "questions", "too_many"))
    for position, question in enumerate(questions, 1):
        found += [Flaw(position, field, problem) for field, problem in _flaws_of(question)]
    return found


def _flaws_of(question: Question) -> list[tuple[str, str]]:
    found = []
    if not question.text.strip():
        found.append(("text", "required"))
    elif len(question.text) > LONGEST_TEXT:
        found.append(("text", "too_long"))
    if question.type in (QuestionType.SINGLE, QuestionType.SCALE):
        found += _option_flaws(question)
    if question.type is QuestionType.NUMBER:
        found += _range_flaws(question)
    return found


def _option_flaws(question: Question) -> list[tuple[str, str]]:
    options = question.options
    scale = question.type is QuestionType.SCALE
    fewest, most = (LEVELS, LEVELS) if scale else (FEWEST_OPTIONS, MOST_OPTIONS)
    found = []
    if len(options) < fewest:
        found.append(("options", "too_few"))
    if len(options) > most:
        found.append(("options", "too_many"))
    if not all(option.strip() for option in options):
        found.append(("options", "required"))
    if any(len(option) > LONGEST_OPTION for option in options):
        found.append(("options", "too_long"))
    if len(set(options)) < len(options):
        found.append(("options", "duplicate"))
    return found


def _range_flaws(question: Question) -> list[tuple[str, str]]:
    found = []
    lowest = LEAST_NUMBER if question.lowest is None else question.lowest
    highest = GREATEST_NUMBER if question.highest is None else question.highest
    if not LEAST_NUMBER <= lowest < highest <= GREATEST_NUMBER:
        found.append(("range", "out_of_range"))
    if len(question.unit) > LONGEST_UNIT:
        found.append(("unit", "too_long"))
    return found
