"""What Kannel tells us, decoded. Pure.

Measured on Kannel 1.4.5: `post-url` sends the text as the body and the rest as X-Kannel-* headers
(UDH percent-encoded, time in UTC), `get-url` sends it as the parameters the template names, the
text percent-encoded in the charset named by %C ('UTF-8', 'UTF-16BE', '8-BIT').
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

from backend.ports import DeliveryReceipt, Inbound, MessageKind, ReceiptState
from channels.sms.numbers import NotANumber, normalise

CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16be": "utf-16-be",
    "ucs-2": "utf-16-be",
    "ucs2": "utf-16-be",
    "utf-16le": "utf-16-le",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "us-ascii": "latin-1",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
}
UCS2_CODING = "2"

RECEIPT_STATES = {
    "1": ReceiptState.DELIVERED,  # delivered to the phone
    "2": ReceiptState.FAILED,  # not delivered to the phone
    "4": ReceiptState.BUFFERED,  # queued at the operator
    "8": ReceiptState.BUFFERED,  # taken by the operator
    "16": ReceiptState.FAILED,  # refused by the operator
    "32": ReceiptState.BUFFERED,  # intermediate notification
}

LONGEST_DETAIL = 120
_ID = re.compile(r"[\x21-\x7e]{1,128}")
_OUTBOX_ID = re.compile(r"[0-9]{1,18}")
# An SMPP receipt ends in 'text:' and the beginning of the message; numbers may be the citizen's.
_MESSAGE_IN_RECEIPT = re.compile(r"\s*text:.*", re.IGNORECASE | re.DOTALL)
_PHONE_IN_RECEIPT = re.compile(r"(?<!\d)(?:86)?1\d{10}(?!\d)")


class Undecodable(ValueError):
    """The request does not say what it must; the message says what, and repeats nothing."""


@dataclass(frozen=True, slots=True)
class Mo:
    """One MO request taken apart: `text` still in the bytes Kannel sent."""

    external_id: str
    sender: str
    text: bytes
    charset: str = ""
    coding: str = ""
    time: str = ""


def parse_query(raw_query: str) -> dict[str, bytes]:
    """Parameters with their bytes, because the charset is known only afterwards."""
    parsed: dict[str, bytes] = {}
    for pair in raw_query.split("&"):
        name, _, value = pair.partition("=")
        if name:
            parsed.setdefault(name, unquote_to_bytes(value.replace("+", " ")))
    return parsed


def mo_from_query(query: Mapping[str, bytes]) -> Mo:
    """From `get-url`."""
    return Mo(
        external_id=_ascii(query, "id"),
        sender=_ascii(query, "from"),
        text=query.get("text", b""),
        charset=_ascii(query, "charset"),
        coding=_ascii(query, "coding"),
        time=_ascii(query, "time"),
    )


def mo_from_post(
    query: Mapping[str, bytes], headers: Mapping[str, str], charset: str | None, body: bytes
) -> Mo:
    """From `post-url`; `charset` is that of the Content-Type."""
    return Mo(
        external_id=_ascii(query, "id"),
        sender=headers.get("X-Kannel-From", ""),
        text=body,
        charset=charset or _ascii(query, "charset"),
        coding=headers.get("X-Kannel-Coding", ""),
        time=headers.get("X-Kannel-Time", ""),
    )


def decode_mo(mo: Mo, *, channel: str, account: str, raw: bytes) -> Inbound:
    """Raises Undecodable."""
    if not _ID.fullmatch(mo.external_id):
        raise Undecodable("id is missing or malformed: put id=%I into the address")
    try:
        address = normalise(mo.sender)
    except NotANumber as error:
        raise Undecodable(
            "sender is missing or no phone number: set send-sender = true, or from=%p"
        ) from error
    return Inbound(
        channel=channel,
        account=account,
        address=address,
        external_id=mo.external_id,
        kind=MessageKind.TEXT,
        text=decode_text(mo.text, mo.charset, mo.coding),
        sent_at=_time(mo.time),
        raw=raw,
    )


def decode_text(data: bytes, charset: str, coding: str) -> str:
    """The text; bytes that fit no charset become U+FFFD (the raw ones are kept beside it)."""
    name = CHARSETS.get(charset.strip().strip('"').lower())
    if name is None and coding == UCS2_CODING:
        name = "utf-16-be"
    if name is not None:
        return data.decode(name, "replace")
    # 8-bit data without a charset: UTF-8 or, from Chinese gateways, GB18030.
    for guess in ("utf-8", "gb18030"):
        try:
            return data.decode(guess)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "replace")


def decode_receipt(query: Mapping[str, bytes], *, account: str) -> DeliveryReceipt:
    """Raises Undecodable."""
    outbox_id = _ascii(query, "id")
    if not _OUTBOX_ID.fullmatch(outbox_id):
        raise Undecodable("id should be the number of a message of ours")
    state = RECEIPT_STATES.get(_ascii(query, "type"))
    if state is None:
        raise Undecodable("type should be one of " + ", ".join(RECEIPT_STATES))
    answer = query.get("answer", b"").decode("utf-8", "replace")
    answer = _PHONE_IN_RECEIPT.sub("*", _MESSAGE_IN_RECEIPT.sub("", answer))
    detail = "".join(c if c.isprintable() else " " for c in answer).strip()
    return DeliveryReceipt(
        account=account,
        state=state,
        outbox_id=int(outbox_id),
        detail=detail[:LONGEST_DETAIL],
    )


def _ascii(query: Mapping[str, bytes], name: str) -> str:
    return query.get(name, b"").decode("ascii", "replace")


def _time(given: str) -> datetime | None:
    """Kannel's %t, in UTC; None where it says nothing we can read."""
    for shape in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"):
        try:
            return datetime.strptime(given.strip(), shape).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
