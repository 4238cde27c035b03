"""Personal data in a text: where it stands, and the text with it made unreadable."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from backend.triage.alignment import align
from backend.triage.tagger import Tagger

# A piece is looked at as a whole: shorter than what the tagger and cleaning look at.
_PIECE = re.compile(r".{1,400}(?:[。！？!?\n]|$)|.{1,400}", re.DOTALL)
_PATTERNS = {
    "id_number": re.compile(
        r"(?<![\dA-Za-z])\d{6}[- ]?\d{8}[- ]?\d{3}[\dXx](?!\d)|(?<!\d)\d{15}(?!\d)"
    ),
    "phone": re.compile(
        r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"
        r"|(?<!\d)0\d{2,3}[- ]?[2-9]\d{6,7}(?!\d)"
    ),
    "card": re.compile(r"(?<!\d)[3-6]\d{3}(?:[- ]?\d{4}){2,3}(?:[- ]?\d{1,4})?(?!\d)"),
    "plate": re.compile(
        r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
        r"[A-Z][·. ]?[A-Z0-9]{5,6}(?![A-Z0-9])"
    ),
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII),
    "house_number": re.compile(
        r"(?:[\dA-Za-z一二三四五六七八九十]+(?:号楼|栋|幢|座))"
        r"(?:[\d一二三四五六七八九十]+单元)?(?:[\d一二三四五六七八九十]+[层楼])?[\dA-Z]{3,4}[室号房]?"
    ),
}
_NAMED = re.compile(
    r"(?:我叫|我是|姓名[:是]?|联系人[:是]?|本人)\s?([一-龥]{2,3})(?=[,。;\s(]|电话|手机|$)"
)
_HAN_NAME = re.compile(r"[一-龥·]{2,}")


@dataclass(frozen=True, slots=True)
class PersonalSpan:
    """`text` is `original[start:end]`; `type` is name, phone, id_number, plate, card, house_number
    or email."""

    type: str
    text: str
    start: int
    end: int


def personal_spans(text: str) -> list[PersonalSpan]:
    """Personal data of `text` as it was written, by position, not overlapping."""
    found: list[PersonalSpan] = []
    for piece in _PIECE.finditer(text):
        aligned = align(piece.group())
        taken: list[tuple[int, int]] = []
        for type_, start, end in _candidates(aligned.cleaned.text):
            if start == end or any(start < e and s < end for s, e in taken):
                continue
            taken.append((start, end))
            left, right = (piece.start() + at for at in aligned.original(start, end))
            found.append(PersonalSpan(type_, text[left:right], left, right))
    return sorted(found, key=lambda span: span.start)


def mask(text: str) -> str:
    """`text` with all that is personal made unreadable and all else as it was written: 张三 → 张*,
    13800001234 → 138****1234."""
    parts, at = [], 0
    for span in personal_spans(text):
        parts += [text[at : span.start], _MASKS.get(span.type, _stars)(span.text)]
        at = span.end
    return "".join([*parts, text[at:]])


def _candidates(cleaned: str) -> Iterator[tuple[str, int, int]]:
    """Those that are surest first."""
    for type_, pattern in _PATTERNS.items():
        for found in pattern.finditer(cleaned):
            yield type_, *found.span()
    for found in _NAMED.finditer(cleaned):
        yield "name", *found.span(1)
    at = 0
    for word, tag in _tagger().tag(cleaned):
        if tag == "PER" and _HAN_NAME.fullmatch(word):
            yield "name", at, at + len(word)
        at += len(word)


@cache
def _tagger() -> Tagger:
    return Tagger()


def _name(name: str) -> str:
    return name[:1] + "*" * (len(name) - 1)


def _phone(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}"


def _stars(text: str) -> str:
    return "*" * len(text)


_MASKS: dict[str, Callable[[str], str]] = {"name": _name, "phone": _phone}
