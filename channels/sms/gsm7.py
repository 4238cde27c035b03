"""The GSM 7-bit default alphabet (3GPP TS 23.038), one character in each octet."""

from __future__ import annotations

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\",
             0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€"}  # fmt: skip
ESCAPE = 0x1B
# Reads the same in ASCII and here.
SAME_IN_ASCII = frozenset(c for at, c in enumerate(BASIC) if at == ord(c) and at != ESCAPE)
_OCTETS = {c: bytes((at,)) for at, c in enumerate(BASIC) if at != ESCAPE}
_OCTETS |= {c: bytes((ESCAPE, at)) for at, c in EXTENSION.items()}


def encode(text: str) -> bytes:
    """Raises KeyError for a character that is not in it; see `segmentation.alphabet_of`."""
    return b"".join([_OCTETS[c] for c in text])


def decode(octets: bytes) -> str:
    """Octets over 127 become U+FFFD; an escape before nothing known becomes a space."""
    text: list[str] = []
    escaped = False
    for octet in octets:
        if escaped:
            text.append(EXTENSION.get(octet, " "))
            escaped = False
        elif octet == ESCAPE:
            escaped = True
        else:
            text.append(BASIC[octet] if octet < len(BASIC) else "\ufffd")
    return "".join(text)
