"""Who answers the demo county's survey, when, and in what words.

Pure: the same people and seed give the same answers. Times are meant in Asia/Shanghai.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from backend.petitions.deadline import SHANGHAI, Calendar
from backend.surveys.questions import QuestionType
from xiangyin.demo.schedule import at_hour
from xiangyin.demo.stories import DemoDataError
from xiangyin.demo.survey_stories import (
    Amount,
    AskedSurvey,
    Choice,
    InOffice,
    Mood,
    Wish,
    Written,
)

MINUTE = 46
# Most answer on the day they are asked or the next; the last ones weeks later.
DAYS_LATER = (0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 17)
DAYS_WEIGHTS = (48, 19, 9, 6, 4, 3, 3, 3, 2, 2, 1)
SAME_DAY_MINUTES = (1, 640, 12)  # fewest, most, commonest
PAUSES = 0.08  # share of those who go on the next day only
SKIPS = 0.02
IN_WORDS = 0.3  # of those whose number can be put without digits


@dataclass(frozen=True, slots=True)
class Asked:
    """Someone the question has reached; `township` and `village` are codes."""

    citizen_id: int
    township: str
    village: str


@dataclass(frozen=True, slots=True)
class Said:
    """What someone answers to the question at `position`, from 1; `declines`: wants no more."""

    at: datetime
    citizen_id: int
    position: int
    words: str
    declines: bool = False


def in_office(moment: InOffice, calendar: Calendar, now: datetime) -> datetime:
    """When it was, counted from `now`: never on a day off."""
    day = now.astimezone(SHANGHAI).date() - timedelta(days=moment.days)
    while not calendar.is_working(day):
        day -= timedelta(days=1)
    return datetime.combine(day, time(moment.hour, MINUTE), SHANGHAI)


def answers(
    survey: AskedSurvey,
    wishes: Sequence[Wish],
    people: Sequence[Asked],
    names: Mapping[str, str],
    opened: datetime,
    seed: int,
) -> Sequence[Said]:
    """All that is said, in order of time. `names` of townships by code. Raises DemoDataError where
    the people are too few."""
    chance = random.Random(seed)  # noqa: S311
    shuffled = list(people)
    chance.shuffle(shuffled)
    wished = _wishing(wishes, shuffled)
    others = iter([one for one in shuffled if one.citizen_id not in wished])
    turnout = survey.turnout
    said: list[Said] = []
    try:
        writing = [one for one in shuffled if one.citizen_id in wished]
        silent_last = [next(others) for _ in range(turnout.completed - len(writing))]
        for person in [*writing, *silent_last]:
            wish = wished.get(person.citizen_id)
            said += _answered(survey, person, names[person.township], wish, opened, chance)
        for _ in range(turnout.answering):
            whole = _whole(survey, next(others), names, opened, chance)
            said += whole[: chance.randint(1, len(whole) - 1)]
        for _ in range(turnout.declined):
            whole = _whole(survey, next(others), names, opened, chance)
            said += _declined(whole[: chance.choice((1, 1, 2, 3))], survey, chance)
    except StopIteration as error:
        raise DemoDataError(f"{survey.title}: only {len(people)} people to ask") from error
    return sorted(said, key=lambda one: one.at)


def _wishing(wishes: Sequence[Wish], people: Sequence[Asked]) -> dict[int, Wish]:
    """Who wrote which wish, by citizen: those that name a village find its people first."""
    wished: dict[int, Wish] = {}
    for wish in sorted(wishes, key=lambda one: one.village is None):
        found = next(
            (
                one.citizen_id
                for one in people
                if one.citizen_id not in wished
                and one.township == wish.township
                and wish.village in (None, one.village)
            ),
            None,
        )
        if found is None:
            raise DemoDataError(f"nobody is left to write: {wish.text}")
        wished[found] = wish
    return wished


def _whole(
    survey: AskedSurvey,
    person: Asked,
    names: Mapping[str, str],
    opened: datetime,
    chance: random.Random,
) -> list[Said]:
    return list(_answered(survey, person, names[person.township], None, opened, chance))


def _declined(part: Sequence[Said], survey: AskedSurvey, chance: random.Random) -> list[Said]:
    """The last of these questions is not answered any more."""
    last = part[-1]
    refusal = chance.choice(survey.declining)
    return [*part[:-1], Said(last.at, last.citizen_id, last.position, refusal, declines=True)]


def _answered(
    survey: AskedSurvey,
    person: Asked,
    township: str,
    wish: Wish | None,
    opened: datetime,
    chance: random.Random,
) -> Iterator[Said]:
    """One person's answers to all questions."""
    at = _begins(opened, chance)
    mood = wish.mood if wish else Mood.PLAIN
    pauses_at = chance.randint(2, len(survey.questions)) if chance.random() < PAUSES else 0
    for position, question in enumerate(survey.questions, 1):
        if isinstance(question, Written):
            words = wish.text if wish else chance.choice(question.passing)
            at += timedelta(seconds=2 * len(words))
        elif chance.random() < SKIPS:
            words = chance.choice(survey.skipping)
        elif isinstance(question, Choice):
            words = _chosen(question, township, mood, chance)
        else:
            words = _amount(question, township, chance)
        if position == pauses_at:
            at = at_hour(at.date() + timedelta(days=1), chance)
        yield Said(at, person.citizen_id, position, words)
        at += timedelta(seconds=chance.randint(12, 110))


def _begins(opened: datetime, chance: random.Random) -> datetime:
    (days,) = chance.choices(DAYS_LATER, DAYS_WEIGHTS)
    if days:
        return at_hour(opened.date() + timedelta(days=days), chance)
    return opened + timedelta(minutes=1 + chance.triangular(*SAME_DAY_MINUTES))


def _chosen(question: Choice, township: str, mood: Mood, chance: random.Random) -> str:
    weights = list(question.shares[township])
    if question.type is QuestionType.SCALE:
        # Who writes that all is bad, or well, has said so before.
        half = len(weights) // 2
        if mood is Mood.CROSS:
            weights[half + 1 :] = [0] * half
        elif mood is Mood.GLAD:
            weights[:half] = [0] * half
    (option,) = chance.choices(range(len(weights)), weights)
    return chance.choice(question.words[option])


def _amount(question: Amount, township: str, chance: random.Random) -> str:
    value = chance.choice(question.values[township])
    if value in question.said and chance.random() < IN_WORDS:
        return chance.choice(question.said[value])
    return chance.choice(question.words).format(n=value)
