"""Personal data in what citizens write: where it stands, and the text with it made unreadable.

What an official needs to understand the sentence stays: a surname, the ends of a phone number, the
building without the door.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from backend.triage.alignment import align
from backend.triage.cleaning import storable
from backend.triage.name_patterns import load_name_patterns
from backend.triage.names import NameReader
from backend.triage.personal_numbers import (
    NumberPatterns,
    PersonalSpan,
    PersonalType,
    find_personal_numbers,
    load_number_patterns,
)
from backend.triage.tagger import Tagger, worded

RULES = Path(__file__).parents[2] / "data" / "rules"

# Tagger and cleaning look at so much at once; longer texts are read piece by piece.
_PIECE = 500
_SENTENCE = re.compile(r"(?<=[。！？!?；;\n])")
# Figures that cleaning would drop as signs; both sides have the same length.
_FIGURES = str.maketrans("○◯❶❷❸❹❺❻❼❽❾", "〇〇123456789")
_MAY_BE_NUMBER = re.compile(
    r"[\d@]|[零〇一二三四五六七八九幺壹贰貳叁參肆伍陆陸柒捌玖○①-⑳⓪][^，。]{0,3}"
    r"[零〇一二三四五六七八九幺壹贰貳叁參肆伍陆陸柒捌玖○①-⑳⓪]|微信|薇信|wx|WX|vx|VX|[Vv]信"
)
_SIGN = re.compile(r"[\dA-Za-z零〇一二三四五六七八九十百幺壹贰貳叁參肆伍陆陸柒捌玖①-⑳⓪○０-９]")
_EXTENSION = re.compile(r"(?:转|轉|分机|#)\s?.+$")
_BUILDING = re.compile(r"^[^室户]*?(?:号楼|號樓|号院|號院|栋|棟|幢|座|[#＃])")


class Masker:
    """Finds personal data by rules and, for names, by LAC. Any thread may use it."""

    def __init__(self, numbers: NumberPatterns, names: NameReader, tagger: Tagger) -> None:
        self._numbers = numbers
        self._names = names
        self._tagger = tagger

    def personal_spans(self, text: str) -> list[PersonalSpan]:
        """Every span of personal data in `text` as written (cleaning.storable), by position, not
        overlapping. Never fails, whatever the string holds."""
        text = storable(text)
        return [
            PersonalSpan(span.type, at + span.start, at + span.end)
            for at, piece in _pieces(text)
            for span in self._in_piece(piece)
        ]

    def mask(self, text: str) -> str:
        """`text` with personal data masked: 张*, 138****1234; as long as it was."""
        return _with_masks(storable(text), self.personal_spans(text), _MASKS)

    def _in_piece(self, text: str) -> list[PersonalSpan]:
        alignment = align(text.translate(_FIGURES))
        cleaned = alignment.cleaned.text
        found = find_personal_numbers(cleaned, self._numbers)
        words, perhaps = self._tagger.tag_with_persons(cleaned)
        for name in self._names.find(cleaned, worded(words), perhaps):
            if not any(name.start < other.end and other.start < name.end for other in found):
                found.append(PersonalSpan("name", name.start, name.end))
        return sorted(
            (PersonalSpan(f.type, *alignment.original(f.start, f.end)) for f in found),
            key=lambda span: span.start,
        )


def load_masker(folder: Path = RULES) -> Masker:
    """Read personal_numbers.yml and names.yml in `folder`. Raises PatternsError."""
    return Masker(load_number_patterns(folder), NameReader(load_name_patterns(folder)), Tagger())


def personal_spans(text: str) -> list[PersonalSpan]:
    """`Masker.personal_spans` by the rules that are shipped."""
    return _shipped().personal_spans(text)


def mask(text: str) -> str:
    """`Masker.mask` by the rules that are shipped."""
    return _shipped().mask(text)


def mask_numbers(text: str, types: Collection[PersonalType]) -> str:
    """`text` with personal data of `types` masked but for three signs and the last two: four would
    do to ask for a petition's progress. Found without any model, so cheap enough for lists."""
    if not _MAY_BE_NUMBER.search(text):
        return text
    text = storable(text)
    spans = []
    for at, piece in _pieces(text):
        alignment = align(piece.translate(_FIGURES))
        for found in find_personal_numbers(alignment.cleaned.text, _shipped_numbers()):
            if found.type in types:
                start, end = alignment.original(found.start, found.end)
                spans.append(PersonalSpan(found.type, at + start, at + end))
    return _with_masks(text, spans, _NARROW_MASKS)


def _with_masks(
    text: str, spans: Iterable[PersonalSpan], masks: Mapping[PersonalType, Callable[[str], str]]
) -> str:
    """`text` with every one of `spans` (by position, not overlapping) made unreadable."""
    parts = []
    at = 0
    for span in spans:
        parts += [text[at : span.start], masks[span.type](text[span.start : span.end])]
        at = span.end
    return "".join([*parts, text[at:]])


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """(offset, piece) of pieces of at most _PIECE characters, cut behind sentences."""
    if len(text) <= _PIECE:
        yield 0, text
        return
    start = 0
    while start < len(text):
        end = min(start + _PIECE, len(text))
        if end < len(text):
            cuts = [m.start() for m in _SENTENCE.finditer(text, start + 1, end)]
            commas = [text.rfind(sign, start, end) + 1 for sign in "，, "]
            end = cuts[-1] if cuts else max(commas) if max(commas) > start else end
        yield start, text[start:end]
        start = end


def _mask_name(name: str) -> str:
    if "·" in name or name.isascii():
        return name[:1] + "*" * (len(name) - 1)
    return name[:1] + "*" * (len(name) - 1) if len(name) > 1 else "*"


def _keeping(first: int, last: int) -> Callable[[str], str]:
    """Masks figures and letters but the `first` and `last`; what separates them stays."""

    def mask_signs(text: str) -> str:
        places = [m.start() for m in _SIGN.finditer(text)]
        hidden = places[first : len(places) - last] if len(places) > first + last else places
        signs = list(text)
        for place in hidden:
            signs[place] = "*"
        return "".join(signs)

    return mask_signs


def _mask_phone(written: str) -> str:
    extension = _EXTENSION.search(written)
    if extension is None:
        return _mask_number(written)
    return _mask_number(written[: extension.start()]) + _SIGN.sub("*", extension[0])


_mask_number = _keeping(3, 4)


def _mask_door(door: str) -> str:
    building = _BUILDING.match(door)
    kept = building.end() if building and building.end() < len(door) else 0
    return door[:kept] + _SIGN.sub("*", door[kept:])


def _mask_email(address: str) -> str:
    name, at, domain = address.partition("@")
    return name[:1] + "*" * (len(name) - 1) + at + domain


_MASKS: Mapping[PersonalType, Callable[[str], str]] = {
    "name": _mask_name,
    "phone": _mask_phone,
    "id_number": _keeping(3, 2),
    "plate": _keeping(1, 1),
    "card": _keeping(0, 4),
    "house_number": _mask_door,
    "email": _mask_email,
    "wechat_id": _keeping(1, 1),
}
_NARROW_MASKS: Mapping[PersonalType, Callable[[str], str]] = {
    **_MASKS,
    "phone": _keeping(3, 2),
    "id_number": _keeping(3, 2),
    "card": _keeping(3, 2),
}


@cache
def _shipped() -> Masker:
    return load_masker()


@cache
def _shipped_numbers() -> NumberPatterns:
    return load_number_patterns(RULES)
