import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from backend.petitions.lifecycle import (
    FINAL_STATES,
    OPEN_STATES,
    Action,
    By,
    NotPossible,
    State,
    next_state,
    possible,
    possible_actions,
)

STATES = list(State)


class Life(RuleBasedStateMachine):
    """Any walk through the table keeps what must stay true of a petition."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State.RECEIVED
        self.has_lead = False
        self.answers = 0
        self.ratings = 0
        self.accepted = False

    @rule(action=st.sampled_from(list(Action)), by=st.sampled_from(list(By)))
    def step(self, action: Action, by: By) -> None:
        before = self.state
        if not possible(before, action, by):
            with pytest.raises(NotPossible):
                next_state(before, action, by, has_lead=self.has_lead)
            return
        self.state = next_state(before, action, by, has_lead=self.has_lead)
        assert before not in FINAL_STATES or self.state == before
        if self.state != before:
            self._moved(before, action, by)

    def _moved(self, before: State, action: Action, by: By) -> None:
        if action in (Action.CLOSE, Action.REOPEN):
            assert before is State.RESOLVED
            assert by is By.CITIZEN
            self.ratings += 1
        if action is Action.ANSWER:
            assert by is By.OFFICIAL
            assert self.accepted
            self.answers += 1
        if action is Action.WITHDRAW:
            assert by is By.CITIZEN
        if action is Action.FOLLOW:
            assert before is State.JOINED
            self.answers += 1
        if action in (Action.RETURN, Action.RECUSE_OFFICE, Action.MERGE, Action.JOIN):
            self.has_lead = False
        if action is Action.DISPATCH:
            self.has_lead = True
        self.accepted = self.accepted or self.state is not State.RECEIVED

    @invariant()
    def only_an_office_works(self) -> None:
        if self.state in (State.DISPATCHED, State.IN_PROGRESS):
            assert self.has_lead

    @invariant()
    def closed_means_answered_and_rated(self) -> None:
        assert self.ratings <= self.answers
        if self.state is State.CLOSED:
            assert self.ratings == self.answers > 0
        if self.state is State.RESOLVED:
            assert self.answers == self.ratings + 1

    @invariant()
    def what_follows_another_waits_for_it(self) -> None:
        if self.state is State.JOINED:
            assert self.answers == self.ratings
            assert not possible(self.state, Action.ANSWER, By.OFFICIAL)
            assert possible(self.state, Action.WITHDRAW, By.CITIZEN)

    @invariant()
    def an_open_petition_can_always_end(self) -> None:
        if self.state in OPEN_STATES:
            assert possible(self.state, Action.WITHDRAW, By.CITIZEN)
            assert possible(self.state, Action.DISPATCH, By.OFFICIAL)


TestLife = Life.TestCase


@pytest.mark.parametrize("state", STATES)
def test_the_machine_neither_answers_nor_rates_nor_withdraws(state: State) -> None:
    human = {Action.ANSWER, Action.CLOSE, Action.REOPEN, Action.WITHDRAW, Action.DISPATCH}
    assert not human & possible_actions(state, By.MACHINE)


@pytest.mark.parametrize("state", STATES)
def test_citizen_and_official_keep_to_their_steps(state: State) -> None:
    assert not possible_actions(state, By.CITIZEN) & possible_actions(state, By.OFFICIAL)


def test_nothing_but_words_among_officials_changes_what_is_over() -> None:
    for state in FINAL_STATES:
        assert possible_actions(state, By.CITIZEN) == frozenset()
        for action in possible_actions(state, By.OFFICIAL):
            assert next_state(state, action, By.OFFICIAL) is state


def test_a_reopened_one_without_a_lead_goes_to_the_desk() -> None:
    assert next_state("resolved", Action.REOPEN, By.CITIZEN) is State.DISPATCHED
    without = next_state("resolved", Action.REOPEN, By.CITIZEN, has_lead=False)
    assert without is State.ACCEPTED
