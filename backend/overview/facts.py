"""One row per petition of a period, with what figures are made of.

Every figure of the overview is a count of these rows, and every list behind a figure is a part of
them, so a number and its rows cannot differ. What the official may not see is not among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    String,
    and_,
    case,
    column,
    func,
    or_,
    select,
    text,
)

from backend.organisation.sessions import Actor
from backend.organisation.tables import org
from backend.overview.period import Period, day_of
from backend.overview.shanghai_time import shanghai_seconds
from backend.overview.working_time import DAY_SECONDS, WorkingDay, working_days
from backend.petitions.deadline import Calendar
from backend.petitions.lifecycle import OPEN_STATES
from backend.petitions.rules import today
from backend.petitions.tables import petition, petition_event
from backend.petitions.visibility import visible_to

DIMENSIONS = (
    "day",
    "domain",
    "place",
    "channel",
    "answered",
    "timeliness",
    "rating",
    "reopened",
    "reminded",
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose figures, over which days. `org_path` None: all the official sees; else what belongs
    to, or is led by, the office with this path or one below it."""

    period: Period
    org_path: str | None = None


def facts(actor: Actor, scope: Scope, calendar: Calendar, now: datetime) -> CTE:
    """The petitions received in the period:

    - `id`; `day`: `day_number` it was received on; `domain`; `channel`; `place`: code of the
      division it happened in, '' where unknown
    - `answered`: 'yes' once there was an answer, also where it was reopened later; else 'no'
    - `waited`: seconds of working time from receipt to the first answer, else NULL
    - `timeliness`: 'on_time' first answer on the deadline's day or earlier; 'late' after it, or
      still owed after it; 'open' still owed, deadline to come; 'none' withdrawn unanswered, or
      without a deadline. It is the deadline of before any reopening.
    - `rating`: the last rating, 1 … 5, 0 where there is none
    - `reopened`, `reminded`: 'yes' where it ever was, else 'no'; `reminders`: how many count
    """
    known = _known(actor, scope)
    last = max(today(now), scope.period.last)
    table = _table(working_days(scope.period.first, last, calendar))
    received, answered = table.alias("received_on"), table.alias("answered_on")

    def worked(on: CTE, at: ColumnElement[int]) -> ColumnElement[int]:
        return on.c.column2 * DAY_SECONDS + on.c.column3 * (at % DAY_SECONDS)

    still_owed = known.c.state.in_([state.value for state in OPEN_STATES])
    # Days as texts, '2026-11-23': they compare as days do, and nothing has to be parsed.
    timeliness = case(
        (known.c.due.is_(None), "none"),
        (answered.c.column4 <= known.c.due, "on_time"),
        (known.c.answered_at.is_not(None), "late"),
        (and_(still_owed, known.c.due < today(now).isoformat()), "late"),
        (still_owed, "open"),
        else_="none",
    )
    return (
        select(
            known.c.id,
            received.c.column1.label("day"),
            known.c.domain,
            known.c.place,
            known.c.channel,
            _yes(known.c.answered_at.is_not(None)).label("answered"),
            (worked(answered, known.c.answered_at) - worked(received, known.c.received_at)).label(
                "waited"
            ),
            timeliness.label("timeliness"),
            known.c.rating,
            _yes(known.c.reopened > 0).label("reopened"),
            _yes(known.c.reminders > 0).label("reminded"),
            known.c.reminders,
        )
        .join(received, received.c.column1 == known.c.received_at // DAY_SECONDS)
        .outerjoin(answered, answered.c.column1 == known.c.answered_at // DAY_SECONDS)
        .cte("facts")
    )


def _known(actor: Actor, scope: Scope) -> CTE:
    """What stands in the tables, times as numbers; computed once, whatever is made of it."""
    # A reopened petition has lost its first answer and its first deadline; its events have not.
    events = petition_event.c
    of_petition = events.petition_id == petition.c.id
    first_answer = (
        select(func.min(shanghai_seconds(events.at)))
        .where(of_petition, events.type == "answered")
        .scalar_subquery()
    )
    first_deadline = (
        select(events.detail[("due_on", 0)].as_string())
        .where(of_petition, events.type == "reopened")
        .order_by(events.id)
        .limit(1)
        .scalar_subquery()
    )
    never_reopened = petition.c.reopened == 0
    due_on = petition.c.due_on.cast(String)
    query = select(
        petition.c.id,
        shanghai_seconds(petition.c.received_at).label("received_at"),
        case((never_reopened, shanghai_seconds(petition.c.answered_at)), else_=first_answer).label(
            "answered_at"
        ),
        case((never_reopened, due_on), else_=func.coalesce(first_deadline, due_on)).label("due"),
        petition.c.state,
        petition.c.domain,
        func.coalesce(petition.c.place_code, "").label("place"),
        petition.c.channel,
        func.coalesce(petition.c.rating, 0).label("rating"),
        petition.c.reopened,
        petition.c.reminders,
    ).where(
        petition.c.received_at >= scope.period.start,
        petition.c.received_at < scope.period.end,
        visible_to(actor),
    )
    if scope.org_path is not None:
        query = query.where(_of_office(scope.org_path))
    return query.cte("known").prefix_with("MATERIALIZED")


def _of_office(path: str) -> ColumnElement[bool]:
    ids = select(org.c.id).where(org.c.path.startswith(path, autoescape=True))
    return or_(petition.c.org_id.in_(ids), petition.c.lead_org_id.in_(ids))


def _table(days: Sequence[WorkingDay]) -> CTE:
    # Numbers we made ourselves, in a text: a statement with a thousand parameters is built anew
    # each time, which costs more than running it.
    rows = ", ".join(
        f"({day.number}, {day.before}, {day.worked}, '{day_of(day.number)}')" for day in days
    )
    numbers = (column(f"column{number}", Integer) for number in (1, 2, 3))
    return text(f"VALUES {rows}").columns(*numbers, column("column4", String)).cte("working_days")


def _yes(clause: ColumnElement[bool]) -> ColumnElement[str]:
    return case((clause, "yes"), else_="no").cast(String)
