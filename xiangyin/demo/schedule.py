"""When what happens: a story becomes timed steps, at hours people write and offices work.

Pure: the same stories, day and seed give the same schedule. Times are UTC; hours are meant in
Asia/Shanghai. What would lie in the future has not happened yet and is left out.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from backend.petitions.deadline import SHANGHAI, Calendar, due_date
from xiangyin.demo.stories import Placed, Story

OPENS, CLOSES = time(8, 40), time(17, 20)
# Offices answer most within this share of the time they have; the slow ones stand in the stories.
USUAL_WORKING_DAYS = (1, 7)
# Up to this age a petition nobody has answered may still lie at the front desk.
FRESH_DAYS = 6
# Hours at which citizens write, oftener at noon and in the evening.
WRITING_HOURS = (6, 7, 7, 8, 9, 10, 11, 12, 12, 12, 13, 15, 17, 18, 19, 19, 20, 20, 21, 22)


class Act(StrEnum):
    """One thing that happens to a petition."""

    FILE = "file"
    PHONE = "phone"
    ADD = "add"
    ASK = "ask"
    REMIND = "remind"
    HUMAN = "human"
    WITHDRAW = "withdraw"
    RATE = "rate"
    ACCEPT = "accept"
    DISPATCH = "dispatch"
    MISDISPATCH = "misdispatch"
    RETURN = "return"
    START = "start"
    NOTE = "note"
    SUPERVISE = "supervise"
    ANSWER = "answer"
    TAKE_OVER = "take_over"


@dataclass(frozen=True, slots=True)
class Step:
    """`story` is the index of its story; `words` what is said or written in it, if anything."""

    at: datetime
    story: int
    act: Act
    words: str = ""
    level: int | None = None


def schedule(
    stories: Sequence[Placed], calendar: Calendar, now: datetime, seed: int
) -> Sequence[Step]:
    """All steps that lie before `now`, in order of time."""
    steps = [
        step
        for index, placed in enumerate(stories)
        for step in _story(
            index,
            placed.story,
            calendar,
            now,
            random.Random(f"{seed}:{index}"),  # noqa: S311
        )
        if step.at <= now
    ]
    return sorted(steps, key=lambda step: step.at)


def _story(
    index: int, story: Story, calendar: Calendar, now: datetime, chance: random.Random
) -> Iterator[Step]:
    """The steps of one story, not cut off at `now`."""
    filed = _filed_at(story, now, chance)
    yield Step(filed, index, Act.FILE)
    yield from _beside(index, story, filed, chance)
    if story.withdraw:
        yield Step(_daytime(filed, 1, chance), index, Act.WITHDRAW, story.withdraw)
        return
    desk = list(_desk(index, story, filed, calendar, chance))
    yield from desk
    if story.human:
        asked = _daytime(filed, 1, chance)
        yield Step(asked, index, Act.HUMAN, story.human)
        if chance.random() < 0.7:
            yield Step(_at_work(asked, 3, calendar, chance), index, Act.TAKE_OVER)
    begun = desk[-1].at if desk else filed
    if story.answer is None:
        yield from _waiting(index, story, filed, begun, now, calendar, chance)
        return
    days = chance.randint(*USUAL_WORKING_DAYS) if story.takes is None else story.takes
    answered = max(
        _on_working_day(filed, days, calendar, chance), _at_work(begun, 2, calendar, chance)
    )
    yield from _waiting(index, story, filed, begun, answered, calendar, chance)
    yield Step(answered, index, Act.ANSWER, story.answer)
    if story.rating is None:
        return
    rated = _reply_time(answered, chance)
    yield Step(rated, index, Act.RATE, story.comment or "", story.rating)
    if story.again is not None:
        yield from _again(index, story, rated, calendar, chance)


def _beside(index: int, story: Story, filed: datetime, chance: random.Random) -> Iterator[Step]:
    """What a citizen sends soon after filing."""
    if story.channel == "wechat" and chance.random() < 0.6:
        yield Step(filed + timedelta(minutes=4), index, Act.PHONE)
    if story.adds:
        yield Step(filed + timedelta(minutes=chance.randint(8, 50)), index, Act.ADD, story.adds)


def _desk(
    index: int, story: Story, filed: datetime, calendar: Calendar, chance: random.Random
) -> Iterator[Step]:
    """From the front desk to the office at work, or as far as `until`."""
    until = story.until or _held_up(story, chance)
    if until == "received":
        return
    accepted = _at_work(filed, 2, calendar, chance)
    yield Step(accepted, index, Act.ACCEPT)
    if until == "accepted":
        return
    given = _at_work(accepted, 1, calendar, chance)
    if story.returned:
        yield Step(given, index, Act.MISDISPATCH, story.returned.office)
        back = _at_work(given, 4, calendar, chance)
        yield Step(back, index, Act.RETURN, story.returned.reason)
        given = _at_work(back, 2, calendar, chance)
    decision = story.returned.decision if story.returned else None
    yield Step(given, index, Act.DISPATCH, decision or "")
    if until == "dispatched":
        return
    started = _at_work(given, 6, calendar, chance)
    yield Step(started, index, Act.START)
    if story.note:
        yield Step(_at_work(started, 3, calendar, chance), index, Act.NOTE, story.note)


def _held_up(story: Story, chance: random.Random) -> str | None:
    """Where a fresh petition still lies: a queue has something for everyone at its desk."""
    if story.answer is not None or story.days > FRESH_DAYS or story.returned or story.note:
        return None
    reached = ("accepted", "dispatched", "dispatched", None)
    return chance.choice(("received", *reached) if story.days <= 1 else reached)


def _waiting(
    index: int,
    story: Story,
    filed: datetime,
    begun: datetime,
    end: datetime,
    calendar: Calendar,
    chance: random.Random,
) -> Iterator[Step]:
    """What a citizen asks while waiting, and the supervisor's word where it takes too long."""
    for act, words, part in ((Act.ASK, story.asks, 0.45), (Act.REMIND, story.remind, 0.75)):
        if words:
            moment = filed + (end - filed) * part
            asked = at_hour(moment.astimezone(SHANGHAI).date(), chance)
            yield Step(min(max(asked, filed + timedelta(hours=1)), end), index, act, words)
    if story.supervised:
        watched = _at_work(max(begun, filed + (end - filed) * 0.8), 1, calendar, chance)
        yield Step(watched, index, Act.SUPERVISE, story.supervised)


