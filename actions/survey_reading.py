"""What an answer in words means for a survey's question; the dialogue decides what follows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from actions.numbers import numbers
from actions.turn import Survey, Turn
from actions.words import bare, satisfaction

LONG = 30
"""Characters from which words are not taken for an option, though they name one."""

_FILE = Path(__file__).with_name("survey_words.yml")
_PAUSE = re.compile("[,，。.;；!！?？\\s]+")
_NEGATED = re.compile("(不|没|别|非|未)(是|太|怎么|很|大|够|算|到|有)?$")
_ORDINAL = re.compile("第?([1-9一二两三四五六七八九])(?:个|项|条|号|种|和|、|跟|与|或|都|$)")
_ORDINALS = {c: n for n, c in enumerate("一二三四五六七八九", 1)} | {"两": 2}


@dataclass(frozen=True)
class Answer:
    """One of `option` (from 0), `number`, `skipped`, `in_words`."""

    option: int | None = None
    number: float | None = None
    skipped: bool = False
    in_words: bool = False

    def fields(self) -> dict[str, int | float | bool]:
        """As the effect has them."""
        if self.option is not None:
            return {"option": self.option}
        if self.number is not None:
            return {"number": self.number}
        return {"skipped": True} if self.skipped else {"in_words": True}


@dataclass(frozen=True)
class Unclear:
    """An answer it is, but which? `key` says what to ask."""

    key: str


@lru_cache(maxsize=1)
def survey_words() -> Mapping[str, Sequence[str]]:
    with _FILE.open(encoding="utf-8") as file:
        loaded: dict[str, list[str]] = yaml.safe_load(file)
    return loaded


def says(group: str, text: str) -> bool:
    """Whether the text is nothing but the group's words, polite ones aside: '烦死了，别问了'."""
    parts = [part for part in _PAUSE.split(text) if bare(part)]
    return bool(parts) and all(_is_one_of(group, bare(part)) for part in parts)


def _is_one_of(group: str, said: str) -> bool:
    listed = survey_words()[group]
    polite = "|".join(survey_words()["polite"])
    return said in listed or re.sub(f"^(?:{polite})+|(?:{polite})+$", "", said) in listed


def read_answer(turn: Turn, survey: Survey) -> Answer | Unclear | None:
    """What the words answer; None where they are no answer to this question."""
    said = bare(turn.text)
    if not said:
        return None
    if says("skip", turn.text) and said not in [bare(label) for label in survey.options]:
        return Answer(skipped=True)
    if survey.type == "number":
        return _number(turn, survey, said)
    if survey.type in ("single", "scale") and len(said) <= LONG:
        return _option(turn, survey, said)
    return None


def _number(turn: Turn, survey: Survey, said: str) -> Answer | Unclear | None:
    if len(said) > LONG or turn.place or turn.entities.get("phone"):
        return None
    found = [0.0] if says("zero", turn.text) else numbers(turn.text)
    if not found:
        return None
    if len(found) > 1:
        return Unclear("survey_say_number")
    (number,) = found
    if not _lowest(survey) <= number <= _highest(survey):
        return Unclear("survey_number_range")
    return Answer(number=number)


def _lowest(survey: Survey) -> int:
    return 0 if survey.lowest is None else survey.lowest


def _highest(survey: Survey) -> int:
    return 1_000_000 if survey.highest is None else survey.highest


def _option(turn: Turn, survey: Survey, said: str) -> Answer | Unclear | None:
    if any(words in said for words in survey_words()["none_of_them"]):
        return _none_of_them(survey)
    if survey.type == "scale" and _rate_satisfaction(survey.options) and not turn.place:
        # '很满意' is more than the label '满意' that stands in it.
        level = satisfaction(turn.text)
        if level is not None:
            return Answer(option=level - 1)
    named = _labels_named(survey.options, said) or _ordinals(survey.options, said)
    if len(named) == 1:
        return Answer(option=named[0])
    if named:
        return Unclear("survey_which_option")
    if survey.type == "scale" and not turn.place:
        level = satisfaction(turn.text)
        return None if level is None else Answer(option=level - 1)
    if survey.type == "single":
        return _yes_or_no(turn, survey.options) or _partly_named(survey.options, said)
    return None


def _rate_satisfaction(options: Sequence[str]) -> bool:
    """Whether a scale's labels are the levels of satisfaction: words for these then answer it."""
    return all(satisfaction(label) == level for level, label in enumerate(options, 1))


def _labels_named(options: Sequence[str], said: str) -> list[int]:
    """Options whose whole label stands there and is not denied; '不满意' does not name '满意'."""
    spans: list[tuple[int, int, int]] = []
    for index, label in sorted(enumerate(options), key=lambda one: -len(one[1])):
        word = bare(label)
        for match in re.finditer(re.escape(word), said):
            start, end = match.span()
            inside = any(a <= start and end <= b for a, b, _ in spans)
            # A one-character label ('是') names itself only where it stands alone or begins.
            loose = len(word) == 1 and start > 0
            if not inside and not loose and not _NEGATED.search(said[:start]):
                spans.append((start, end, index))
    return sorted({index for _, _, index in spans})


def _ordinals(options: Sequence[str], said: str) -> list[int]:
    """'第二个', '选2吧', '二和三'; in a longer text digits mean something else."""
    if len(said) > 8 and "第" not in said:
        return []
    found = {
        int(digit) if digit.isdigit() else _ORDINALS[digit]
        for digit in _ORDINAL.findall(said.removesuffix("吧"))
    }
    return sorted(number - 1 for number in found if 1 <= number <= len(options))


def _none_of_them(survey: Survey) -> Answer:
    """'没有一个满意的': the worst level, the option for everything else, or no answer."""
    if survey.type == "scale":
        return Answer(option=0)
    others = survey_words()["other_labels"]
    for index, label in enumerate(survey.options):
        if any(bare(label).startswith(other) for other in others):
            return Answer(option=index)
    return Answer(skipped=True)


def _yes_or_no(turn: Turn, options: Sequence[str]) -> Answer | None:
    group = {"affirm": "yes_labels", "deny": "no_labels"}.get(turn.intent)
    if group is None:
        return None
    fitting = [i for i, label in enumerate(options) if bare(label) in survey_words()[group]]
    return Answer(option=fitting[0]) if len(fitting) == 1 else None


def _partly_named(options: Sequence[str], said: str) -> Answer | Unclear | None:
    """By two characters in a row that no other option has ('路面' of '路面破损')."""
    pairs = [{label[i : i + 2] for i in range(len(label) - 1)} for label in map(bare, options)]
    found = []
    for index, own in enumerate(pairs):
        others = set().union(*pairs[:index], *pairs[index + 1 :])
        if any(
            pair in said and not _NEGATED.search(said[: said.index(pair)]) for pair in own - others
        ):
            found.append(index)
    if len(found) == 1:
        return Answer(option=found[0])
    return Unclear("survey_which_option") if found else None
