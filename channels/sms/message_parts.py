"""Messages as binary protocols carry them: text → parts of octets, and octets → text. Pure.

The concatenation header (3GPP TS 23.040 9.2.3.24) stands before a part's text: `05 00 03 ref total
number`, or with a reference of two octets `06 08 04 ref ref total number`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from channels.sms import gsm7
from channels.sms.segmentation import Alphabet, part_limit, split

ASCII_ALONE, HEADER_OCTETS = 159, 6
MOST_PARTS = 255
_CONCATENATED_8, _CONCATENATED_16 = 0x00, 0x08
_ASCII_TEXT = frozenset(b"\t\n\r") | frozenset(range(0x20, 0x7F))
# Byte-order marks that some phones put before a text.
_MARKS = {b"\xfe\xff": "utf-16-be", b"\xff\xfe": "utf-16-le"}


class Coding(IntEnum):
    """How a part's octets are to be read; CMPP's, SGIP's and SMGP's Msg_Fmt."""

    ASCII = 0
    WRITE_CARD = 3
    BINARY = 4
    UCS2 = 8
    GB18030 = 15


class TooLong(ValueError):
    """More parts than a concatenation header can count."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a message to be sent. `content` begins with the header where `udhi`."""

    number: int
    total: int
    coding: Coding
    udhi: bool
    content: bytes


@dataclass(frozen=True, slots=True)
class Concatenation:
    """What a header says of its part: `number` of `total`, counted from 1. `reference` is the
    same for all parts of a message; `octets` wide."""

    reference: int
    total: int
    number: int
    octets: int = 1


def to_parts(text: str, reference: int) -> tuple[Part, ...]:
    """`text` in as few parts as it fits; `reference` (0 to 255) ties them together. Cuts no
    surrogate pair. Raises TooLong."""
    coding = _coding_for(text)
    segments = _segments(text, coding)
    total = len(segments)
    if total > MOST_PARTS:
        raise TooLong(f"{total} parts")
    return tuple(
        Part(number, total, coding, total > 1, _header(reference, total, number) + octets)
        for number, octets in enumerate(segments, 1)
    )


def _coding_for(text: str) -> Coding:
    # What differs between ASCII and the phone's own alphabet would be shown as something else.
    return Coding.ASCII if gsm7.SAME_IN_ASCII.issuperset(text) else Coding.UCS2


def _segments(text: str, coding: Coding) -> Sequence[bytes]:
    if coding is Coding.UCS2:
        parts = split(text, alphabet=Alphabet.UCS2).parts
        return [part.encode("utf-16-be", "replace") for part in parts]
    octets = text.encode("ascii")
    if len(octets) <= ASCII_ALONE:
        return [octets]
    limit = part_limit(Alphabet.GSM7, header_octets=HEADER_OCTETS)
    return [octets[at : at + limit] for at in range(0, len(octets), limit)]


def _header(reference: int, total: int, number: int) -> bytes:
    return bytes((5, 0, 3, reference & 0xFF, total, number)) if total > 1 else b""


def read_user_data(content: bytes) -> tuple[Concatenation | None, bytes]:
    """The concatenation a user data header tells of (None: of none) and what follows the header.
    A header that is broken is left where it is: better strange characters than no text."""
    if not content or len(content) < 1 + content[0]:
        return None, content
    header, payload = content[1 : 1 + content[0]], content[1 + content[0] :]
    found = None
    at = 0
    while at + 2 <= len(header):
        kind, size = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + size]
        if len(value) != size:
            return None, content
        found = _concatenation(kind, value) or found
        at += 2 + size
    return found, payload


def _concatenation(kind: int, value: bytes) -> Concatenation | None:
    if kind == _CONCATENATED_8 and len(value) == 3:
        reference, total, number = value[0], value[1], value[2]
    elif kind == _CONCATENATED_16 and len(value) == 4:
        reference, total, number = int.from_bytes(value[:2], "big"), value[2], value[3]
    else:
        return None
    return concatenation(reference, total, number, len(value) - 2)


def concatenation(reference: int, total: int, number: int, octets: int) -> Concatenation | None:
    """None where these numbers are no part of a long message's."""
    if total < 2 or not 1 <= number <= total:
        return None
    return Concatenation(reference, total, number, octets)


def decode_text(octets: bytes, coding: int) -> str:
    """What stands in `octets`; those that fit no character become U+FFFD. Formats that carry no
    text (binary) are read as well as can be: a citizen's words may lie under a wrong label."""
    if coding == Coding.UCS2:
        return _utf_16(octets)
    if coding == Coding.GB18030:
        return octets.decode("gb18030", "replace")
    if _ASCII_TEXT.issuperset(octets):
        return octets.decode("ascii")
    if max(octets, default=0) < 0x80:
        return gsm7.decode(octets)
    for guess in ("utf-8", "gb18030"):
        try:
            return octets.decode(guess)
        except UnicodeDecodeError:
            continue
    return octets.decode("latin-1")


def _utf_16(octets: bytes) -> str:
    name = _MARKS.get(octets[:2])
    return octets[2:].decode(name, "replace") if name else octets.decode("utf-16-be", "replace")
