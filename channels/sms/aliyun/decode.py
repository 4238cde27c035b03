"""SmsReport and SmsUp: arrays of objects that Aliyun posts to our callbacks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from backend.ports import Account, DeliveryReceipt, Inbound, MessageKind, ReceiptState
from channels.sms.aliyun.protocol import WHOLE
from channels.sms.cloud.callbacks import Undecodable
from channels.sms.cloud.entries import detail, digest, digits, phone, raw, time_of, word, words

_OUT_ID = re.compile(rf"{WHOLE}([0-9]{{1,18}})")


class AliyunDecoder:
    """Implements `Decoder`."""

    @property
    def accepted(self) -> Mapping[str, Any]:
        return {"code": 0, "msg": "接收成功"}

    def inbound(self, entry: Mapping[str, Any], account: Account) -> Inbound:
        """`sequence_id` is the same on every retry; beside the number and the words, for a gateway
        behind Aliyun may begin to count anew."""
        address = phone(word(entry, "phone_number"), "phone_number")
        text = words(entry, "content")
        sequence = word(entry, "sequence_id") or word(entry, "send_time")
        if not sequence:
            raise Undecodable("sequence_id is missing")
        return Inbound(
            channel="sms",
            account=account.name,
            address=address,
            external_id=digest(sequence, address, text),
            kind=MessageKind.TEXT,
            text=text,
            sent_at=time_of(entry, "send_time"),
            raw=raw(entry),
            extension=digits(entry, "dest_code"),
        )

    def receipt(self, entry: Mapping[str, Any], account: Account) -> DeliveryReceipt | None:
        """By our own id where the message was told whole (so also where its answer was lost), else
        by Aliyun's, which the notice of it bears."""
        success = entry.get("success")
        if success not in (True, False, "true", "false"):
            raise Undecodable("success should be true or false")
        delivered = success in (True, "true")
        known_as, ours = word(entry, "biz_id"), _OUT_ID.fullmatch(word(entry, "out_id"))
        if not known_as and not ours:
            raise Undecodable("biz_id is missing")
        return DeliveryReceipt(
            account=account.name,
            state=ReceiptState.DELIVERED if delivered else ReceiptState.FAILED,
            outbox_id=int(ours[1]) if ours else None,
            provider_id=None if ours else known_as,
            detail="" if delivered else detail(word(entry, "err_code"), word(entry, "err_msg")),
        )
