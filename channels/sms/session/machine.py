"""The state of one connection: login, window, pending requests, heartbeat, end. Pure.

Fed with octets, requests and the time (seconds of any steady clock); gives octets to be sent
(`take_output`), events (`take_events`) and the moment it wants to be called again (`deadline`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from channels.sms.session.dialect import Dialect, Meaning, ProtocolError
from channels.sms.session.framing import Framer

LATE_ANSWERS_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and counts of one connection. A request unanswered for `answer_seconds` is sent
    again `resends` times, then given up."""

    window: int = 16
    answer_seconds: float = 60.0
    resends: int = 2
    login_seconds: float = 10.0
    heartbeat_seconds: float = 180.0
    heartbeat_answer_seconds: float = 60.0
    heartbeat_resends: int = 2
    leave_seconds: float = 5.0


class State(StrEnum):
    NEW = "new"
    LOGGING_IN = "logging_in"
    OPEN = "open"
    LEAVING = "leaving"
    CLOSED = "closed"


class Opened(NamedTuple):
    """Logged in; `warning` as `Admission.warning`."""

    warning: str


class Answered[Pdu](NamedTuple):
    """`tries`: how often the request was sent. `late`: it had been given up, and its ticket was
    told so."""

    ticket: Any
    pdu: Pdu
    tries: int
    late: bool = False


class GivenUp(NamedTuple):
    """Sent, and nobody knows what became of it."""

    ticket: Any
    reason: str


class Arrived(NamedTuple):
    """A request of the peer, to be answered by `answer`."""

    sequence: Hashable
    pdu: Any
    frame: bytes


class Undecodable(NamedTuple):
    reason: str


class Ended(NamedTuple):
    """`reason` is '' where we wanted it to end; `status` not 0 where the login was refused."""

    reason: str
    status: int


Event = Opened | Answered[Any] | GivenUp | Arrived | Undecodable | Ended


class NotOpen(Exception):
    """Nothing can be sent on this connection: not logged in, leaving, or the window is full."""


@dataclass(slots=True)
class _Pending:
    frame: bytes
    ticket: Any
    due: float
    tries: int


