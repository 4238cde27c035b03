"""Msg_Id: when which gateway took the message, in 64 bits."""

from __future__ import annotations

from typing import NamedTuple

from channels.sms.cmpp.errors import FieldError

# Name, bits; from the highest.
_PARTS = (
    ("month", 4),
    ("day", 5),
    ("hour", 5),
    ("minute", 6),
    ("second", 6),
    ("gateway", 22),
    ("sequence", 16),
)


class MsgId(NamedTuple):
    """The parts of a Msg_Id; the time is the gateway's, Asia/Shanghai."""

    month: int
    day: int
    hour: int
    minute: int
    second: int
    gateway: int
    sequence: int

    @classmethod
    def unpack(cls, number: int) -> MsgId:
        """Of the number on the wire; whatever a gateway puts there has parts."""
        parts = []
        for _, bits in reversed(_PARTS):
            parts.append(number & (1 << bits) - 1)
            number >>= bits
        return cls(*reversed(parts))

    def pack(self) -> int:
        """The number on the wire. Raises FieldError."""
        number = 0
        for (name, bits), value in zip(_PARTS, self, strict=True):
            if not 0 <= value < 1 << bits:
                raise FieldError(f"MsgId.{name}", f"should have {bits} bits")
            number = number << bits | value
        return number
