"""The life of a petition: which step is possible in which state, for whom, and where it leads.

received → accepted → dispatched → in_progress → resolved → closed (rated), or back to dispatched
(accepted where no office leads) when the citizen is not content; withdrawn by the citizen. One
that is joined to a main petition of the same matter follows it: answered with it, once.
Pure: rules only, as one table.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a petition stands."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    JOINED = "joined"


OPEN_STATES = frozenset({State.RECEIVED, State.ACCEPTED, State.DISPATCHED, State.IN_PROGRESS})
"""Someone owes the citizen something; deadlines count here."""

AWAITING_STATES = OPEN_STATES | {State.JOINED}
"""The citizen waits for an answer; a joined petition's deadline is that of its main one."""

FINAL_STATES = frozenset({State.CLOSED, State.WITHDRAWN})


class By(StrEnum):
    """Who acts; the `actor` of an event."""

    CITIZEN = "citizen"
    OFFICIAL = "official"
    MACHINE = "machine"


class Action(StrEnum):
    """One step. Some leave the state as it is."""

    ACCEPT = "accept"
    CORRECT = "correct"
    DISPATCH = "dispatch"
    START = "start"
    RETURN = "return"
    ANSWER = "answer"
    NOTE = "note"
    SET_SUBJECT = "set_subject"
    LIFT_SUBJECT = "lift_subject"
    RECUSE_OFFICE = "recuse_office"  # the office in charge turns out to be the subject
    SET_CONFIDENTIAL = "set_confidential"
    MERGE = "merge"
    UNMERGE = "unmerge"
    JOIN = "join"  # its citizen says it is the same matter
    FOLLOW = "follow"  # the main petition was answered
    ADD = "add"
    REMIND = "remind"
    WITHDRAW = "withdraw"
    SET_CONTACT = "set_contact"
    CLOSE = "close"  # rated, content
    REOPEN = "reopen"  # rated, not content


class NotPossible(ValueError):
    """The step is not possible in this state, or not for this actor."""

    def __init__(self, state: State, action: Action, by: By) -> None:
        super().__init__(f"{by} cannot {action} a petition that is {state}")
        self.state = state
        self.action = action


_STAY = {state: state for state in State}
_AWAITING_STAY = {state: state for state in AWAITING_STATES}
_NOT_FINAL_STAY = {state: state for state in State if state not in FINAL_STATES}

_STEPS: Mapping[tuple[By, Action], Mapping[State, State]] = {
    (By.OFFICIAL, Action.ACCEPT): {State.RECEIVED: State.ACCEPTED},
    (By.MACHINE, Action.ACCEPT): {State.RECEIVED: State.ACCEPTED},
    # Dispatching what was only received accepts it in the same stroke; dispatching again moves it.
    (By.OFFICIAL, Action.DISPATCH): dict.fromkeys(OPEN_STATES, State.DISPATCHED),
    (By.OFFICIAL, Action.START): {State.DISPATCHED: State.IN_PROGRESS},
    (By.OFFICIAL, Action.RETURN): {
        State.DISPATCHED: State.ACCEPTED,
        State.IN_PROGRESS: State.ACCEPTED,
    },
    # The front desk may answer what needs no office (一窗办结).
    (By.OFFICIAL, Action.ANSWER): {
        State.ACCEPTED: State.RESOLVED,
        State.DISPATCHED: State.RESOLVED,
        State.IN_PROGRESS: State.RESOLVED,
    },
    (By.OFFICIAL, Action.MERGE): dict.fromkeys(OPEN_STATES, State.JOINED),
    (By.CITIZEN, Action.JOIN): {State.RECEIVED: State.JOINED},
    # Whoever set it apart has looked at it.
    (By.OFFICIAL, Action.UNMERGE): {State.JOINED: State.ACCEPTED},
    (By.OFFICIAL, Action.FOLLOW): {State.JOINED: State.RESOLVED},
    (By.MACHINE, Action.UNMERGE): {State.JOINED: State.RECEIVED},
    (By.OFFICIAL, Action.CORRECT): _NOT_FINAL_STAY,
    (By.OFFICIAL, Action.NOTE): _STAY,
    (By.OFFICIAL, Action.SET_SUBJECT): _STAY,
    (By.OFFICIAL, Action.LIFT_SUBJECT): _STAY,
    (By.OFFICIAL, Action.SET_CONFIDENTIAL): _STAY,
    (By.MACHINE, Action.SET_SUBJECT): _STAY,
    (By.MACHINE, Action.RECUSE_OFFICE): {
        State.DISPATCHED: State.ACCEPTED,
        State.IN_PROGRESS: State.ACCEPTED,
    },
    (By.CITIZEN, Action.ADD): _NOT_FINAL_STAY,
    (By.CITIZEN, Action.SET_CONTACT): _NOT_FINAL_STAY,
    (By.CITIZEN, Action.REMIND): _AWAITING_STAY,
    (By.CITIZEN, Action.WITHDRAW): dict.fromkeys(AWAITING_STATES, State.WITHDRAWN),
    (By.CITIZEN, Action.CLOSE): {State.RESOLVED: State.CLOSED},
    (By.CITIZEN, Action.REOPEN): {State.RESOLVED: State.DISPATCHED},
}


def next_state(state: State | str, action: Action, by: By, *, has_lead: bool = True) -> State:
    """The state after the step. `has_lead`: an office leads (a reopened petition without one
    goes back to accepted). Raises NotPossible."""
    state = State(state)
    target = _STEPS.get((by, action), {}).get(state)
    if target is None:
        raise NotPossible(state, action, by)
    if action is Action.REOPEN and not has_lead:
        return State.ACCEPTED
    return target


def possible(state: State | str, action: Action, by: By) -> bool:
    """Whether the step can be taken."""
    return State(state) in _STEPS.get((by, action), {})


def possible_actions(state: State | str, by: By) -> frozenset[Action]:
    """Every step `by` can take now."""
    return frozenset(action for action in Action if possible(state, action, by))
