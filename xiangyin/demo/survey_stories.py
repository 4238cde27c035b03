"""The authored surveys of the demo county: what is asked, how each township answers, in what words.

`data/demo/surveys/clinics.yml` is the survey that is asked, `wishes/*.yml` what people of each
township wrote to its last question, `market_day.yml` a draft.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from backend.catalogue import Catalogue, Division
from backend.surveys.authoring import Draft
from backend.surveys.questions import Question, QuestionType
from xiangyin.demo.stories import DemoDataError, Entry, read_entry

Words = Annotated[str, Field(min_length=1, max_length=400)]
Several = Annotated[Sequence[Words], Field(min_length=1)]
Shares = Annotated[Sequence[Annotated[int, Field(ge=0, le=100)]], Field(min_length=2)]


class Mood(StrEnum):
    """How someone who wrote more than a number feels about it all."""

    CROSS = "cross"
    PLAIN = "plain"
    GLAD = "glad"


class _Question(Entry):
    """A question as the survey's own room knows it; what more is told makes its kind."""

    type: QuestionType = Field(strict=False)
    text: str
    options: Sequence[str] = ()
    lowest: int | None = None
    highest: int | None = None
    unit: str = ""

    @property
    def question(self) -> Question:
        return Question(
            self.type, self.text, tuple(self.options), self.lowest, self.highest, self.unit
        )


class Choice(_Question):
    """`shares` by township, of each option in percent; `words` people say for each option."""

    shares: Mapping[str, Shares]
    words: Sequence[Several]

    @model_validator(mode="after")
    def _of_each_option(self) -> Choice:
        for listed in (self.words, *self.shares.values()):
            if len(listed) != len(self.options):
                raise ValueError(f"{self.text}: shares and words are needed for each option")
        return self


class Amount(_Question):
    """`values` by township, the commoner ones oftener; `words` hold '{n}'; `said` is how some
    put a number without digits."""

    values: Mapping[str, Annotated[Sequence[int], Field(min_length=1)]]
    words: Several
    said: Mapping[int, Several]


class Written(_Question):
    """Answered by the wishes; `passing`: what all others say."""

    passing: Several


class InOffice(Entry):
    """So many days ago (or the working day before), in this hour in Asia/Shanghai."""

    days: Annotated[int, Field(ge=1, le=60)]
    hour: Annotated[int, Field(ge=9, le=16)]


class Turnout(Entry):
    """How many of those asked answer everything, stop half-way, refuse; the rest says nothing."""

    completed: Annotated[int, Field(ge=1)]
    answering: Annotated[int, Field(ge=0)]
    declined: Annotated[int, Field(ge=0)]


class AskedSurvey(Entry):
    """A survey put to every village; `author` is an official's login. `skipping`: said by the few
    who leave a question out. It ends with the day so many days after it was opened."""

    author: str
    title: str
    introduction: str
    opened: InOffice
    closes_after_days: int
    turnout: Turnout
    declining: Several
    skipping: Several
    questions: Sequence[Choice | Amount | Written]

    @property
    def draft(self) -> Draft:
        return Draft(self.title, self.introduction, [one.question for one in self.questions])


class DraftSurvey(Entry):
    """A survey still being written, for the villages of `townships`."""

    author: str
    title: str
    introduction: str
    written: InOffice
    townships: Sequence[str]
    questions: Sequence[_Question]

    @property
    def draft(self) -> Draft:
        return Draft(self.title, self.introduction, [one.question for one in self.questions])


@dataclass(frozen=True, slots=True)
class Wish:
    """What one person wrote; `village` is the code of theirs where the words tell it."""

    text: str
    mood: Mood
    township: str
    village: str | None


@dataclass(frozen=True, slots=True)
class SurveyMaterial:
    """The survey that is asked, what people wrote to it, and a draft."""

    asked: AskedSurvey
    wishes: Sequence[Wish]
    draft: DraftSurvey


class _Wishes(Entry):
    """Of a township; a mapping names the village."""

    township: str
    cross: Sequence[Words | Mapping[str, Words]]
    plain: Sequence[Words | Mapping[str, Words]]
    glad: Sequence[Words | Mapping[str, Words]]


def load_surveys(folder: Path, catalogue: Catalogue) -> SurveyMaterial:
    """Read `folder`. Raises DemoDataError."""
    asked = read_entry(folder / "clinics.yml", AskedSurvey)
    draft = read_entry(folder / "market_day.yml", DraftSurvey)
    towns = {one.name: one for one in catalogue.divisions.values() if one.level == "township"}
    for question in asked.questions:
        if isinstance(question, Written):
            continue
        named = question.shares if isinstance(question, Choice) else question.values
        if set(named) != set(towns):
            raise DemoDataError(f"clinics.yml: {question.text}: every township, and no other")
    if unknown := set(draft.townships) - set(towns):
        raise DemoDataError(f"market_day.yml: no township {unknown}")
    wishes = [
        wish
        for file in sorted((folder / "wishes").glob("*.yml"))
        for wish in _wishes(file, towns, catalogue)
    ]
    return SurveyMaterial(asked, wishes, draft)


def _wishes(file: Path, towns: Mapping[str, Division], catalogue: Catalogue) -> Iterator[Wish]:
    read = read_entry(file, _Wishes)
    if read.township not in towns:
        raise DemoDataError(f"{file.name}: no township {read.township}")
    town = towns[read.township]
    villages = {one.name: one.code for one in catalogue.divisions.values()
                if one.parent == town.code}  # fmt: skip
    for mood, wishes in ((Mood.CROSS, read.cross), (Mood.PLAIN, read.plain),
                         (Mood.GLAD, read.glad)):  # fmt: skip
        for one in wishes:
            if isinstance(one, str):
                yield Wish(one, mood, town.code, None)
                continue
            for village, text in one.items():
                if village not in villages:
                    raise DemoDataError(f"{file.name}: {read.township} has no {village}")
                yield Wish(text, mood, town.code, villages[village])
