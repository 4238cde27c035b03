"""The form a survey is written in: fields become a draft, and its buttons change it. Pure.

Every button submits the whole form, so that all works without scripts: `do` is 'save', 'next',
'add:<type>', or 'remove', 'up', 'down' with a position, or 'levels:<position>:<name>'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from backend.console.forms import Form, words
from backend.surveys.authoring import Draft
from backend.surveys.questions import MOST_QUESTIONS, Question, QuestionType

UNREADABLE = -1  # a number that is none, or beyond all limits: out of range wherever it stands
MOST_DIGITS = 7

Levels = Mapping[str, Sequence[str]]


class NoSuchButton(ValueError):
    """The form names no button of ours."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """The draft after a button, and the id of the field to go on with ('' where none)."""

    draft: Draft
    focus: str = ""


def read_draft(form: Form) -> Draft:
    """What the fields say, flaws and all; positions may have gaps."""
    positions = [n for n in range(1, MOST_QUESTIONS + 2) if f"q{n}-type" in form]
    return Draft(
        _line(form, "title"),
        _line(form, "introduction"),
        [_question(form, position) for position in positions],
    )


def _question(form: Form, position: int) -> Question:
    def field(name: str) -> str:
        return _line(form, f"q{position}-{name}")

    try:
        type_ = QuestionType(field("type"))
    except ValueError:
        raise NoSuchButton("type") from None
    lines = words(form, f"q{position}-options").replace("\x00", "").split("\n")
    chosen = type_ in (QuestionType.SINGLE, QuestionType.SCALE)
    number = type_ is QuestionType.NUMBER
    return Question(
        type_,
        field("text"),
        tuple(line.strip() for line in lines if line.strip()) if chosen else (),
        _bound(field("lowest")) if number else None,
        _bound(field("highest")) if number else None,
        field("unit") if number else "",
    )


def press(draft: Draft, do: str, levels: Levels) -> Pressed:
    """The draft as a button leaves it. Raises NoSuchButton."""
    action, _, rest = do.partition(":")
    if action in ("save", "next", ""):
        return Pressed(draft)
    questions = list(draft.questions)
    if action == "add":
        if len(questions) >= MOST_QUESTIONS:
            return Pressed(draft)
        questions.append(_new(rest, levels))
        return _with(draft, questions, f"q{len(questions)}-text")
    position, _, name = rest.partition(":")
    place = _place(position, len(questions))
    if action == "remove":
        del questions[place]
        return _with(draft, questions, f"q{min(place + 1, len(questions))}-text")
    if action in ("up", "down"):
        to = place + (1 if action == "down" else -1)
        if not 0 <= to < len(questions):
            return Pressed(draft)
        questions[place], questions[to] = questions[to], questions[place]
        return _with(draft, questions, f"q{to + 1}-{action}")
    if action == "levels" and name in levels:
        questions[place] = replace(questions[place], options=tuple(levels[name]))
        return _with(draft, questions, f"q{place + 1}-options")
    raise NoSuchButton(action)


def _new(type_: str, levels: Levels) -> Question:
    try:
        made = Question(QuestionType(type_), "")
    except ValueError:
        raise NoSuchButton("add") from None
    if made.type is QuestionType.SCALE:
        return replace(made, options=tuple(next(iter(levels.values()))))
    return made


def _place(position: str, number: int) -> int:
    if not (position.isascii() and position.isdigit() and 1 <= int(position[:3]) <= number):
        raise NoSuchButton("position")
    return int(position[:3]) - 1


def _with(draft: Draft, questions: Sequence[Question], focus: str) -> Pressed:
    return Pressed(replace(draft, questions=questions), focus if questions else "")


def _line(form: Form, name: str) -> str:
    return words(form, name).replace("\n", " ").replace("\x00", "").strip()


def _bound(text: str) -> int | None:
    if not text:
        return None
    plain = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if plain else UNREADABLE
