"""The kinds of fields CMPP knows, and what is wrong with a value or with octets of each kind.

`compiling.py` makes the coders, which only notice that something is wrong; this says what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from channels.sms.cmpp.errors import FieldError

NO_OCTET = "holds characters CMPP has no octet for"
ENDS_BEFORE = "the frame ends before it does"
MOST_CONTENT_OCTETS = 255


@dataclass(frozen=True, slots=True)
class Uint:
    """An unsigned big-endian number of 1, 4 or 8 octets."""

    octets: int

    @property
    def code(self) -> str:
        return {1: "B", 4: "I", 8: "Q"}[self.octets]

    def fault(self, value: Any) -> str | None:
        if isinstance(value, int) and 0 <= value < 1 << 8 * self.octets:
            return None
        return f"should be a number of {self.octets} octets"


@dataclass(frozen=True, slots=True)
class Text:
    """An octet string, as `str` (latin-1: every octet survives), padded with NUL at the end."""

    octets: int

    @property
    def code(self) -> str:
        return f"{self.octets}s"

    def fault(self, value: str) -> str | None:
        if any(character > "\xff" for character in value):
            return NO_OCTET
        if len(value) > self.octets:
            return f"{len(value)} octets, at most {self.octets}"
        return None


@dataclass(frozen=True, slots=True)
class Octets:
    """Exactly so many octets, as `bytes`."""

    octets: int

    @property
    def code(self) -> str:
        return f"{self.octets}s"

    def fault(self, value: bytes) -> str | None:
        if len(value) == self.octets:
            return None
        return f"{len(value)} octets, should be {self.octets}"


@dataclass(frozen=True, slots=True)
class Numbers:
    """A count of one octet, then so many texts of `octets` each, as a tuple of `str`."""

    octets: int
    most: int

    def fault(self, value: Sequence[str]) -> str | None:
        text = Text(self.octets)
        return self._wrong_count(len(value)) or next(filter(None, map(text.fault, value)), None)

    def fault_of_octets(self, count: int, left: int) -> str | None:
        """Of `count` numbers announced with `left` octets after them."""
        if count * self.octets > left and count <= self.most:
            return f"{count} numbers announced, the frame ends before"
        return self._wrong_count(count)

    def _wrong_count(self, count: int) -> str | None:
        if 1 <= count <= self.most:
            return None
        return f"{count} numbers, should be 1 to {self.most}"


@dataclass(frozen=True, slots=True)
class Content:
    """A length of one octet, then so many octets, as `bytes`."""

    octets = 1

    def fault(self, value: bytes) -> str | None:
        if len(value) <= MOST_CONTENT_OCTETS:
            return None
        return f"{len(value)} octets, at most {MOST_CONTENT_OCTETS}"

    def fault_of_octets(self, count: int, left: int) -> str | None:
        """Of `count` octets announced with `left` octets after them."""
        return f"{count} octets announced, the frame ends before" if count > left else None


Fixed = Uint | Text | Octets
Counted = Numbers | Content
Kind = Fixed | Counted
Row = tuple[str, Kind]


def fault_of_values(owner: str, rows: Sequence[Row], pdu: object) -> FieldError:
    """The first field of a PDU that no frame can hold."""
    for name, kind in rows:
        problem = kind.fault(getattr(pdu, name))
        if problem is not None:
            return FieldError(f"{owner}.{name}", problem)
    raise AssertionError("every field fits")


def fault_of_octets(owner: str, rows: Sequence[Row], body: bytes, at: int) -> FieldError:
    """The first field that does not stand in `body` from `at` as its table wants it."""
    for name, kind in rows:
        size = kind.octets if isinstance(kind, Uint | Text | Octets) else 1
        if at + size > len(body):
            return FieldError(f"{owner}.{name}", ENDS_BEFORE)
        if isinstance(kind, Numbers | Content):
            count, left = body[at], len(body) - at - 1
            problem = kind.fault_of_octets(count, left)
            if problem is not None:
                return FieldError(f"{owner}.{name}", problem)
            at += count * kind.octets
        at += size
    if at == len(body):
        raise AssertionError("nothing is missing")
    return FieldError(owner, f"{len(body) - at} octets too many")
