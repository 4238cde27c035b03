"""The kinds of fields SMPP knows, and how a table of them becomes a coder.

A table is read once, at import: neighbouring numbers become one `struct`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from channels.sms.smpp.errors import FieldError
from channels.sms.smpp.pdus import Tlv

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

NO_OCTET = "holds characters SMPP has no octet for"
ENDS_EARLY = "the frame ends before it does"
TLV_HEAD = struct.Struct(">HH")


@dataclass(frozen=True, slots=True)
class Uint:
    """An unsigned number of one octet."""


@dataclass(frozen=True, slots=True)
class CString:
    """Text as `str` (latin-1: every octet survives), ended by NUL; `octets` at most, NUL included.

    What comes may be longer, for gateways do not count. `lenient`: it may also be missing, or lack
    its NUL, at the end of a frame.
    """

    octets: int
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """A length of one octet, then so many octets, as `bytes`; 254 at most."""


@dataclass(frozen=True, slots=True)
class Tlvs:
    """Optional parameters up to the end, as a tuple. `lenient`: what is none is left out."""

    lenient: bool = False


Kind = Uint | CString | ShortMessage | Tlvs
Row = tuple[str, Kind]
MOST_SHORT_MESSAGE = 254


class NumberFields:
    """Neighbouring numbers."""

    def __init__(self, owner: str, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._owner = owner
        self._struct = struct.Struct(f">{len(names)}B")
        self._get = attrgetter(*names, "__class__")  # always a tuple

    def encode(self, pdu: object) -> bytes:
        values = self._get(pdu)[:-1]
        try:
            return self._struct.pack(*values)
        except struct.error as error:
            wrong = next(
                name
                for name, value in zip(self.names, values, strict=True)
                if not (isinstance(value, int) and 0 <= value <= 0xFF)
            )
            raise FieldError(f"{self._owner}.{wrong}", "should be a number of 1 octet") from error

    def decode(self, body: bytes, at: int) -> tuple[Sequence[Any], int]:
        end = at + self._struct.size
        if end > len(body):
            raise FieldError(f"{self._owner}.{self.names[len(body) - at]}", ENDS_EARLY)
        return self._struct.unpack_from(body, at), end


class CStringField:
    """See `CString`."""

    def __init__(self, owner: str, name: str, kind: CString) -> None:
        self.names = (name,)
        self._field = f"{owner}.{name}"
        self._most = kind.octets - 1
        self._lenient = kind.lenient
        self._get = attrgetter(name)

    def encode(self, pdu: object) -> bytes:
        try:
            octets: bytes = self._get(pdu).encode("latin-1")
        except UnicodeEncodeError as error:
            raise FieldError(self._field, NO_OCTET) from error
        if len(octets) > self._most:
            raise FieldError(self._field, f"{len(octets)} octets, at most {self._most}")
        if b"\0" in octets:
            raise FieldError(self._field, "holds the NUL that ends it")
        return octets + b"\0"

    def decode(self, body: bytes, at: int) -> tuple[Sequence[Any], int]:
        end = body.find(b"\0", at)
        if end >= 0:
            return (body[at:end].decode("latin-1"),), end + 1
        if not self._lenient:
            raise FieldError(self._field, ENDS_EARLY)
        return (body[at:].decode("latin-1"),), len(body)


class ShortMessageField:
    """See `ShortMessage`."""

    def __init__(self, owner: str, name: str) -> None:
        self.names = (name,)
        self._field = f"{owner}.{name}"
        self._get = attrgetter(name)

    def encode(self, pdu: object) -> bytes:
        content: bytes = self._get(pdu)
        if len(content) > MOST_SHORT_MESSAGE:
            raise FieldError(self._field, f"{len(content)} octets, at most {MOST_SHORT_MESSAGE}")
        return bytes((len(content),)) + content

    def decode(self, body: bytes, at: int) -> tuple[Sequence[Any], int]:
        if at >= len(body):
            raise FieldError(self._field, ENDS_EARLY)
        end = at + 1 + body[at]
        if end > len(body):
            raise FieldError(self._field, f"{body[at]} octets announced, the frame ends before")
        return (body[at + 1 : end],), end


class TlvsField:
    """See `Tlvs`."""

    def __init__(self, owner: str, name: str, kind: Tlvs) -> None:
        self.names = (name,)
        self._field = f"{owner}.{name}"
        self._lenient = kind.lenient
        self._get = attrgetter(name)

    def encode(self, pdu: object) -> bytes:
        tlvs: Sequence[Tlv] = self._get(pdu)
        if not tlvs:
            return b""
        try:
            return b"".join(TLV_HEAD.pack(tag, len(value)) + value for tag, value in tlvs)
        except struct.error as error:
            raise FieldError(self._field, "a tag or a length of over 2 octets") from error

    def decode(self, body: bytes, at: int) -> tuple[Sequence[Any], int]:
        found: list[Tlv] = []
        size = len(body)
        while at < size:
            value_at = at + TLV_HEAD.size
            tag, length = TLV_HEAD.unpack_from(body, at) if value_at <= size else (0, size)
            if value_at + length > size:
                if self._lenient:
                    break
                raise FieldError(self._field, ENDS_EARLY)
            at = value_at + length
            found.append(Tlv(tag, body[value_at:at]))
        return (tuple(found),), size


Piece = NumberFields | CStringField | ShortMessageField | TlvsField


class Layout[Pdu: DataclassInstance]:
    """The coder of one PDU's body, made of its table.

    `rows` name the attributes of `pdu` in the order they stand on the wire, which is the order of
    its fields; `status`, the last where there is one, stands in the header.
    """

    def __init__(self, pdu: type[Pdu], *rows: Row) -> None:
        names = tuple(field.name for field in dataclass_fields(pdu))
        told = tuple(name for name, _ in rows)
        self.rows = rows
        self.has_status = names == (*told, "status")
        if not self.has_status and names != told:
            raise TypeError(f"{pdu.__name__}: the table tells {told}, the fields are {names}")
        self._pdu: Callable[..., Pdu] = pdu
        self._name = pdu.__name__
        self._pieces = _pieces(pdu.__name__, rows)

    def encode(self, pdu: Pdu) -> bytes:
        """Raises FieldError."""
        return b"".join([piece.encode(pdu) for piece in self._pieces])

    def decode(self, body: bytes, at: int, status: int) -> Pdu:
        """`body` from `at` to its end, all of it. Raises FieldError."""
        if self.has_status and at == len(body):
            return self._pdu(status=status)
        values: list[Any] = []
        for piece in self._pieces:
            found, at = piece.decode(body, at)
            values += found
        if self.has_status:
            # Whatever else an answer brings does not change what it answers.
            return self._pdu(*values, status)
        if at != len(body):
            raise FieldError(self._name, f"{len(body) - at} octets too many")
        return self._pdu(*values)


def _pieces(owner: str, rows: Sequence[Row]) -> list[Piece]:
    pieces: list[Piece] = []
    numbers: list[str] = []
    for name, kind in rows:
        if isinstance(kind, Uint):
            numbers.append(name)
            continue
        if numbers:
            pieces.append(NumberFields(owner, numbers))
            numbers = []
        match kind:
            case CString():
                pieces.append(CStringField(owner, name, kind))
            case ShortMessage():
                pieces.append(ShortMessageField(owner, name))
            case Tlvs():
                pieces.append(TlvsField(owner, name, kind))
    if numbers:
        pieces.append(NumberFields(owner, numbers))
    return pieces
