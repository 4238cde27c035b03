"""What Tencent Cloud posts to our callbacks: an array of receipts, or one message of a citizen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.ports import Account, DeliveryReceipt, Inbound, MessageKind, ReceiptState
from channels.sms.cloud.callbacks import Undecodable
from channels.sms.cloud.entries import detail, digest, digits, phone, raw, time_of, word, words

STATES = {"SUCCESS": ReceiptState.DELIVERED, "FAIL": ReceiptState.FAILED}


class TencentDecoder:
    """Implements `Decoder`."""

    @property
    def accepted(self) -> Mapping[str, Any]:
        return {"result": 0, "errmsg": "OK"}

    def inbound(self, entry: Mapping[str, Any], account: Account) -> Inbound:
        """It has no id: the number, the second and the words name it. The same words twice within
        one second are one message."""
        address = phone(word(entry, "nationcode") + word(entry, "mobile"), "mobile")
        text, at = words(entry, "text"), word(entry, "time")
        if not at:
            raise Undecodable("time is missing")
        extension = digits(entry, "extend")
        return Inbound(
            channel="sms",
            account=account.name,
            address=address,
            external_id=digest(address, at, extension, text),
            kind=MessageKind.TEXT,
            text=text,
            sent_at=time_of({"time": at}, "time"),
            raw=raw(entry),
            extension=extension,
        )

    def receipt(self, entry: Mapping[str, Any], account: Account) -> DeliveryReceipt | None:
        """By `sid`, the SerialNo of the answer to SendSms."""
        known_as = word(entry, "sid")
        if not known_as:
            raise Undecodable("sid is missing")
        state = STATES.get(word(entry, "report_status"))
        if state is None:
            raise Undecodable("report_status should be one of " + ", ".join(STATES))
        failed = state is ReceiptState.FAILED
        told = detail(word(entry, "errmsg"), word(entry, "description")) if failed else ""
        return DeliveryReceipt(account=account.name, state=state, provider_id=known_as, detail=told)
