"""What the gateway calls our messages, in its answers and in its receipts. Pure.

Some write the same number once in hex and once in decimal, or with zeros in front.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from enum import StrEnum

REMEMBERED = 20_000
# Smaller numbers are too easily another message's.
LEAST_TELLING = 0x10000
_NUMBER = re.compile(r"[0-9a-fA-F]+")


class ReceiptIds(StrEnum):
    """How a receipt's id comes from the answer's. AUTO: the same until seen otherwise."""

    AUTO = "auto"
    SAME = "same"
    DECIMAL_OF_HEX = "decimal_of_hex"  # the answer's in hex, the receipt's in decimal
    HEX_OF_DECIMAL = "hex_of_decimal"


def canonical(message_id: str) -> str:
    """One spelling for a number, hex or decimal; what is none stays as it is."""
    bare = message_id.strip()
    if not _NUMBER.fullmatch(bare):
        return bare
    return bare.lower().lstrip("0") or "0"


class MessageIds:
    """`of_answer` what a message is called, `of_receipt` which one a receipt means. `way` is the
    present one; `learnt`: it was seen, not configured."""

    def __init__(self, configured: ReceiptIds, learnt: ReceiptIds | None = None) -> None:
        """`learnt`: by an earlier process; counts where AUTO is configured."""
        self._learns = configured is ReceiptIds.AUTO
        self.learnt = self._learns and learnt is not None
        self.way = learnt if self._learns and learnt else configured
        self._receivers: OrderedDict[str, str] = OrderedDict()

    def of_answer(self, message_id: str, receiver: str) -> str:
        """The canonical name; remembered with whom it went to."""
        name = canonical(message_id)
        if name and self._learns:
            self._receivers[name] = receiver
            if len(self._receivers) > REMEMBERED:
                self._receivers.popitem(last=False)
        return name

    def of_receipt(self, message_id: str, receiver: str) -> str:
        """The canonical name of the message; `receiver` is who should have had it."""
        name = canonical(message_id)
        if self._learns:
            if self._receivers.get(name) == receiver:
                return name
            self._learn(name, receiver)
        return _converted(name, self.way)

    def _learn(self, name: str, receiver: str) -> None:
        for way in (ReceiptIds.DECIMAL_OF_HEX, ReceiptIds.HEX_OF_DECIMAL):
            other = _converted(name, way)
            telling = other != name and int(name, 16) >= LEAST_TELLING
            if telling and self._receivers.get(other) == receiver:
                self.way, self.learnt = way, True
                return


def _converted(name: str, way: ReceiptIds) -> str:
    """The answer's spelling of a receipt's `name`; the same where it is no such number."""
    if way is ReceiptIds.DECIMAL_OF_HEX and name.isdecimal():
        return f"{int(name):x}"
    if way is ReceiptIds.HEX_OF_DECIMAL and _NUMBER.fullmatch(name):
        return str(int(name, 16))
    return name
