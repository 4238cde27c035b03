"""The kinds of fields CMPP knows, and how a table of them becomes a coder.

A table is read once, at import: neighbouring fields of fixed width become one `struct`, so that a
PDU is packed by a few calls however many fields it has.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from channels.sms.cmpp.errors import FieldError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


NO_OCTET = "holds characters CMPP has no octet for"


@dataclass(frozen=True, slots=True)
class Uint:
    """An unsigned big-endian number of 1, 4 or 8 octets."""

    octets: int

    @property
    def code(self) -> str:
        return {1: "B", 4: "I", 8: "Q"}[self.octets]


@dataclass(frozen=True, slots=True)
class Text:
    """An octet string, as `str` (latin-1: every octet survives), padded with NUL at the end."""

    octets: int

    @property
    def code(self) -> str:
        return f"{self.octets}s"


@dataclass(frozen=True, slots=True)
class Octets:
    """Exactly so many octets, as `bytes`."""

    octets: int

    @property
    def code(self) -> str:
        return f"{self.octets}s"


@dataclass(frozen=True, slots=True)
class Numbers:
    """A count of one octet, then so many texts of `octets` each, as a tuple of `str`."""

    octets: int
    most: int


@dataclass(frozen=True, slots=True)
class Content:
    """A length of one octet, then so many octets, as `bytes`."""


Fixed = Uint | Text | Octets
Kind = Fixed | Numbers | Content
Row = tuple[str, Kind]


class FixedFields:
    """Neighbouring fields of fixed width."""

    def __init__(self, owner: str, rows: Sequence[tuple[str, Fixed]]) -> None:
        self.names = tuple(name for name, _ in rows)
        self._owner = owner
        self._rows = rows
        self._struct = struct.Struct(">" + "".join(kind.code for _, kind in rows))
        self._get = attrgetter(*self.names, "__class__")  # always a tuple
        self._texts = _places(rows, Text)
        self._octets = _places(rows, Octets)

    def encode(self, pdu: object) -> bytes:
        values = list(self._get(pdu))
        del values[-1]
        at = 0
        try:
            for at, most in self._texts:
                octets = values[at] = values[at].encode("latin-1")
                if len(octets) > most:
                    raise self._error(at, f"{len(octets)} octets, at most {most}")
        except UnicodeEncodeError as error:
            raise self._error(at, NO_OCTET) from error
        for at, exact in self._octets:
            if len(values[at]) != exact:
                raise self._error(at, f"{len(values[at])} octets, should be {exact}")
        try:
            return self._struct.pack(*values)
        except struct.error as error:
            raise self._out_of_range(values) from error

    def decode(self, body: bytes, at: int) -> tuple[list[Any], int]:
        """Values in order, and where the next field begins."""
        end = at + self._struct.size
        if end > len(body):
            raise self._missing(len(body) - at)
        values: list[Any] = list(self._struct.unpack_from(body, at))
        for index, _ in self._texts:
            values[index] = values[index].partition(b"\0")[0].decode("latin-1")
        return values, end

    def _out_of_range(self, values: Sequence[Any]) -> FieldError:
        for at, ((_, kind), value) in enumerate(zip(self._rows, values, strict=True)):
            if isinstance(kind, Uint) and not (
                isinstance(value, int) and 0 <= value < 1 << 8 * kind.octets
            ):
                return self._error(at, f"should be a number of {kind.octets} octets")
        raise AssertionError("every field fits")

    def _missing(self, octets: int) -> FieldError:
        for at, (_, kind) in enumerate(self._rows):
            octets -= kind.octets
            if octets < 0:
                return self._error(at, "the frame ends before it does")
        raise AssertionError("nothing is missing")

    def _error(self, at: int, problem: str) -> FieldError:
        return FieldError(f"{self._owner}.{self.names[at]}", problem)


def _places(rows: Sequence[tuple[str, Fixed]], kind: type) -> list[tuple[int, int]]:
    """Where fields of this kind stand, and their octets."""
    return [(at, each.octets) for at, (_, each) in enumerate(rows) if isinstance(each, kind)]


class NumbersField:
    """See `Numbers`."""

    def __init__(self, owner: str, name: str, kind: Numbers) -> None:
        self.names = (name,)
        self._field = f"{owner}.{name}"
        self._owner = owner
        self._kind = kind
        self._get = attrgetter(name)

    def encode(self, pdu: object) -> bytes:
        numbers: Sequence[str] = self._get(pdu)
        self._check(len(numbers))
        width = self._kind.octets
        parts = [text_octets(each, width, self._owner, self.names[0]) for each in numbers]
        return bytes((len(numbers),)) + b"".join(part.ljust(width, b"\0") for part in parts)

    def decode(self, body: bytes, at: int) -> tuple[list[Any], int]:
        count = _octet(body, at, self._field)
        self._check(count)
        width, begin = self._kind.octets, at + 1
        end = begin + count * width
        if end > len(body):
            raise FieldError(self._field, f"{count} numbers announced, the frame ends before")
        numbers = tuple(
            body[each : each + width].partition(b"\0")[0].decode("latin-1")
            for each in range(begin, end, width)
        )
        return [numbers], end

    def _check(self, count: int) -> None:
        if not 1 <= count <= self._kind.most:
            raise FieldError(self._field, f"{count} numbers, should be 1 to {self._kind.most}")


class ContentField:
    """See `Content`."""

    def __init__(self, owner: str, name: str) -> None:
        self.names = (name,)
        self._field = f"{owner}.{name}"
        self._get = attrgetter(name)

    def encode(self, pdu: object) -> bytes:
        content: bytes = self._get(pdu)
        if len(content) > 255:
            raise FieldError(self._field, f"{len(content)} octets, at most 255")
        return bytes((len(content),)) + content

    def decode(self, body: bytes, at: int) -> tuple[list[Any], int]:
        length = _octet(body, at, self._field)
        end = at + 1 + length
        if end > len(body):
            raise FieldError(self._field, f"{length} octets announced, the frame ends before")
        return [body[at + 1 : end]], end


class Layout[Pdu: DataclassInstance]:
    """The coder of one PDU's body (or of a report), made of its table.

    `rows` name the attributes of `pdu` in the order they stand on the wire.
    """

    def __init__(self, pdu: type[Pdu], *rows: Row) -> None:
        self.rows = rows
        self._pdu = pdu
        self._pieces = _pieces(pdu.__name__, rows)
        self._names = tuple(name for piece in self._pieces for name in piece.names)
        told = tuple(field.name for field in dataclass_fields(pdu))
        # What 2.0 does not have stands between the others.
        self._in_order = told[: len(self._names)] == self._names

    def encode(self, pdu: Pdu) -> bytes:
        """Raises FieldError."""
        return b"".join([piece.encode(pdu) for piece in self._pieces])

    def decode(self, body: bytes, at: int = 0) -> Pdu:
        """`body` from `at` to its end, all of it. Raises FieldError."""
        values: list[Any] = []
        for piece in self._pieces:
            found, at = piece.decode(body, at)
            values += found
        if at != len(body):
            raise FieldError(self._pdu.__name__, f"{len(body) - at} octets too many")
        if self._in_order:
            return self._pdu(*values)
        return self._pdu(**dict(zip(self._names, values, strict=True)))


Piece = FixedFields | NumbersField | ContentField


def _pieces(owner: str, rows: Sequence[Row]) -> list[Piece]:
    pieces: list[Piece] = []
    fixed: list[tuple[str, Fixed]] = []
    for name, kind in rows:
        if isinstance(kind, Uint | Text | Octets):
            fixed.append((name, kind))
            continue
        if fixed:
            pieces.append(FixedFields(owner, fixed))
            fixed = []
        if isinstance(kind, Numbers):
            pieces.append(NumbersField(owner, name, kind))
        else:
            pieces.append(ContentField(owner, name))
    if fixed:
        pieces.append(FixedFields(owner, fixed))
    return pieces


def text_octets(text: str, most: int, owner: str, name: str) -> bytes:
    """The octets of a text field, without padding. Raises FieldError."""
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise FieldError(f"{owner}.{name}", NO_OCTET) from error
    if len(octets) > most:
        raise FieldError(f"{owner}.{name}", f"{len(octets)} octets, at most {most}")
    return octets


def _octet(body: bytes, at: int, field: str) -> int:
    if at >= len(body):
        raise FieldError(field, "the frame ends before it does")
    return body[at]
