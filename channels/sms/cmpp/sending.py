"""A message as SUBMITs, and what their answers mean."""

from __future__ import annotations

from collections.abc import Sequence

from backend.ports import Outbound
from channels.sms.answer_codes import SubmitResult
from channels.sms.cmpp.codes import submit_result
from channels.sms.cmpp.options import CmppOptions
from channels.sms.cmpp.pdus import Pdu, Submit, SubmitResp
from channels.sms.cmpp.receiving import provider_id
from channels.sms.message_parts import Part, to_parts
from channels.sms.numbers import normalise
from channels.sms.outgoing import Judged
from channels.sms.sent_parts import PartId
from channels.sms.signature import signed

SEQUENCE_USED_TWICE = 3
TAKEN_BEFORE = SubmitResult("sent", "taken the first time")


class CmppWording:
    """See `channels.sms.outgoing.Wording`."""

    def __init__(self, options: CmppOptions) -> None:
        self._options = options

    def submits(self, message: Outbound) -> Sequence[Pdu]:
        number = normalise(message.address).removeprefix("+")
        text = signed(message.text, self._options.signature)
        parts = to_parts(text, message.outbox_id)
        return [self._submit(message, number, part) for part in parts]

    def judge(self, submit: Pdu, answer: Pdu, tries: int) -> Judged | None:
        if not isinstance(answer, SubmitResp):
            return None
        result, shown = submit_result(answer.result), f"Result 是 {answer.result}"
        if answer.result == SEQUENCE_USED_TWICE and tries > 1:
            # It had come the first time; only its answer had not.
            return Judged(TAKEN_BEFORE, shown, 0)
        return Judged(result, shown, answer.msg_id if result.outcome == "sent" else 0)

    def provider_id(self, part_id: PartId) -> str:
        return provider_id(int(part_id))

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
