"""When things happen: working hours, the order of a story, nothing in the future."""

from __future__ import annotations

from datetime import datetime

import pytest

from backend.catalogue import load_catalogue
from backend.petitions.deadline import SHANGHAI, load_calendar
from xiangyin.demo.schedule import CLOSES, OPENS, Act, schedule
from xiangyin.demo.stories import load_material
from xiangyin.settings import PROJECT

DATA = PROJECT / "data"
CALENDAR = load_calendar(DATA / "catalogue" / "working_days.yml")
STORIES = load_material(DATA / "demo", load_catalogue(DATA / "catalogue")).stories
OFFICIALS = {
    Act.ACCEPT, Act.DISPATCH, Act.MISDISPATCH, Act.RETURN, Act.START, Act.NOTE, Act.SUPERVISE,
    Act.ANSWER,
}  # fmt: skip
AFTERNOON = datetime(2026, 11, 26, 15, 0, tzinfo=SHANGHAI)
SUNDAY_NIGHT = datetime(2026, 11, 29, 1, 30, tzinfo=SHANGHAI)


@pytest.mark.parametrize("now", [AFTERNOON, SUNDAY_NIGHT])
def test_officials_work_in_working_hours(now: datetime) -> None:
    for step in schedule(STORIES, CALENDAR, now, 1):
        if step.act in OFFICIALS:
            there = step.at.astimezone(SHANGHAI)
            assert CALENDAR.is_working(there.date()), step
            assert there.time() >= OPENS, step
            assert there.time() <= CLOSES, step


@pytest.mark.parametrize("now", [AFTERNOON, SUNDAY_NIGHT])
def test_every_petition_is_filed_and_nothing_lies_ahead(now: datetime) -> None:
    steps = schedule(STORIES, CALENDAR, now, 1)
    assert all(step.at <= now for step in steps)
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert {step.story for step in steps if step.act is Act.FILE} == set(range(len(STORIES)))


def test_a_story_runs_in_order() -> None:
    steps = schedule(STORIES, CALENDAR, AFTERNOON, 1)
    for index in range(len(STORIES)):
        acts = [step.act for step in steps if step.story == index]
        assert acts[0] is Act.FILE
        assert Act.RATE not in acts or acts.index(Act.ANSWER) < acts.index(Act.RATE)
        assert Act.ANSWER not in acts or acts.index(Act.DISPATCH) < acts.index(Act.ANSWER)


def test_same_seed_same_schedule() -> None:
    first = schedule(STORIES, CALENDAR, AFTERNOON, 1)
    assert first == schedule(STORIES, CALENDAR, AFTERNOON, 1)
    assert first != schedule(STORIES, CALENDAR, AFTERNOON, 2)
