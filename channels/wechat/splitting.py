"""Cutting a text into parts of a bounded number of UTF-8 bytes, at sentence ends where possible.

The parts joined are the text again. A part never ends inside what a reader takes for one
character (an emoji with its modifiers, a letter with its accents, a flag).
"""

from __future__ import annotations

import unicodedata

WECHAT_TEXT_BYTES = 2048  # a passive or customer-service text may hold this many

_BREAKS = ("\n", "。！？!?；;…", "，、,：:）)”》 ")
_CLOSING = "”》）)"
_JOINER = "\u200d"
_SMALLEST_FILL = 3  # a break is taken if it leaves a part of at least limit / 3 bytes


def split_text(text: str, limit: int = WECHAT_TEXT_BYTES) -> list[str]:
    """Parts of ≤ `limit` bytes (`limit` ≥ 64). Blank parts are left out; [] for a blank text."""
    parts: list[str] = []
    start = 0
    while start < len(text):
        end = part_end(text, start, limit)
        parts.append(text[start:end])
        start = end
    return [part for part in parts if part.strip()]


def part_end(text: str, start: int, limit: int = WECHAT_TEXT_BYTES) -> int:
    """Where the part that begins at `start` ends, by the rules above."""
    hard_end = _fitting_end(text, start, limit)
    if hard_end == len(text):
        return hard_end
    for marks in _BREAKS:
        for end in range(hard_end, start, -1):
            if text[end - 1] not in marks or _joins(text, end):
                continue
            if _bytes(text[start:end]) * _SMALLEST_FILL >= limit:
                # A closing mark right after the stop belongs to the sentence it ends.
                return end if end == hard_end or text[end] not in _CLOSING else end + 1
            break
    return character_end(text, start, hard_end)


def _fitting_end(text: str, start: int, limit: int) -> int:
    """The largest end such that text[start:end] takes at most `limit` bytes."""
    used, end = 0, start
    while end < len(text):
        used += _utf8_length(text[end])
        if used > limit:
            break
        end += 1
    return end


def _bytes(text: str) -> int:
    return sum(map(_utf8_length, text))


def _utf8_length(character: str) -> int:
    code = ord(character)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def character_end(text: str, start: int, end: int) -> int:
    """`end` moved back to a boundary between characters; unmoved if there is none."""
    at = end
    while at > start and _joins(text, at):
        at -= 1
    return at if at > start else end


def _joins(text: str, at: int) -> bool:
    """Whether text[at-1] and text[at] are parts of one character."""
    before, after = text[at - 1], text[at]
    if after == _JOINER or before == _JOINER or unicodedata.category(after) in ("Mn", "Me", "Mc"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff":  # skin tones
        return True
    return _is_flag_half(after) and _flag_halves_before(text, at) % 2 == 1


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_halves_before(text: str, at: int) -> int:
    count = 0
    while at - count > 0 and _is_flag_half(text[at - count - 1]):
        count += 1
    return count
