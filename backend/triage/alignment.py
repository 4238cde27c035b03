"""Where each character of a cleaned text stands in the original (cleaning.clean)."""

import difflib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from backend.triage.cleaning import (
    EMOJI,
    INVISIBLE,
    LOOKED_AT,
    SPACE,
    CleanText,
    clean,
    to_simplified,
)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Alignment:
    """`spans[i]`: where character `i` of `cleaned.text` stands in `cleaned.original`."""

    cleaned: CleanText
    spans: Sequence[Span]

    def original(self, start: int, end: int) -> Span:
        """`text[start:end]` of the cleaned text as offsets into the original."""
        return self.spans[start][0], self.spans[end - 1][1]


def align(text: str) -> Alignment:
    """Clean `text` and keep where everything stood. Never fails, whatever the string holds."""
    cleaned = clean(text)
    if cleaned.text == cleaned.original:
        return Alignment(cleaned, [(i, i + 1) for i in range(len(cleaned.text))])
    reading, spans = _normalised(cleaned.original[:LOOKED_AT])
    kept = [i for i, char in enumerate(reading) if not INVISIBLE.match(char)]
    reading, spans = "".join(reading[i] for i in kept), [spans[i] for i in kept]
    simplified = to_simplified(reading)
    if simplified is not reading:
        spans = _carried(reading, spans, simplified)
    # Every run of white space is one blank; what clean cut off at both ends is the difference.
    reading, spans = _with_single_blanks(simplified, spans)
    skipped = reading.find(cleaned.text)
    return Alignment(cleaned, spans[skipped : skipped + len(cleaned.text)])


def _normalised(original: str) -> tuple[str, list[Span]]:
    """NFKC with emoji as blanks, and the original's span of every character."""
    if original.isascii():
        return original, [(i, i + 1) for i in range(len(original))]
    chars: list[str] = []
    spans: list[Span] = []
    at = 0
    for emoji in (*EMOJI.finditer(original), None):
        until = emoji.start() if emoji else len(original)
        part, where = _composed(original, at, until)
        chars.append(part)
        spans += where
        if emoji:
            chars.append(" ")
            spans.append(emoji.span())
            at = emoji.end()
    reading = "".join(chars)
    whole = unicodedata.normalize("NFKC", EMOJI.sub(" ", original))
    return whole, spans if reading == whole else _carried(reading, spans, whole)


def _composed(original: str, start: int, end: int) -> tuple[str, list[Span]]:
    """NFKC of `original[start:end]`, a character and the marks upon it at a time."""
    chars: list[str] = []
    spans: list[Span] = []
    while start < end:
        after = start + 1
        while after < end and unicodedata.combining(original[after]):
            after += 1
        normal = unicodedata.normalize("NFKC", original[start:after])
        chars.append(normal)
        spans += [(start, after)] * len(normal)
        start = after
    return "".join(chars), spans


def _carried(before: str, spans: Sequence[Span], after: str) -> list[Span]:
    """`spans` of `before` carried over to `after`: what was replaced stands where all of it did."""
    if len(before) == len(after):
        same = sum(a == b for a, b in zip(before, after, strict=True))
        if same * 2 >= len(after):
            return list(spans)
    carried: list[Span] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal" or b - a == d - c:
            carried += spans[a:b]
        elif a < b:
            carried += [(spans[a][0], spans[b - 1][1])] * (d - c)
        else:
            near = spans[a - 1] if a else spans[0] if spans else (0, 0)
            carried += [near] * (d - c)
    return carried


def _with_single_blanks(text: str, spans: Sequence[Span]) -> tuple[str, list[Span]]:
    chars: list[str] = []
    kept: list[Span] = []
    at = 0
    for space in (*SPACE.finditer(text), None):
        until = space.start() if space else len(text)
        chars.append(text[at:until])
        kept += spans[at:until]
        if space:
            chars.append(" ")
            kept.append((spans[space.start()][0], spans[space.end() - 1][1]))
            at = space.end()
    return "".join(chars), kept
