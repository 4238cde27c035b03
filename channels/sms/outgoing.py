"""One message out: cut into parts, each submitted, the results put together.

A part the gateway took is never submitted again: not within a call, and not when the outbox comes
back with the same row because a further part found no place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import structlog

from backend.ports import (
    Clock,
    InboxUnavailable,
    Outbound,
    Rejected,
    Retry,
    SendResult,
    Sent,
    Unknown,
)
from channels.sms import state_lines
from channels.sms.answer_codes import SubmitResult
from channels.sms.incoming import Incoming
from channels.sms.journal import Journal, JournalUnavailable
from channels.sms.message_parts import TooLong
from channels.sms.numbers import NotANumber
from channels.sms.sent_parts import PartId, SentParts, Verdict
from channels.sms.session.connection import OutcomeUnknown
from channels.sms.session.pool import NotSent, Pool
from channels.sms.session.timing import Timer, pause
from channels.sms.session_health import SessionHealth

log = structlog.get_logger(__name__)


class Judged(NamedTuple):
    """An answer to a part: what it means, the protocol's number with its name, and what the
    gateway calls the part (0 or '' where it does not say)."""

    result: SubmitResult
    shown: str
    part_id: PartId


class Wording[Pdu](Protocol):
    """What a protocol says of sending."""

    def submits(self, message: Outbound) -> Sequence[Pdu]:
        """A PDU for each part, in order. Raises NotANumber, TooLong, and ValueError naming what
        does not fit."""

    def judge(self, submit: Pdu, answer: Pdu, tries: int) -> Judged | None:
        """Of one sent `tries` times; None where that is no answer to it."""

    def provider_id(self, part_id: PartId) -> str:
        """As the outbox keeps it."""


class _About(NamedTuple):
    """Which part an answer is for."""

    outbox_id: int
    total: int
    number: int
    submit: Any


class Outgoing[Pdu]:
    """`send` one message; `late` hears answers that came after `send` had given up on them."""

    def __init__(
        self,
        wording: Wording[Pdu],
        pool: Pool[Pdu],
        clock: Clock,
        timer: Timer,
        journal: Journal,
        sent: SentParts,
        incoming: Incoming,
        health: SessionHealth,
        *,
        max_parts: int,
        wait_seconds: float,
    ) -> None:
        """`wait_seconds`: for places in a window, all parts together; `max_parts`: longer texts
        are refused."""
        self._wording = wording
        self._pool = pool
        self._clock = clock
        self._timer = timer
        self._journal = journal
        self._sent = sent
        self._incoming = incoming
        self._health = health
        self._max_parts = max_parts
        self._wait_seconds = wait_seconds
        self._noting: set[asyncio.Task[None]] = set()

    async def send(self, message: Outbound) -> SendResult:
        """Never raises for the gateway's failure."""
        if not message.text.strip():
            return Rejected("nothing to send: text is blank")
        try:
            submits = self._wording.submits(message)
        except NotANumber:
            return Rejected("the address is no phone number")
        except TooLong as error:
            return Rejected(f"too long: {error}")
        if len(submits) > self._max_parts:
            return Rejected(f"too long: {len(submits)} parts, see option max_parts")
        # For all parts together: the outbox does not wait longer for a long message.
        latest = self._timer.time() + self._wait_seconds
        if len(submits) == 1:
            return await self._send_part(_About(message.outbox_id, 1, 1, submits[0]), latest)
        return await self._send_parts(message.outbox_id, submits, latest)

    async def _send_parts(
        self, outbox_id: int, submits: Sequence[Pdu], latest: float
    ) -> SendResult:
        outcome: SendResult = Sent()
        total = len(submits)
        known = self._sent.message(outbox_id)
        taken = set(known.msg_ids) if known else set()
        try:
            for number, submit in enumerate(submits, 1):
                if number in taken:
                    continue
                about = _About(outbox_id, total, number, submit)
                outcome = await self._send_part(about, latest)
                if isinstance(outcome, Retry):
                    return replace(outcome, begun=number > 1)
                if not isinstance(outcome, Sent):
                    return outcome
        finally:
            await self._note(outbox_id)
        first = self._sent.message(outbox_id)
        part_id = first.msg_ids.get(1, 0) if first else 0
        # Not the first part's own name: its report alone says nothing of the whole.
        return Sent(f"{self._wording.provider_id(part_id)}/{total}")

    async def _send_part(self, about: _About, latest: float) -> SendResult:
        while True:
            within = latest - self._timer.time()
            try:
                answer = await self._pool.request(
                    about.submit, within=within, first=about.number == 1, about=about
                )
            except NotSent as error:
                self._health.not_sent()
                return Retry(str(error), self._held() or None)
            except OutcomeUnknown as error:
                self._health.unknown()
                return Unknown(str(error))
            except ValueError as error:
                return Rejected(str(error))
            judged = self._wording.judge(about.submit, answer.pdu, answer.tries)
            if judged is None:
                return Unknown("the answer is none to a message")
            if judged.result.outcome != "flow":
                return await self._settle(about, judged)
            self._pool.rates.slow_down(self._timer.time())
            self._health.flow_control()
            held = self._held()
            if self._timer.time() + held >= latest:
                return Retry(judged.result.reason, held)
            await pause(self._timer, held)

    async def _settle(self, about: _About, judged: Judged) -> SendResult:
        result = judged.result
        self._health.answered(judged.shown, result)
        self._pool.rates.went_well(self._timer.time())
        match result.outcome:
            case "sent":
                await self._accepted(about, judged.part_id)
                known = judged.part_id
                return Sent(self._wording.provider_id(known)) if known else Sent()
            case "rejected":
                return Rejected(result.reason)
            case _:
                return Retry(result.reason, result.after)

    async def _accepted(self, about: _About, part_id: PartId) -> None:
        """A message in one part needs no more than its id, which the outbox keeps."""
        if about.total == 1:
            return
        verdict = self._sent.accepted(
            about.outbox_id, about.total, about.number, part_id, self._clock.now()
        )
        if verdict is not None:
            await self._tell(verdict)

    async def _tell(self, verdict: Verdict) -> None:
        try:
            await self._incoming.tell(verdict)
        except InboxUnavailable:
            # The report was answered long ago: what is lost is that the row says 'delivered'.
            log.warning("sms.report_not_stored", outbox_id=verdict.outbox_id)

    async def _note(self, outbox_id: int) -> None:
        """Keep what the gateway calls the parts, for reports that come after a restart."""
        message = self._sent.message(outbox_id)
        if message is None:
            return
        try:
            await self._journal.append(state_lines.sent_line(message))
        except JournalUnavailable as error:
            log.warning("sms.parts_not_noted", outbox_id=outbox_id, reason=str(error))

    def late(self, about: object, pdu: Pdu) -> None:
        """The row is `unknown` by now; with its id a report can still say 'delivered'."""
        if not isinstance(about, _About):
            return
        judged = self._wording.judge(about.submit, pdu, 1)
        if judged is None or judged.result.outcome != "sent":
            return
        self._health.late()
        task = asyncio.get_running_loop().create_task(self._note_late(about, judged.part_id))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _note_late(self, about: _About, part_id: PartId) -> None:
        verdict = self._sent.accepted(
            about.outbox_id, about.total, about.number, part_id, self._clock.now()
        )
        if verdict is not None:
            await self._tell(verdict)
        await self._note(about.outbox_id)

    def _held(self) -> float:
        return self._pool.rates.held(self._timer.time())
