"""How a text is cut into the parts of a long SMS. Pure; for counting and for binary protocols.

Facts from 3GPP TS 23.038 (alphabets) and TS 23.040 9.2.3.24 (concatenation): a part holds 140
octets, of which a concatenation header takes 6 (8-bit reference) or 7 (16-bit reference).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

OCTETS = 140

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("^{}\\[~]|€\f")  # each takes two septets: an escape, then itself


class Alphabet(StrEnum):
    """What the parts are written in."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class Segments:
    """The parts of one text; `"".join(parts)` is the text."""

    alphabet: Alphabet
    parts: tuple[str, ...]


def alphabet_of(text: str) -> Alphabet:
    """GSM7 where every character has a place in it, else UCS2."""
    if all(c in _GSM_BASIC or c in _GSM_EXTENSION for c in text):
        return Alphabet.GSM7
    return Alphabet.UCS2


def units(text: str, alphabet: Alphabet) -> int:
    """Septets (GSM7) or 16-bit code units (UCS2) that `text` takes."""
    return sum(_width(c, alphabet) for c in text)


def part_limit(alphabet: Alphabet, *, header_octets: int = 0) -> int:
    """Units one part may hold beside a header: 160/153/152 septets, 70/67/66 code units."""
    free = OCTETS - header_octets
    return free * 8 // 7 if alphabet is Alphabet.GSM7 else free // 2


def split(text: str, *, header_octets: int = 6, alphabet: Alphabet | None = None) -> Segments:
    """Cut `text`: whole where it fits alone, else into parts that leave room for the header.

    Never cuts a surrogate pair or an escaped GSM character in two. A blank text is one part.
    `alphabet` may be UCS2 for any text.
    """
    alphabet = alphabet or alphabet_of(text)
    if units(text, alphabet) <= part_limit(alphabet):
        return Segments(alphabet, (text,))
    limit = part_limit(alphabet, header_octets=header_octets)
    parts: list[str] = []
    start = used = 0
    for at, character in enumerate(text):
        width = _width(character, alphabet)
        if used + width > limit:
            parts.append(text[start:at])
            start, used = at, 0
        used += width
    parts.append(text[start:])
    return Segments(alphabet, tuple(parts))


def count_parts(text: str) -> int:
    """How many messages an operator bills for `text` (signature included by the caller)."""
    return len(split(text).parts)


def _width(character: str, alphabet: Alphabet) -> int:
    if alphabet is Alphabet.GSM7:
        return 2 if character in _GSM_EXTENSION else 1
    return 2 if character > "\uffff" else 1
