"""Whether words tell a matter, and how many of them they count up."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actions.turn import Turn
from actions.words import bare, named

_TOLD = 12
"""Characters from which rude words with a place or a time in them tell a matter too."""

_BOUNDARY = r"(?:^|(?<=[\s,，。;；:：、!！?？]))"
# Marks that count up, by what stands for their number; a matter begins behind each.
_NUMBERED = (
    ("{}是", "一二三四五"),
    ("其{}(?:是)?[,，:：]?", "一二三四五"),
    ("第{}(?:个|件|点)?(?:事情|事|问题)?(?:就?是|[,，:：、])", "一二三四五"),
    ("{}、", "一二三四五"),
    (r"{}[.、)）:：]\s?(?!\d)", "12345"),
    # What was ① or left its mark out; no count of something ('3号楼', '2个').
    (
        r"{}(?=[一-龥])(?![号楼栋幢单组队社层室个天年月日人户次点块元万千百岁里米公斤亩条件家台车路])",
        "12345",
    ),
)
_ONE_AND_ANOTHER = (
    "(?:(?:第|头)?一(?:个|件)(?:事情?)?是)",
    "(?:(?:第二|另外?|还有|再)?一(?:个|件)(?:事情?)?是|第二(?:个|件)(?:事情?)?是)",
)
_MARKS: Sequence[Sequence[re.Pattern[str]]] = [
    *([re.compile(_BOUNDARY + mark.format(n)) for n in numbers] for mark, numbers in _NUMBERED),
    [re.compile(_BOUNDARY + mark) for mark in _ONE_AND_ANOTHER],
]
_OPENING = re.compile("(?:匿名|实名)?(?:我们?|本人)?(?:要|想|来)?(?:举报|检举|投诉|表扬)")
_TWO_THINGS = re.compile("(?:两|2|二)(?:件|个)(?:事|问题|情况)")
_ALSO = re.compile(
    r"[\s,，。;；!！?？](?=(?:另外|此外|还有(?:一件|一个|个|件|就是)|再就是|再一个|第二件|另一件|另一个|顺便)[^的]{6,})"
)
_SHORTEST = 5
"""Characters below which a part is no matter of its own."""
_EDGE = " ,，。:：;；、\n"


def tells_a_matter(turn: Turn) -> bool:
    """Whether rude or unclear words hold something to be handled: where, or since when, or what
    may well be a petition."""
    told = turn.place or turn.entities.get("time") or "raise_petition" in turn.readings[:2]
    return bool(told) and len(bare(turn.text)) >= _TOLD


def kind_named(text: str) -> str | None:
    """The kind a citizen names as they begin: '我要举报…'; otherwise triage decides."""
    opening = _OPENING.match(text)
    return named("kinds", opening[0]) if opening else None


def enumerated(text: str) -> list[str]:
    """The matters the words count up ('一是…，二是…'), each in the writer's own words; the whole
    text as one where they do not."""
    for marks in _MARKS:
        parts = _behind(text, marks)
        if parts:
            return parts
    announced = _TWO_THINGS.search(text)
    if announced:
        parts = [part.strip(_EDGE) for part in _ALSO.split(text[announced.end() :], maxsplit=1)]
        if len(parts) == 2 and _are_matters(parts):
            return parts
    return [text]


def _behind(text: str, marks: Sequence[re.Pattern[str]]) -> list[str]:
    """What stands behind each mark, up to the next, where at least two follow in order; else
    nothing."""
    found: list[re.Match[str]] = []
    for mark in marks:
        match = mark.search(text, found[-1].end() if found else 0)
        if match is None:
            break
        found.append(match)
    if len(found) < 2:
        return []
    ends = [match.start() for match in found[1:]] + [len(text)]
    parts = [text[match.end() : end].strip(_EDGE) for match, end in zip(found, ends, strict=True)]
    return parts if _are_matters(parts) else []


def _are_matters(parts: Sequence[str]) -> bool:
    return all(len(bare(part)) >= _SHORTEST for part in parts)
