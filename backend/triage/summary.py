"""A title and a one-line summary in the citizen's own words: clauses chosen, none rewritten."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import rjieba

from backend.data_file import read_yaml
from backend.triage.cleaning import clean

LONGEST_TITLE = 20
LONGEST_SUMMARY = 60

# A colon between figures is a time of day.
_CLAUSE = re.compile(r"[,。;!?…\s]+|\.{2,}|(?<!\d):|:(?!\d)")
# Long figures are phone, card and identity numbers: no business of a title.
_FIGURES = re.compile(r"[\dXx-]{7,}")
_SHORT = 6
_EDGE = " ,。;:!?、\"'“”()"
# Clauses are cut out of the middle of what was quoted.
_PAIRS = (("“", "”"), ("(", ")"), ("《", "》"), ("「", "」"))


@dataclass(frozen=True)
class Courtesy:
    """Patterns of greetings, thanks and openings that are no part of the matter."""

    clauses: re.Pattern[str]
    openings: re.Pattern[str]
    closings: re.Pattern[str]


@dataclass(frozen=True)
class Summary:
    """`title` has at most 20 characters, `text` at most 60; both may be '' for an empty text."""

    title: str
    text: str


def load_courtesy(file: Path) -> Courtesy:
    """Read data/rules/courtesy.yml. Raises ValueError naming the file and the entry."""
    content = read_yaml(file)
    patterns = []
    for name in ("clauses", "openings", "closings"):
        entries = content.get(name) if isinstance(content, dict) else None
        if not isinstance(entries, list) or not entries:
            raise ValueError(f"{file}: {name}: a list of patterns is needed")
        try:
            patterns.append(re.compile("|".join(f"(?:{entry})" for entry in entries)))
        except re.error as error:
            raise ValueError(f"{file}: {name}: {error}") from error
    return Courtesy(*patterns)


def summarise(
    text: str, courtesy: Courtesy, weigh: Callable[[str], float] | None = None
) -> Summary:
    """Title and summary of `text`. `weigh` tells how much a clause says about the matter (the
    triage model's score for the domain it chose); without it the first telling clause counts."""
    clauses = _telling(clean(text).text, courtesy)
    if not clauses:
        whole = _FIGURES.sub("", clean(text).text).strip(_EDGE)
        return Summary(_cut(whole, LONGEST_TITLE), _cut(whole, LONGEST_SUMMARY))
    best = 0
    if weigh is not None:
        best = max(range(len(clauses)), key=lambda i: (weigh(clauses[i]), -i))
    title = _grown(clauses, best, LONGEST_TITLE, enough=10)
    whole = ",".join(clauses)
    if len(whole) > LONGEST_SUMMARY:
        whole = _grown(clauses, best, LONGEST_SUMMARY, enough=LONGEST_SUMMARY)
    return Summary(
        _chinese(_paired(_cut(title, LONGEST_TITLE))),
        _chinese(_paired(_cut(whole, LONGEST_SUMMARY))),
    )


def _telling(text: str, courtesy: Courtesy) -> list[str]:
    found = []
    for part in _CLAUSE.split(text):
        clause = _FIGURES.sub("", part).strip(_EDGE)
        if not clause or courtesy.clauses.fullmatch(clause):
            continue
        opening = courtesy.openings.match(clause)
        if opening and len(clause) - opening.end() >= _SHORT // 2:
            clause = clause[opening.end() :].strip(_EDGE)
        closing = re.search(f"(?:{courtesy.closings.pattern})$", clause)
        if closing and closing.start() >= _SHORT // 2:
            clause = clause[: closing.start()].strip(_EDGE)
        if clause:
            found.append(clause)
    return found


def _grown(clauses: list[str], start: int, longest: int, *, enough: int) -> str:
    """The clause at `start`, with what follows, then what precedes, while it fits and is wanted."""
    first = last = start
    chosen = clauses[start]
    while len(chosen) < enough:
        if last + 1 < len(clauses) and len(chosen) + 1 + len(clauses[last + 1]) <= longest:
            last += 1
        elif first > 0 and len(chosen) + 1 + len(clauses[first - 1]) <= longest:
            first -= 1
        else:
            break
        chosen = ",".join(clauses[first : last + 1])
    return chosen


def _cut(text: str, longest: int) -> str:
    """`text` within `longest` characters, cut between words, the cut shown by an ellipsis."""
    if len(text) <= longest:
        return text
    kept = ""
    for word in rjieba.cut(text):
        if len(kept) + len(word) > longest - 1:
            break
        kept += word
    return (kept.rstrip(_EDGE) or text[: longest - 1]) + "…"


def _paired(text: str) -> str:
    """Without quotation marks and brackets that opened or closed elsewhere, unless nothing else is
    there."""
    plain = text
    for begin, end in _PAIRS:
        if plain.count(begin) != plain.count(end):
            plain = plain.replace(begin, "").replace(end, "")
    return plain or text


def _chinese(text: str) -> str:
    return text.translate(
        {ord(","): "，", ord(";"): "；", ord(":"): "：", ord("?"): "？", ord("!"): "！"}
    )