class Machine[Pdu]:
    """One connection's state."""

    def __init__(self, dialect: Dialect[Pdu], limits: Limits) -> None:
        self._dialect = dialect
        self._limits = limits
        self._window = limits.window
        self._sequences = dialect.sequences()
        self._framer = Framer(dialect.least_octets, dialect.most_octets)
        self._output: list[bytes] = []
        self._events: list[Event] = []
        # In the order in which they fall due, for all wait equally long.
        self._pending: OrderedDict[Hashable, _Pending] = OrderedDict()
        self._late: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._heard_at = 0.0
        self._login_due = 0.0
        self._heartbeat: _Pending | None = None
        self._leave_due: float | None = None
        self._terminated = False
        self._farewell = ""  # why it ends, where it is not we who want it
        self.state = State.NEW

    @property
    def free(self) -> int:
        """How many requests the window still takes."""
        return self._window - len(self._pending) if self.state is State.OPEN else 0

    @property
    def pending(self) -> int:
        """Requests sent and not answered."""
        return len(self._pending)

    @property
    def unsent(self) -> int:
        """Frames that wait for `take_output`."""
        return len(self._output)

    @property
    def _over(self) -> bool:
        return self.state is State.CLOSED

    def take_output(self) -> bytes:
        """Octets to be sent, and forget them."""
        output, self._output = self._output, []
        return b"".join(output)

    def take_events(self) -> list[Event]:
        """What happened since the last time."""
        events, self._events = self._events, []
        return events

    def deadline(self) -> float | None:
        """When `tick` must be called at the latest; None: never."""
        if self.state in (State.NEW, State.CLOSED):
            return None
        if self.state is State.LOGGING_IN:
            return self._login_due
        beat = self._heartbeat
        due = beat.due if beat else self._heard_at + self._limits.heartbeat_seconds
        if self._pending:
            due = min(due, next(iter(self._pending.values())).due)
        return due if self._leave_due is None else min(due, self._leave_due)

    def connected(self, now: float) -> None:
        """The socket is there: log in, or wait for the peer to."""
        self.state = State.LOGGING_IN
        self._heard_at = now
        self._login_due = now + self._limits.login_seconds
        login = self._dialect.login()
        if login is not None:
            self._output.append(self._dialect.encode(login, next(self._sequences)))

    def request(self, pdu: Pdu, ticket: object, now: float) -> None:
        """Send; `ticket` comes back in Answered or GivenUp. Raises NotOpen, and ValueError for a
        PDU that cannot be encoded; nothing was sent then."""
        if self.state is not State.OPEN or len(self._pending) >= self._window:
            raise NotOpen(self.state)
        sequence = next(self._sequences)
        while sequence in self._pending:
            sequence = next(self._sequences)
        frame = self._dialect.encode(pdu, sequence)
        if self._late:
            self._late.pop(sequence, None)
        self._pending[sequence] = _Pending(frame, ticket, now + self._limits.answer_seconds, 1)
        self._output.append(frame)

    def answer(self, pdu: Pdu, sequence: Hashable) -> None:
        """Answer a request that arrived; after the end nobody listens."""
        if self.state is not State.CLOSED:
            self._output.append(self._dialect.encode(pdu, sequence))

    def leave(self, now: float) -> None:
        """Send nothing more, wait for what is pending, say good-bye."""
        if self.state is State.OPEN:
            self.state = State.LEAVING
            self._leave_due = now + self._limits.leave_seconds
            self._say_goodbye(now)
        elif self.state is not State.LEAVING:
            self._end("")

    def received(self, data: bytes, now: float) -> None:
        """Octets from the peer."""
        if self.state is State.CLOSED:
            return
        try:
            frames = self._framer.feed(data)
        except ProtocolError as error:
            self._end(f"not the protocol: {error}")
            return
        if not frames:
            return
        self._heard_at = now
        self._heartbeat = None  # whoever speaks is alive
        for frame in frames:
            try:
                sequence, pdu = self._dialect.decode(frame)
            except ProtocolError as error:
                self._events.append(Undecodable(str(error)))
                refusal = (
                    self._dialect.refuse(frame) if self.state is not State.LOGGING_IN else None
                )
                if refusal:
                    self._output.append(refusal)
                continue
            self._understand(sequence, pdu, frame, now)
            if self._over:
                return

    def tick(self, now: float) -> None:
        """Do what is due."""
        if self.state is State.LOGGING_IN and now >= self._login_due:
            self._end("no answer to the login")
        if self.state in (State.OPEN, State.LEAVING):
            self._resend_or_give_up(now)
            self._beat(now)
        if self._leave_due is not None and now >= self._leave_due:
            if self._terminated:
                self._end(self._farewell)
            else:
                self._terminate(now)

    def lost(self, reason: str) -> None:
        """The socket is gone."""
        self._end(self._farewell if self._terminated else reason)

    def _understand(self, sequence: Hashable, pdu: Pdu, frame: bytes, now: float) -> None:
        meaning = self._dialect.meaning(pdu)
        if self.state is State.LOGGING_IN:
            self._log_in(meaning, sequence, pdu)
        elif meaning is Meaning.ANSWER:
            self._answered(sequence, pdu, now)
        elif meaning is Meaning.REQUEST:
            self._events.append(Arrived(sequence, pdu, frame))
        elif meaning is Meaning.HEARTBEAT:
            self._output.append(self._dialect.encode(self._dialect.answer(pdu), sequence))
        elif meaning is Meaning.TERMINATE:
            self._output.append(self._dialect.encode(self._dialect.answer(pdu), sequence))
            self._let_go(now)
        elif meaning is Meaning.TERMINATE_ANSWER and self._terminated:
            self._end(self._farewell)

    def _log_in(self, meaning: Meaning, sequence: Hashable, pdu: Pdu) -> None:
        if meaning not in (Meaning.LOGIN, Meaning.LOGIN_ANSWER):
            return
        admission = self._dialect.admit(pdu)
        if admission.answer is not None:
            self._output.append(self._dialect.encode(admission.answer, sequence))  # type: ignore[arg-type]
        if admission.refusal:
            self._end(admission.refusal, status=admission.status)
        else:
            self.state = State.OPEN
            self._events.append(Opened(admission.warning))

    def _answered(self, sequence: Hashable, pdu: Pdu, now: float) -> None:
        found = self._pending.pop(sequence, None)
        if found is not None:
            self._events.append(Answered(found.ticket, pdu, found.tries))
            if self.state is State.LEAVING:
                self._say_goodbye(now)
            return
        late = self._late.pop(sequence, None)
        if late is not None:
            ticket, tries = late
            self._events.append(Answered(ticket, pdu, tries, late=True))

    def _resend_or_give_up(self, now: float) -> None:
        while self._pending:
            sequence, oldest = next(iter(self._pending.items()))
            if oldest.due > now:
                return
            if oldest.tries <= self._limits.resends:
                oldest.tries += 1
                oldest.due = now + self._limits.answer_seconds
                self._pending.move_to_end(sequence)
                self._output.append(oldest.frame)
                continue
            del self._pending[sequence]
            self._late[sequence] = oldest.ticket, oldest.tries
            if len(self._late) > LATE_ANSWERS_KEPT:
                self._late.popitem(last=False)
            self._events.append(GivenUp(oldest.ticket, "no answer in time"))
            if self.state is State.LEAVING:
                self._say_goodbye(now)

    def _beat(self, now: float) -> None:
        beat = self._heartbeat
        if beat is None:
            if now < self._heard_at + self._limits.heartbeat_seconds:
                return
            frame = self._dialect.encode(self._dialect.heartbeat(), next(self._sequences))
            beat = self._heartbeat = _Pending(frame, None, now, 0)
        if now < beat.due:
            return
        if beat.tries > self._limits.heartbeat_resends:
            self._end("no answer to the heartbeat")
            return
        beat.tries += 1
        beat.due = now + self._limits.heartbeat_answer_seconds
        self._output.append(beat.frame)

    def _let_go(self, now: float) -> None:
        """The peer said good-bye: answers to what is pending may still come."""
        if not self._terminated and self.state is State.OPEN:
            self._farewell = "the gateway ended the session"
        if self._terminated or not self._pending:
            self._end(self._farewell)
            return
        self.state = State.LEAVING
        self._terminated = True
        self._leave_due = now + self._limits.leave_seconds

    def _say_goodbye(self, now: float) -> None:
        if self._pending:
            return
        if self._terminated:
            self._end(self._farewell)
        else:
            self._terminate(now)

    def _terminate(self, now: float) -> None:
        self._terminated = True
        self._leave_due = now + self._limits.leave_seconds
        self._output.append(self._dialect.encode(self._dialect.terminate(), next(self._sequences)))

    def _end(self, reason: str, *, status: int = 0) -> None:
        if self.state is State.CLOSED:
            return
        self.state = State.CLOSED
        self._leave_due = None
        for pending in self._pending.values():
            self._events.append(GivenUp(pending.ticket, reason or "the session ended"))
        self._pending.clear()
        self._events.append(Ended(reason, status))
