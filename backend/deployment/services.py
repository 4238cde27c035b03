"""Changing the service catalogue: what a domain is called, who handles it, in what time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from backend.catalogue import Catalogue, Service, Urgency
from backend.deployment.effective import SERVICES, Contents, Effective
from backend.deployment.refusal import Problem, refuse_if_any

LEVELS = ("township", "county")
URGENCIES: tuple[Urgency, ...] = ("low", "normal", "high", "emergency")
LONGEST_NAME = 30
LONGEST_WORD = 20
MOST_WORDS = 200
MOST_DAYS = 180
MOST_ASSISTING = 6
_APART = re.compile(r"[\s,，、;；]+")


@dataclass(frozen=True)
class GivenService:
    """As a form gives it: `words` is text with words apart by commas or blanks, `days` text by
    urgency, `lead` and `assisting` functions by level."""

    name: str
    level: str
    words: str
    days: Mapping[str, str]
    lead: Mapping[str, str]
    assisting: Mapping[str, Sequence[str]]


def apart(text: str) -> list[str]:
    """The words of a text, each once, in order."""
    return list(dict.fromkeys(word for word in _APART.split(text) if word))


def put_service(now: Effective, code: str, given: GivenService) -> Contents:
    """The services with this one as given, a new one where `code` is new. Raises ChangeRefused."""
    name, words = given.name.strip(), apart(given.words)
    refuse_if_any(
        [
            *_name_problems(now.catalogue.services, code, name),
            *_word_problems(words),
            *_day_problems(given.days),
            *_office_problems(now.catalogue, given),
        ]
    )
    entry = {
        "code": code,
        "name": name,
        "level": given.level,
        "deadline": {urgency: int(given.days[urgency]) for urgency in URGENCIES},
        "words": words,
        **{
            level: {"lead": given.lead[level], "assisting": list(given.assisting[level])}
            for level in LEVELS
        },
    }
    services = now.contents[SERVICES]
    if code in services and _same(services[code], entry):
        return {}
    return {SERVICES: {**services, code: entry}}


def _same(old: Mapping[str, object], new: Mapping[str, object]) -> bool:
    """Shipped entries hold the lead once more."""
    return {key: value for key, value in old.items() if key != "lead"} == new


def _name_problems(services: Mapping[str, Service], code: str, name: str) -> list[Problem]:
    if not name:
        return [Problem("name", "empty")]
    if len(name) > LONGEST_NAME:
        return [Problem("name", "long", {"longest": LONGEST_NAME, "length": len(name)})]
    twin = next((one for one in services.values() if one.name == name and one.code != code), None)
    return [Problem("name", "name_taken", {"given": name})] if twin else []


def _word_problems(words: Sequence[str]) -> list[Problem]:
    if not words:
        return [Problem("words", "empty")]
    if len(words) > MOST_WORDS:
        return [Problem("words", "too_many", {"most": MOST_WORDS, "count": len(words)})]
    long = [word for word in words if len(word) > LONGEST_WORD]
    return [Problem("words", "word_long", {"given": one, "longest": LONGEST_WORD}) for one in long]


def _day_problems(days: Mapping[str, str]) -> list[Problem]:
    wrong = [
        Problem(f"days_{urgency}", "days", {"most": MOST_DAYS, "given": days[urgency] or "空"})
        for urgency in URGENCIES
        if not (_whole(days[urgency]) and int(days[urgency]) <= MOST_DAYS)
    ]
    if wrong:
        return wrong
    return [
        Problem(f"days_{urgent}", "days_order")
        for calm, urgent in pairwise(URGENCIES)
        if int(days[urgent]) > int(days[calm])
    ]


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4


def _office_problems(catalogue: Catalogue, given: GivenService) -> list[Problem]:
    if given.level not in LEVELS:
        return [Problem("level", "choose")]
    found = []
    for level in LEVELS:
        known = functions(catalogue, level)
        lead, assisting = given.lead[level], given.assisting[level]
        if lead not in known:
            found.append(Problem(f"{level}_lead", "choose"))
        if any(one not in known for one in assisting):
            found.append(Problem(f"{level}_assisting", "choose"))
        if lead in assisting:
            found.append(Problem(f"{level}_assisting", "lead_assists"))
        if len(assisting) > MOST_ASSISTING:
            params = {"most": MOST_ASSISTING, "count": len(assisting)}
            found.append(Problem(f"{level}_assisting", "too_many", params))
    return found


def functions(catalogue: Catalogue, level: str) -> list[str]:
    """Functions at a level: those its units have, then those only the rules name."""
    types = {unit.code: unit.type for unit in catalogue.organisation.values()}
    has = [
        unit.function
        for unit in catalogue.organisation.values()
        if unit.function and unit.active and types.get(unit.parent or "") == level
    ]
    named = [
        function
        for rule in catalogue.dispatch.values()
        for leading in (rule.township if level == "township" else rule.county,)
        for function in (leading.lead, *leading.assisting)
    ]
    return list(dict.fromkeys([*has, *named]))
