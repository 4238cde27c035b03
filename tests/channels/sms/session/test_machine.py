"""The pure state of a connection: by example, and under anything a peer and a clock may do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from channels.sms.session.dialect import Meaning
from channels.sms.session.machine import (
    Answered,
    Arrived,
    Ended,
    GivenUp,
    Limits,
    Machine,
    NotOpen,
    Opened,
    State,
    Undecodable,
)
from tests.channels.sms.session.toy import Toy, ToyDialect, frame, frames

LIMITS = Limits(
    window=3,
    answer_seconds=60,
    resends=2,
    login_seconds=10,
    heartbeat_seconds=180,
    heartbeat_answer_seconds=60,
    heartbeat_resends=2,
    leave_seconds=5,
)
REQUEST = Toy(Meaning.REQUEST, b"hello")


def opened(**changed: Any) -> Machine[Toy]:
    machine = Machine(ToyDialect(**changed), LIMITS)
    machine.connected(0)
    assert frames(machine.take_output()) == [(Meaning.LOGIN, 1, b"")]
    machine.received(frame(Meaning.LOGIN_ANSWER, 1), 0)
    assert machine.take_events() == [Opened("")]
    return machine


def test_nothing_is_sent_before_the_login_is_answered() -> None:
    machine = Machine(ToyDialect(), LIMITS)
    machine.connected(0)
    with pytest.raises(NotOpen):
        machine.request(REQUEST, "a", 0)
    machine.received(frame(Meaning.LOGIN_ANSWER, 1, b"odd"), 1)
    assert machine.take_events() == [Opened("odd")]
    machine.request(REQUEST, "a", 1)


def test_a_refused_login_ends_it_with_the_peers_number() -> None:
    machine = Machine(ToyDialect(), LIMITS)
    machine.connected(0)
    machine.received(frame(Meaning.LOGIN_ANSWER, 1, b"no"), 1)
    assert machine.take_events() == [Ended("not welcome", 3)]
    assert machine.deadline() is None


def test_a_login_that_is_not_answered_ends_it() -> None:
    machine = Machine(ToyDialect(), LIMITS)
    machine.connected(0)
    assert machine.deadline() == 10
    machine.tick(10)
    assert machine.take_events() == [Ended("no answer to the login", 0)]


def test_the_peer_may_be_the_one_who_logs_in() -> None:
    machine = Machine(ToyDialect(peer_logs_in=True), LIMITS)
    machine.connected(0)
    assert machine.take_output() == b""
    machine.received(frame(Meaning.LOGIN, 9), 0)
    assert frames(machine.take_output()) == [(Meaning.LOGIN_ANSWER, 9, b"")]
    assert machine.state is State.OPEN


def test_the_window_is_kept() -> None:
    machine = opened()
    for ticket in "abc":
        machine.request(REQUEST, ticket, 0)
    assert machine.free == 0
    with pytest.raises(NotOpen):
        machine.request(REQUEST, "d", 0)
    machine.received(frame(Meaning.ANSWER, 3, b"ok"), 0)
    (answered,) = machine.take_events()
    assert answered == Answered("b", Toy(Meaning.ANSWER, b"ok"), tries=1)
    machine.request(REQUEST, "d", 0)


def test_what_cannot_be_encoded_takes_no_place() -> None:
    machine = opened()
    with pytest.raises(ValueError, match="too long"):
        machine.request(Toy(Meaning.REQUEST, b"x" * 99), "a", 0)
    assert machine.free == LIMITS.window
    assert machine.take_output() == b""


def test_a_request_is_sent_again_then_given_up_and_a_late_answer_still_told() -> None:
    machine = opened()
    machine.request(REQUEST, "a", 0)
    first = machine.take_output()
    for now in (60, 120):
        machine.received(frame(Meaning.HEARTBEAT, 1), now - 1)
        machine.take_output()
        assert machine.deadline() == now
        machine.tick(now)
        assert machine.take_output() == first  # the same Sequence_Id
    machine.tick(180)
    assert machine.take_events() == [GivenUp("a", "no answer in time")]
    assert machine.pending == 0
    machine.received(frame(Meaning.ANSWER, 2, b"ok"), 181)
    (late,) = machine.take_events()
    assert late == Answered("a", Toy(Meaning.ANSWER, b"ok"), late=True, tries=3)
    machine.received(frame(Meaning.ANSWER, 2, b"ok"), 182)
    assert machine.take_events() == []


def test_heartbeats_are_sent_when_nothing_is_heard_and_end_it_when_not_answered() -> None:
    machine = opened()
    assert machine.deadline() == 180
    for now in (180, 240, 300):
        machine.tick(now)
        assert [meaning for meaning, _, _ in frames(machine.take_output())] == [Meaning.HEARTBEAT]
    machine.tick(360)
    assert machine.take_events() == [Ended("no answer to the heartbeat", 0)]


@pytest.mark.parametrize("sign", [Meaning.HEARTBEAT_ANSWER, Meaning.REQUEST, Meaning.HEARTBEAT])
def test_whoever_speaks_is_alive(sign: Meaning) -> None:
    machine = opened()
    machine.tick(180)
    machine.received(frame(sign, 77), 200)
    assert machine.deadline() == 380


def test_a_heartbeat_is_answered() -> None:
    machine = opened()
    machine.received(frame(Meaning.HEARTBEAT, 5), 1)
    assert frames(machine.take_output()) == [(Meaning.HEARTBEAT_ANSWER, 5, b"")]


def test_leaving_waits_for_answers_then_says_goodbye() -> None:
    machine = opened()
    machine.request(REQUEST, "a", 0)
    machine.take_output()
    machine.leave(1)
    assert machine.take_output() == b""
    with pytest.raises(NotOpen):
        machine.request(REQUEST, "b", 1)
    machine.received(frame(Meaning.REQUEST, 8), 2)
    machine.answer(Toy(Meaning.ANSWER), 8)
    assert frames(machine.take_output()) == [(Meaning.ANSWER, 8, b"")]
    machine.received(frame(Meaning.ANSWER, 2), 2)
    assert frames(machine.take_output()) == [(Meaning.TERMINATE, 3, b"")]
    machine.received(frame(Meaning.TERMINATE_ANSWER, 3), 2)
    assert machine.take_events()[-1] == Ended("", 0)


def test_leaving_does_not_wait_for_ever() -> None:
    machine = opened()
    machine.request(REQUEST, "a", 0)
    machine.leave(1)
    machine.tick(6)
    assert frames(machine.take_output())[-1][0] is Meaning.TERMINATE
    machine.tick(11)
    assert machine.take_events() == [GivenUp("a", "the session ended"), Ended("", 0)]


def test_the_peer_may_end_it_and_answers_that_are_under_way_still_count() -> None:
    machine = opened()
    machine.request(REQUEST, "a", 0)
    machine.request(REQUEST, "b", 0)
    machine.take_output()
    machine.received(frame(Meaning.TERMINATE, 50), 1)
    assert frames(machine.take_output()) == [(Meaning.TERMINATE_ANSWER, 50, b"")]
    with pytest.raises(NotOpen):
        machine.request(REQUEST, "c", 1)
    machine.received(frame(Meaning.ANSWER, 2), 1)
    assert [type(event) for event in machine.take_events()] == [Answered]
    machine.tick(6)
    assert machine.take_events() == [
        GivenUp("b", "the gateway ended the session"),
        Ended("the gateway ended the session", 0),
    ]


def test_an_abrupt_end_with_a_full_window_gives_all_up() -> None:
    machine = opened()
    for ticket in "abc":
        machine.request(REQUEST, ticket, 0)
    machine.lost("reset")
    assert machine.take_events() == [*(GivenUp(t, "reset") for t in "abc"), Ended("reset", 0)]
    machine.lost("reset")
    machine.received(frame(Meaning.ANSWER, 2), 1)
    assert machine.take_events() == []


def test_octets_that_are_no_frame_end_it() -> None:
    machine = opened()
    machine.received(b"GET / HTTP/1.1", 1)
    (ended,) = machine.take_events()
    assert isinstance(ended, Ended)
    assert "not the protocol" in ended.reason


def test_a_frame_nobody_understands_is_refused_and_the_session_goes_on() -> None:
    machine = opened()
    strange = frame(Meaning.REQUEST, 4)
    strange = strange[:4] + b"\xee" + strange[5:]
    machine.received(strange + frame(Meaning.REQUEST, 5), 1)
    undecodable, arrived = machine.take_events()
    assert isinstance(undecodable, Undecodable)
    assert isinstance(arrived, Arrived)
    assert frames(machine.take_output()) == [(Meaning.ANSWER, 4, b"?")]


class AnyConnection(RuleBasedStateMachine):
    """A peer that does what it likes, a clock that jumps, and octets in any pieces."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.machine = Machine(ToyDialect(), LIMITS)
        self.machine.connected(self.now)
        self.asked = 0
        self.sent: dict[int, bytes] = {}  # sequence → frame, of requests
        self.outcomes: dict[int, list[str]] = {}
        self.ended = 0
        self.unread = b""
        self.drain()

    def drain(self) -> None:
        output = self.machine.take_output()
        assert not (self.ended and output), "it speaks after its end"
        for meaning, sequence, body in frames(output):
            if meaning is Meaning.REQUEST:
                again = self.sent.setdefault(sequence, body)
                assert again == body
        for event in self.machine.take_events():
            match event:
                case Answered(ticket, _, _, late):
                    self.outcomes[ticket].append("late" if late else "answered")
                case GivenUp(ticket, _):
                    self.outcomes[ticket].append("given up")
                case Ended():
                    self.ended += 1

    def receive(self, octets: bytes) -> None:
        self.machine.received(octets, self.now)
        self.drain()

    @rule(body=st.sampled_from([b"", b"", b"", b"odd", b"no"]))
    def answers_the_login(self, body: bytes) -> None:
        self.receive(frame(Meaning.LOGIN_ANSWER, 1, body) if not self.unread else b"")

    @rule()
    def request(self) -> None:
        free = self.machine.free
        self.asked += 1
        try:
            self.machine.request(Toy(Meaning.REQUEST, b"%d" % self.asked), self.asked, self.now)
        except NotOpen:
            assert free == 0
        else:
            assert free > 0
            self.outcomes[self.asked] = []
        self.drain()

    @precondition(lambda self: self.sent and not self.unread)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        sequence = data.draw(st.sampled_from(sorted(self.sent)))
        self.receive(frame(Meaning.ANSWER, sequence))

    @precondition(lambda self: not self.unread)
    @rule(meaning=st.sampled_from(list(Meaning)), sequence=st.integers(0, 40))
    def say_anything(self, meaning: Meaning, sequence: int) -> None:
        self.receive(frame(meaning, sequence))

    @precondition(lambda self: not self.unread)
    @rule(at=st.integers(1, 6))
    def begin_a_frame(self, at: int) -> None:
        whole = frame(Meaning.REQUEST, 99)
        self.unread = whole[at:]
        self.receive(whole[:at])

    @precondition(lambda self: self.unread)
    @rule()
    def go_on_with_the_frame(self) -> None:
        rest, self.unread = self.unread[:1], self.unread[1:]
        self.receive(rest)

    @rule(seconds=st.sampled_from([0.0, 1.0, 5.0, 30.0, 61.0, 200.0]))
    def wait(self, seconds: float) -> None:
        """As the connection does: `tick` at each deadline."""
        end = self.now + seconds
        for _ in range(50):
            due = self.machine.deadline()
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self.machine.tick(self.now)
            self.drain()
        else:
            raise AssertionError("it wants to be called for ever")
        self.now = end

    @rule()
    def leave(self) -> None:
        self.machine.leave(self.now)
        self.drain()

    @rule()
    def lose(self) -> None:
        self.machine.lost("reset")
        self.drain()

    @invariant()
    def the_window_holds(self) -> None:
        waiting = sum(not outcome for outcome in self.outcomes.values())
        assert waiting == self.machine.pending <= LIMITS.window

    @invariant()
    def every_request_has_one_outcome_at_most(self) -> None:
        for outcome in self.outcomes.values():
            assert outcome in ([], ["answered"], ["given up"], ["given up", "late"])

    @invariant()
    def the_end_is_one_and_leaves_nobody_waiting(self) -> None:
        assert self.ended == (self.machine.state is State.CLOSED)
        if self.ended:
            assert all(self.outcomes.values())
            assert self.machine.deadline() is None


TestAnyConnection = AnyConnection.TestCase
TestAnyConnection.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
