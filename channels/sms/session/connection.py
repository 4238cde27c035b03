"""The socket of one connection: feeds the machine, writes what it says, resolves who waits."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, cast

import structlog

from channels.sms.session.dialect import Dialect
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
from channels.sms.session.timing import Alarm, Timer

log = structlog.get_logger(__name__)

# Requests of the peer being worked on, before we stop reading: it may not fill our memory.
MOST_ARRIVED = 256
# Frames that leave in one piece: fewer cost a system call each, more let the peer wait for work.
MOST_HELD_BACK = 8


class OutcomeUnknown(Exception):
    """Sent, and no answer: the message says why."""


# Connection's name, sequence, PDU, frame → the answer, None for none (the peer sends again).
type Handler[Pdu] = Callable[[str, Hashable, Pdu, bytes], Awaitable[Pdu | None]]


class Connection[Pdu](asyncio.Protocol):
    """Use as a protocol of `loop.create_connection` or `create_server`. `opened` and `ended` are
    futures: the warning, '' for none, and how it ended."""

    def __init__(
        self,
        dialect: Dialect[Pdu],
        limits: Limits,
        handler: Handler[Pdu],
        timer: Timer,
        *,
        on_change: Callable[[], None] = lambda: None,
        on_late: Callable[[Any, Pdu], None] = lambda _ticket, _pdu: None,
    ) -> None:
        """`on_change`: there may be place in the window, or there is no longer. `on_late`: the
        answer to a request whose sender was told `OutcomeUnknown`, by its `about`."""
        self.name = secrets.token_hex(6)
        self._machine = Machine(dialect, limits)
        self._handler = handler
        self._timer = timer
        self._on_change = on_change
        self._on_late = on_late
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._alarm: Alarm | None = None
        self._alarm_at = 0.0
        self._flushing = False
        self._working: set[asyncio.Task[None]] = set()
        self.opened: asyncio.Future[str] = self._loop.create_future()
        self.ended: asyncio.Future[Ended] = self._loop.create_future()
        self.gone: asyncio.Future[None] = self._loop.create_future()

    @property
    def state(self) -> State:
        return self._machine.state

    @property
    def free(self) -> int:
        """How many requests the window still takes."""
        return self._machine.free

    @property
    def pending(self) -> int:
        """Requests sent and not answered."""
        return self._machine.pending

    def request(self, pdu: Pdu, about: object, now: float) -> asyncio.Future[Answered[Pdu]]:
        """Send now, which is the timer's `now`. The future gives the answer or raises
        OutcomeUnknown; cancelling it changes nothing. Raises NotOpen and ValueError, nothing
        sent."""
        answer: asyncio.Future[Answered[Pdu]] = self._loop.create_future()
        self._machine.request(pdu, (answer, about), now)
        if self._machine.unsent >= MOST_HELD_BACK:
            self._write()
        else:
            self._schedule_flush()
        return answer

    def leave(self) -> None:
        """End it gracefully; `ended` tells when."""
        self._machine.leave(self._timer.time())
        self._react()

    def abort(self) -> None:
        """End it at once."""
        self._machine.lost("given up")
        self._react()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._machine.connected(self._timer.time())
        self._react()

    def data_received(self, data: bytes) -> None:
        self._machine.received(data, self._timer.time())
        self._react()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._machine.lost(f"connection lost: {type(error).__name__}" if error else "closed")
        self._react()
        if not self.gone.done():
            self.gone.set_result(None)

    def _react(self) -> None:
        """Do what the machine said, in order."""
        free = self._machine.free
        for event in self._machine.take_events():
            if type(event) is Answered:  # nearly all of them are, and `match` costs more
                self._resolve(event)
                continue
            match event:
                case Arrived(sequence, pdu, frame):
                    self._begin(sequence, pdu, frame)
                case GivenUp((future, _), reason):
                    if not future.done():
                        future.set_exception(OutcomeUnknown(reason))
                case Opened(warning):
                    self.opened.set_result(warning)
                case Undecodable(reason):
                    log.warning("sms.undecodable", reason=reason)
                case Ended():
                    self._end(event)
        if self._machine.unsent:
            self._schedule_flush()
        else:
            self._set_alarm()
        if free > 0 or self._machine.state is State.CLOSED:
            self._on_change()

    def _resolve(self, answered: Answered[Pdu]) -> None:
        future, about = answered.ticket
        if answered.late or future.done():
            self._on_late(about, answered.pdu)
        else:
            future.set_result(answered)

    def _begin(self, sequence: Hashable, pdu: Pdu, frame: bytes) -> None:
        task = self._loop.create_task(self._work(sequence, pdu, frame))
        self._working.add(task)
        task.add_done_callback(self._worked)
        if len(self._working) >= MOST_ARRIVED and self._transport:
            self._transport.pause_reading()

    async def _work(self, sequence: Hashable, pdu: Pdu, frame: bytes) -> None:
        try:
            answer = await self._handler(self.name, sequence, pdu, frame)
        except Exception as error:  # noqa: BLE001 - not answered, so the peer sends it again
            log.error("sms.handler_failed", error=type(error).__name__)
            return
        if answer is not None:
            self._machine.answer(answer, sequence)
            self._schedule_flush()

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        if len(self._working) == MOST_ARRIVED - 1 and self._transport:
            self._transport.resume_reading()

    def _end(self, ended: Ended) -> None:
        if not self.opened.done():
            self.opened.cancel()
        if not self.ended.done():
            self.ended.set_result(ended)
        self._flush()
        if self._transport:
            self._transport.close()

    def _schedule_flush(self) -> None:
        # Once a turn of the loop: what little is said in one goes out in one piece.
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        self._write()
        self._set_alarm()

    def _write(self) -> None:
        output = self._machine.take_output()
        if output and self._transport and not self._transport.is_closing():
            self._transport.write(output)

    def _set_alarm(self) -> None:
        due = self._machine.deadline()
        if due is None:
            if self._alarm:
                self._alarm.cancel()
                self._alarm = None
        elif self._alarm is None or due < self._alarm_at:
            if self._alarm:
                self._alarm.cancel()
            self._alarm, self._alarm_at = self._timer.call_at(due, self._tick), due

    def _tick(self) -> None:
        self._alarm = None
        self._machine.tick(self._timer.time())
        self._react()


__all__ = ["Connection", "Handler", "NotOpen", "OutcomeUnknown"]
