"""Who answers, when and how: as many as are meant to, by day, each in their own village."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from backend.catalogue import load_catalogue
from backend.petitions.deadline import SHANGHAI, load_calendar
from xiangyin.demo.stories import DemoDataError
from xiangyin.demo.survey_schedule import Asked, Said, answers, in_office
from xiangyin.demo.survey_stories import load_surveys
from xiangyin.settings import PROJECT

DATA = PROJECT / "data"
CATALOGUE = load_catalogue(DATA / "catalogue")
CALENDAR = load_calendar(DATA / "catalogue" / "working_days.yml")
SURVEYS = load_surveys(DATA / "demo" / "surveys", CATALOGUE)
TURNOUT = SURVEYS.asked.turnout
NAMES = {one.code: one.name for one in CATALOGUE.divisions.values()}
VILLAGES = [one for one in CATALOGUE.divisions.values() if one.level not in ("county", "township")]
PEOPLE = [
    Asked(number, VILLAGES[number % len(VILLAGES)].parent or "",
          VILLAGES[number % len(VILLAGES)].code)
    for number in range(8 * len(VILLAGES))
]  # fmt: skip
OPENED = datetime(2026, 11, 5, 9, 12, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def said() -> dict[int, list[Said]]:
    """By citizen, in order of time."""
    everything = answers(SURVEYS.asked, SURVEYS.wishes, PEOPLE, NAMES, OPENED, 1)
    assert [one.at for one in everything] == sorted(one.at for one in everything)
    theirs: dict[int, list[Said]] = {}
    for one in everything:
        theirs.setdefault(one.citizen_id, []).append(one)
    return theirs


def test_as_many_answer_stop_and_refuse_as_are_meant_to(said: dict[int, list[Said]]) -> None:
    whole = len(SURVEYS.asked.questions)
    refused = [theirs for theirs in said.values() if theirs[-1].declines]
    done = [theirs for theirs in said.values() if len(theirs) == whole and theirs not in refused]
    assert len(done) == TURNOUT.completed
    assert len(refused) == TURNOUT.declined
    assert len(said) == TURNOUT.completed + TURNOUT.declined + TURNOUT.answering
    for theirs in said.values():
        assert [one.position for one in theirs] == list(range(1, len(theirs) + 1))


def test_every_wish_is_written_once_by_someone_of_its_village(
    said: dict[int, list[Said]],
) -> None:
    homes = {person.citizen_id: person for person in PEOPLE}
    last = [one for theirs in said.values() for one in theirs if one.position == 6]
    for wish in SURVEYS.wishes:
        (written,) = [one for one in last if one.words == wish.text]
        home = homes[written.citizen_id]
        assert home.township == wish.township
        assert wish.village in (None, home.village)


def test_answers_are_spread_over_days_and_none_comes_at_night(
    said: dict[int, list[Said]],
) -> None:
    begun = [theirs[0].at.astimezone(SHANGHAI) for theirs in said.values()]
    assert all(OPENED < at < OPENED + timedelta(days=18) for at in begun)
    assert all(6 <= at.hour <= 22 for at in begun)
    days = Counter(at.date() for at in begun)
    assert len(days) >= 10
    assert days.most_common(1)[0][0] == OPENED.date()
    pauses = [theirs for theirs in said.values()
              if theirs[-1].at - theirs[0].at > timedelta(hours=6)]  # fmt: skip
    assert pauses


def test_too_few_people_are_named() -> None:
    with pytest.raises(DemoDataError, match="nobody is left"):
        answers(SURVEYS.asked, SURVEYS.wishes, PEOPLE[:100], NAMES, OPENED, 1)
    with pytest.raises(DemoDataError, match="only 300 people"):
        answers(SURVEYS.asked, SURVEYS.wishes[:9], PEOPLE[:300], NAMES, OPENED, 1)


@pytest.mark.parametrize("days", range(7))
def test_it_is_opened_about_three_weeks_ago_on_a_working_day(days: int) -> None:
    now = datetime(2026, 11, 26, 0, 30, tzinfo=SHANGHAI) + timedelta(days=days)
    at = in_office(SURVEYS.asked.opened, CALENDAR, now)
    assert CALENDAR.is_working(at.date())
    assert timedelta(days=20) <= now - at <= timedelta(days=31)
