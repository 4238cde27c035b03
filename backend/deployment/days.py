"""Changing the table of working days: a year's days off and make-up days, as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from backend.deployment.effective import WORKING_DAYS, Contents, Effective
from backend.deployment.refusal import Problem, refuse_if_any

FIRST_YEAR, LAST_YEAR = 2020, 2099
LONGEST_SPAN = 31
_DAY = r"(?:(\d{4})[-/年.])?(\d{1,2})[-/月.](\d{1,2})日?"
_LINE = re.compile(rf"{_DAY}(?:\s*(?:\.\.|~|～|至|到|—+|–|-)\s*{_DAY})?", re.ASCII)


def put_year(now: Effective, year: int, closed: str, working: str) -> Contents:
    """The table with this year as given: a day or span a line ('10月1日至10月7日', '2026-10-01',
    '10-1..10-7'), what follows a blank is a remark. Raises ChangeRefused."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        refuse_if_any([Problem("year", "year", {"first": FIRST_YEAR, "last": LAST_YEAR})])
    problems: list[Problem] = []
    off = _entries("closed", closed, year, problems)
    on = _entries("working", working, year, problems)
    both = sorted(set(days(off)) & set(days(on)))
    problems += [Problem("working", "both", {"given": _words(day)}) for day in both[:3]]
    refuse_if_any(problems)
    table = {"closed": [_kept(*span) for span in off], "working": [_kept(*span) for span in on]}
    return {WORKING_DAYS: {**now.contents[WORKING_DAYS], str(year): table}}


def lines(entries: Sequence[str]) -> str:
    """A year's entries as one writes them, a line each: '10月1日至10月7日'."""
    return "\n".join(
        "至".join(_words(date.fromisoformat(day)) for day in e.split("..")) for e in entries
    )


def days(spans: Sequence[tuple[date, date]]) -> Iterator[date]:
    """Every day of the spans."""
    for first, last in spans:
        for offset in range((last - first).days + 1):
            yield first + timedelta(days=offset)


def _entries(field: str, text: str, year: int, problems: list[Problem]) -> list[tuple[date, date]]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if not words:
            continue
        span = _span(words, year)
        if span is None:
            problems.append(Problem(field, "day", {"line": number, "given": words[:40]}))
        else:
            found.append(span)
    return sorted(found)


def _span(words: str, year: int) -> tuple[date, date] | None:
    match = _LINE.match(words)
    if match is None or (words[match.end() :].strip() and not words[match.end()].isspace()):
        return None
    first = _date(match[1], match[2], match[3], year)
    last = _date(match[4], match[5], match[6], year) if match[5] else first
    if first is None or last is None or not timedelta(0) <= last - first < timedelta(LONGEST_SPAN):
        return None
    return first, last


def _date(given_year: str | None, month: str, day: str, year: int) -> date | None:
    if given_year is not None and int(given_year) != year:
        return None
    try:
        return date(year, int(month), int(day))
    except ValueError:
        return None


def _kept(first: date, last: date) -> str:
    return first.isoformat() if first == last else f"{first.isoformat()}..{last.isoformat()}"


def _words(day: date) -> str:
    return f"{day.month}月{day.day}日"
