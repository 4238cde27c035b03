"""One message out: cut into parts, each submitted, the results put together.

A part the gateway took is never submitted again: not within a call, and not when the outbox comes
back with the same row because a further part found no place.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import NamedTuple

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
from channels.sms.cmpp import state_lines
from channels.sms.cmpp.codes import SubmitResult, submit_result
from channels.sms.cmpp.health import CmppHealth
from channels.sms.cmpp.options import CmppOptions
from channels.sms.cmpp.pdus import Pdu, Submit, SubmitResp
from channels.sms.cmpp.receiving import Receiver, provider_id
from channels.sms.cmpp.sent_parts import SentParts, Verdict
from channels.sms.journal import Journal, JournalUnavailable
from channels.sms.message_parts import Part, TooLong, to_parts
from channels.sms.numbers import NotANumber, normalise
from channels.sms.session.connection import Answer, OutcomeUnknown
from channels.sms.session.pool import NotSent, Pool
from channels.sms.session.timing import Timer, pause
from channels.sms.signature import signed

log = structlog.get_logger(__name__)

SEQUENCE_USED_TWICE = 3


class _About(NamedTuple):
    """Which part an answer is for."""

    outbox_id: int
    total: int
    number: int


class Submitter:
    """`send` one message; `late` hears answers that came after `send` had given up on them."""

    def __init__(
        self,
        options: CmppOptions,
        pool: Pool[Pdu],
        clock: Clock,
        timer: Timer,
        journal: Journal,
        sent: SentParts,
        receiver: Receiver,
        health: CmppHealth,
    ) -> None:
        self._options = options
        self._pool = pool
        self._clock = clock
        self._timer = timer
        self._journal = journal
        self._sent = sent
        self._receiver = receiver
        self._health = health
        self._noting: set[asyncio.Task[None]] = set()

    async def send(self, message: Outbound) -> SendResult:
        """Never raises for the gateway's failure."""
        if not message.text.strip():
            return Rejected("nothing to send: text is blank")
        try:
            number = normalise(message.address).removeprefix("+")
            parts = to_parts(signed(message.text, self._options.signature), message.outbox_id)
        except NotANumber:
            return Rejected("the address is no phone number")
        except TooLong as error:
            return Rejected(f"too long: {error}")
        if len(parts) > self._options.max_parts:
            return Rejected(f"too long: {len(parts)} parts, see option max_parts")
        # For all parts together: the outbox does not wait longer for a long message.
        latest = self._timer.time() + self._options.wait_seconds
        if len(parts) == 1:
            return await self._send_part(message, number, parts[0], latest)
        return await self._send_parts(message, number, parts, latest)

    async def _send_parts(
        self, message: Outbound, number: str, parts: tuple[Part, ...], latest: float
    ) -> SendResult:
        outcome: SendResult = Sent()
        known = self._sent.message(message.outbox_id)
        taken = set(known.msg_ids) if known else set()
        try:
            for part in parts:
                if part.number in taken:
                    continue
                outcome = await self._send_part(message, number, part, latest)
                if isinstance(outcome, Retry):
                    return replace(outcome, begun=part.number > 1)
                if not isinstance(outcome, Sent):
                    return outcome
        finally:
            await self._note(message.outbox_id)
        first = self._sent.message(message.outbox_id)
        msg_id = first.msg_ids.get(1, 0) if first else 0
        # Not the first part's own name: its report alone says nothing of the whole.
        return Sent(f"{provider_id(msg_id)}/{len(parts)}")

    async def _send_part(
        self, message: Outbound, number: str, part: Part, latest: float
    ) -> SendResult:
        about = _About(message.outbox_id, part.total, part.number)
        submit = self._submit(message, number, part)
        while True:
            within = latest - self._timer.time()
            try:
                answer = await self._pool.request(
                    submit, within=within, first=part.number == 1, about=about
                )
            except NotSent as error:
                self._health.not_sent()
                return Retry(str(error), self._held() or None)
            except OutcomeUnknown as error:
                self._health.unknown()
                return Unknown(str(error))
            except ValueError as error:
                return Rejected(str(error))
            if not isinstance(answer.pdu, SubmitResp):
                return Unknown("the answer is none to a SUBMIT")
            result = submit_result(answer.pdu.result)
            if result.outcome != "flow":
                return await self._judge(about, answer, answer.pdu, result)
            self._pool.rates.slow_down(self._timer.time())
            self._health.flow_control()
            held = self._held()
            if self._timer.time() + held >= latest:
                return Retry(result.reason, held)
            await pause(self._timer, held)

    async def _judge(
        self, about: _About, answer: Answer[Pdu], response: SubmitResp, result: SubmitResult
    ) -> SendResult:
        self._health.answered(response.result, result)
        self._pool.rates.went_well(self._timer.time())
        if response.result == SEQUENCE_USED_TWICE and answer.tries > 1:
            # It had come the first time; only its answer had not.
            await self._accepted(about, 0)
            return Sent()
        match result.outcome:
            case "sent":
                await self._accepted(about, response.msg_id)
                return Sent(provider_id(response.msg_id))
            case "rejected":
                return Rejected(result.reason)
            case _:
                return Retry(result.reason, result.after)

    async def _accepted(self, about: _About, msg_id: int) -> None:
        """A message in one part needs no more than its Msg_Id, which the outbox keeps."""
        if about.total == 1:
            return
        verdict = self._sent.accepted(
            about.outbox_id, about.total, about.number, msg_id, self._clock.now()
        )
        if verdict is not None:
            await self._tell(verdict)

    async def _tell(self, verdict: Verdict) -> None:
        try:
            await self._receiver.tell(verdict)
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
        """The row is `unknown` by now; with the Msg_Id a report can still say 'delivered'."""
        if not isinstance(about, _About) or not isinstance(pdu, SubmitResp) or pdu.result != 0:
            return
        self._health.late()
        task = asyncio.get_running_loop().create_task(self._note_late(about, pdu.msg_id))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _note_late(self, about: _About, msg_id: int) -> None:
        verdict = self._sent.accepted(
            about.outbox_id, about.total, about.number, msg_id, self._clock.now()
        )
        if verdict is not None:
            await self._tell(verdict)
        await self._note(about.outbox_id)

    def _held(self) -> float:
        return self._pool.rates.held(self._timer.time())

    def _submit(self, message: Outbound, number: str, part: Part) -> Submit:
        options = self._options
        return Submit(
            pk_total=part.total,
            pk_number=part.number,
            registered_delivery=1,
            msg_level=1,
            service_id=options.service_id,
            fee_user_type=options.fee_user_type,
            tp_udhi=int(part.udhi),
            msg_fmt=part.coding,
            msg_src=options.source_addr,
            fee_type=options.fee_type,
            fee_code=options.fee_code,
            src_id=options.sender + message.extension,
            dest_terminal_id=(number,),
            content=part.content,
        )
