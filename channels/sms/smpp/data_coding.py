"""What data_coding says of a message's octets, both ways. Pure.

0 is 'the gateway's own alphabet', which differs: most mean GSM 7-bit (an octet each), some ASCII or
Latin-1. `auto` writes only what is the same in all of them, and reads what is there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from channels.sms import gsm7
from channels.sms.message_parts import MOST_PARTS, Coding, TooLong, decode_text
from channels.sms.segmentation import Alphabet, alphabet_of, split

DEFAULT, UCS2 = 0, 8
# The sets of the specification (5.2.19) and of GSM 03.38 that have a name in Python.
_CHARSETS = {
    1: "ascii",
    3: "latin-1",
    5: "iso2022_jp",
    6: "iso8859_5",
    7: "iso8859_8",
    10: "iso2022_jp",
    13: "euc_jp",
    14: "euc_kr",
}


class DefaultAlphabet(StrEnum):
    """What the gateway means by data_coding 0."""

    AUTO = "auto"
    GSM7 = "gsm7"
    LATIN1 = "latin1"


class Written(NamedTuple):
    """A text as octets, a piece for each part, without any header."""

    data_coding: int
    pieces: tuple[bytes, ...]


def write(text: str, alphabet: DefaultAlphabet) -> Written:
    """`text` in as few parts as it fits: 160/153 characters of GSM 7-bit, 70/67 of UCS-2. Cuts
    neither a surrogate pair nor an escaped character. Raises TooLong."""
    plain = gsm7.SAME_IN_ASCII.issuperset(text)
    strict = alphabet is DefaultAlphabet.GSM7 and alphabet_of(text) is Alphabet.GSM7
    used = Alphabet.GSM7 if plain or strict else Alphabet.UCS2
    parts = split(text, alphabet=used).parts
    if len(parts) > MOST_PARTS:
        raise TooLong(f"{len(parts)} parts")
    if used is Alphabet.GSM7:
        return Written(DEFAULT, tuple(map(gsm7.encode, parts)))
    return Written(UCS2, tuple(part.encode("utf-16-be", "replace") for part in parts))


def read(octets: bytes, data_coding: int, alphabet: DefaultAlphabet) -> str:
    """Octets that fit no character become U+FFFD; what carries no text by its label (binary) is
    read as well as can be: a citizen's words may lie under a wrong one."""
    coding = _message_class(data_coding)
    if coding == UCS2:
        return decode_text(octets, Coding.UCS2)
    if coding == DEFAULT and alphabet is DefaultAlphabet.LATIN1:
        return octets.decode("latin-1")
    if coding == DEFAULT and alphabet is DefaultAlphabet.GSM7 and max(octets, default=0) < 0x80:
        return gsm7.decode(octets)
    if coding in _CHARSETS:
        return octets.decode(_CHARSETS[coding], "replace")
    return decode_text(octets, Coding.GB18030 if coding == Coding.GB18030 else Coding.BINARY)


def _message_class(data_coding: int) -> int:
    """GSM 03.38 writes the same alphabets with a message class or a waiting indication."""
    group = data_coding & 0xF0
    if group in (0x10, 0x20, 0x30):
        return {0x00: DEFAULT, 0x08: UCS2}.get(data_coding & 0x0C, Coding.BINARY)
    if group in (0xC0, 0xD0):
        return DEFAULT
    if group == 0xE0:
        return UCS2
    if group == 0xF0:
        return Coding.BINARY if data_coding & 0x04 else DEFAULT
    return data_coding
