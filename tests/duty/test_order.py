"""Whom to tell first: the nearest office, the most exact entry, each person once."""

from __future__ import annotations

from datetime import date

from backend.duty.order import Officer, in_order

MONDAY = date(2026, 11, 23)
TOWN, COUNTY = 4, 1


def officer(
    id_: int, *, org: int = TOWN, user: int = 0, on: date | None = None, weekday: int | None = None
) -> Officer:
    depth = 2 if org == TOWN else 1
    return Officer(id_, org, depth, user or id_, "13800000000", on, weekday)


def ids(*officers: Officer, day: date = MONDAY) -> list[int]:
    return [one.id for one in in_order(officers, day)]


def test_this_very_day_comes_before_the_weekday_and_that_before_always() -> None:
    assert ids(officer(1), officer(2, weekday=0), officer(3, on=MONDAY)) == [3, 2, 1]


def test_other_days_are_not_told() -> None:
    assert ids(officer(1, weekday=1), officer(2, on=date(2026, 11, 24))) == []
    assert ids(officer(1, weekday=1), day=date(2026, 11, 24)) == [1]


def test_the_nearest_office_comes_first_then_the_one_above() -> None:
    assert ids(officer(1, org=COUNTY, on=MONDAY), officer(2)) == [2, 1]


def test_each_person_is_told_once_at_their_first_place() -> None:
    assert ids(officer(1, user=9, weekday=0), officer(2, user=9), officer(3)) == [1, 3]


def test_of_equals_who_was_entered_first() -> None:
    assert ids(officer(2), officer(1)) == [1, 2]