def _again(
    index: int, story: Story, rated: datetime, calendar: Calendar, chance: random.Random
) -> Iterator[Step]:
    """The second round after a poor rating."""
    again = story.again
    assert again is not None
    started = _at_work(rated, 5, calendar, chance)
    yield Step(started, index, Act.START)
    if again.answer is None:
        return
    answered = _on_working_day(started, chance.randint(1, 4), calendar, chance)
    yield Step(answered, index, Act.ANSWER, again.answer)
    if again.rating is not None:
        yield Step(
            _reply_time(answered, chance), index, Act.RATE, again.comment or "", again.rating
        )


def _filed_at(story: Story, now: datetime, chance: random.Random) -> datetime:
    """On its day; what would lie in the future of today was written within the last hours."""
    day = now.astimezone(SHANGHAI).date() - timedelta(days=story.days)
    at = at_hour(day, chance)
    if story.hour is not None:
        at = at.replace(hour=story.hour)
    if at > now - timedelta(minutes=5):
        at = now - timedelta(minutes=chance.randint(6, 170))
    return at


def at_hour(day: date, chance: random.Random) -> datetime:
    """A moment of the day at which people write."""
    hour = time(chance.choice(WRITING_HOURS), chance.randint(0, 59), chance.randint(0, 59))
    return datetime.combine(day, hour, SHANGHAI)


def _daytime(after: datetime, days: int, chance: random.Random) -> datetime:
    day = after.astimezone(SHANGHAI).date() + timedelta(days=days)
    return at_hour(day, chance)


def _reply_time(asked: datetime, chance: random.Random) -> datetime:
    """Some hours later, not at night."""
    at = (asked + timedelta(minutes=chance.randint(20, 1500))).astimezone(SHANGHAI)
    if at.hour >= 22 or at.hour < 7:
        at = datetime.combine(
            at.date() + timedelta(days=at.hour >= 22),
            time(chance.randint(7, 9), chance.randint(0, 59), chance.randint(0, 59)),
            SHANGHAI,
        )
    return at


def _at_work(
    after: datetime, most_hours: float, calendar: Calendar, chance: random.Random
) -> datetime:
    """A moment of office hours, at most `most_hours` of them after `after`."""
    moment = _open(after, calendar, chance) + timedelta(
        minutes=chance.randint(6, max(7, int(most_hours * 60)))
    )
    if moment.astimezone(SHANGHAI).time() > CLOSES:
        moment = _open(moment, calendar, chance)
    return moment


def _open(moment: datetime, calendar: Calendar, chance: random.Random) -> datetime:
    """`moment`, or soon after the doors open next."""
    there = moment.astimezone(SHANGHAI)
    day = there.date()
    if calendar.is_working(day) and OPENS <= there.time() <= CLOSES:
        return there
    if there.time() > CLOSES or not calendar.is_working(day):
        day = due_date(datetime.combine(day, OPENS, SHANGHAI), 1, calendar)
    return datetime.combine(day, OPENS, SHANGHAI) + timedelta(minutes=chance.randint(1, 50))


def _on_working_day(
    start: datetime, working_days: int, calendar: Calendar, chance: random.Random
) -> datetime:
    day = due_date(start, working_days, calendar)
    return datetime.combine(day, OPENS, SHANGHAI) + timedelta(minutes=chance.randint(10, 500))
