"""The states of a survey and the steps between them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST = timedelta(days=92)


class State(StrEnum):
    DRAFT = "draft"
    OPEN = "open"  # people are asked, answers count
    PAUSED = "paused"  # nobody new is asked, answers count
    CLOSED = "closed"


class Step(StrEnum):
    OPEN = "open"
    PAUSE = "pause"
    RESUME = "resume"
    CLOSE = "close"


_STEPS: Mapping[Step, tuple[frozenset[State], State]] = {
    Step.OPEN: (frozenset({State.DRAFT}), State.OPEN),
    Step.PAUSE: (frozenset({State.OPEN}), State.PAUSED),
    Step.RESUME: (frozenset({State.PAUSED}), State.OPEN),
    Step.CLOSE: (frozenset({State.DRAFT, State.OPEN, State.PAUSED}), State.CLOSED),
}


class SurveyRefused(Exception):
    """Why a step was not taken. `problem`: conflict (changed by someone meanwhile), impossible (not
    in this state), flawed (the questions), nobody (to ask), closing_past, closing_late, sent (so
    not to be deleted); of a trial phone (no mobile number), opted_out."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def state_at(state: str, closes_at: datetime | None, now: datetime) -> State:
    """The state that holds at `now`: past its closing date a survey is closed."""
    over = closes_at is not None and closes_at <= now
    if over and state in (State.OPEN, State.PAUSED):
        return State.CLOSED
    return State(state)


def target_of(step: Step) -> State:
    """Where a step leads."""
    return _STEPS[step][1]


def possible(step: Step, state: State) -> bool:
    return state in _STEPS[step][0]


def check_closing(closes_at: datetime | None, now: datetime) -> None:
    """Raises SurveyRefused for a closing date in the past or further off than `LONGEST`."""
    if closes_at is None:
        return
    if closes_at <= now:
        raise SurveyRefused("closing_past")
    if closes_at > now + LONGEST:
        raise SurveyRefused("closing_late")
