"""Changing the guide (办事指南): what is asked for under which names, and what is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.deployment.effective import ACTIVE, GUIDE, Contents, Effective, Shipped, names_of
from backend.deployment.refusal import Problem, refuse_if_any
from backend.deployment.services import apart
from backend.triage.cleaning import storable

NEEDED = ("materials", "place", "hours", "cost", "days")
OPTIONAL = ("who", "online")
SHORTEST, LONGEST_NAME, LONGEST_LINE = 2, 14, 70
SHORTEST_PHONE, LONGEST_PHONE = 3, 24
MOST_NAMES = 20
MOST_QUESTIONS = 20


@dataclass(frozen=True)
class GivenEntry:
    """As a form gives it: `aliases` are names apart by commas or blanks, `questions` one a line,
    `lines` what is told by point (NEEDED, OPTIONAL). `active` False: not offered in this county."""

    title: str
    aliases: str
    questions: str
    lines: Mapping[str, str]
    phone: str
    active: bool = True


def put_entry(now: Effective, id_: str, given: GivenEntry) -> Contents:
    """The guide with this entry as given, a new one where `id_` is new. Raises ChangeRefused."""
    title, phone = storable(given.title.strip()), storable(given.phone.strip())
    aliases = [name for name in apart(storable(given.aliases)) if name != title]
    questions = [line.strip() for line in storable(given.questions).splitlines() if line.strip()]
    lines = {name: storable(given.lines[name].strip()) for name in (*NEEDED, *OPTIONAL)}
    refuse_if_any(
        [
            *_length("title", title, SHORTEST, LONGEST_NAME),
            *_alias_problems(aliases),
            *_question_problems(questions),
            *_name_problems(now, id_, [title, *aliases] if given.active else []),
            *(
                problem
                for name, line in lines.items()
                if line or name in NEEDED
                for problem in _length(name, line, SHORTEST, LONGEST_LINE)
            ),
            *_length("phone", phone, SHORTEST_PHONE, LONGEST_PHONE),
        ]
    )
    entry: dict[str, Any] = {"id": id_, "title": title}
    if aliases:
        entry["aliases"] = aliases
    if questions:
        entry["questions"] = questions
    entry |= {name: line for name, line in lines.items() if line}
    entry["phone"] = phone
    if not given.active:
        entry[ACTIVE] = False
    return {GUIDE: {**now.contents[GUIDE], id_: entry}}


def shipped_entry(now: Effective, shipped: Shipped, id_: str) -> Contents:
    """The guide with this entry as shipped. Raises ChangeRefused where an own entry has one of its
    names by now; KeyError for an entry that was never shipped."""
    entry = shipped.contents[GUIDE][id_]
    refuse_if_any(_name_problems(now, id_, names_of(entry)))
    return {GUIDE: {**now.contents[GUIDE], id_: entry}}


def _name_problems(now: Effective, id_: str, names: Sequence[str]) -> list[Problem]:
    """A name found in a question must tell one entry."""
    taken = {
        name
        for other, entry in now.contents[GUIDE].items()
        if other != id_
        for name in names_of(entry)
    }
    return [
        Problem("title" if at == 0 else "aliases", "name_taken", {"given": name})
        for at, name in enumerate(names)
        if name in taken
    ]


def _alias_problems(aliases: Sequence[str]) -> list[Problem]:
    if len(aliases) > MOST_NAMES:
        return [Problem("aliases", "too_many", {"most": MOST_NAMES})]
    wrong = [name for name in aliases if not SHORTEST <= len(name) <= LONGEST_NAME]
    params = {"least": SHORTEST, "longest": LONGEST_NAME}
    return [Problem("aliases", "name_length", {"given": name, **params}) for name in wrong]


def _question_problems(questions: Sequence[str]) -> list[Problem]:
    if len(questions) > MOST_QUESTIONS:
        return [Problem("questions", "too_many", {"most": MOST_QUESTIONS})]
    return [
        problem
        for question in questions
        for problem in _length("questions", question, SHORTEST, LONGEST_LINE)
    ][:1]


def _length(field: str, text: str, shortest: int, longest: int) -> list[Problem]:
    if not text:
        return [Problem(field, "empty")]
    if len(text) < shortest:
        return [Problem(field, "short", {"shortest": shortest})]
    if len(text) > longest:
        return [Problem(field, "long", {"longest": longest, "length": len(text)})]
    return []
