"""Numbers that lead to a person: phones, identity and bank cards, plates, doors, WeChat."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from backend.triage.rule_file import NUMBER, PatternsError, read_rules

PersonalType = Literal[
    "name", "phone", "id_number", "plate", "card", "house_number", "email", "wechat_id"
]


@dataclass(frozen=True, slots=True)
class PersonalSpan:
    """`text[start:end]` says who or where somebody is."""

    type: PersonalType
    start: int
    end: int


_FIGURES = str.maketrans(
    "零〇洞一二三四五六七八九幺两拐勾壹贰叁肆伍陆柒捌玖", "0001234567891279123456789"
)
_LETTERS = str.maketrans("OoQlI", "00011")
_FIGURE = r"[零〇洞一二三四五六七八九幺两拐勾壹贰叁肆伍陆柒捌玖\d]"
_WRITTEN_OUT = re.compile(rf"{_FIGURE}(?:[ -]?{_FIGURE}){{6,}}")
_LIKE_FIGURES = re.compile(r"(?<![A-Za-z])[\dOolI][\dOolI \-]{7,}[\dOolI](?![A-Za-z])")
# Groups of figures with single separators between them.
_RUN = re.compile(r"(?<!\d)(?:\(?\+\s?)?\d+(?:[ .\-–—_·/()]{1,2}\d+)*(?: ?[Xx×])?")
_GROUP = re.compile(r"\d+(?: ?[Xx×])?")
_CALLS = ("abroad", "landline", "extension", "short", "local", "local_before")
_PARTS_OF_DOORS = ("building", "unit", "floor", "room", "side")
_MOBILE = re.compile(r"(?:86|0086)?1[3-9]\d{9}")
_MOST_GROUPS = 4  # a mobile number is written in, or each figure apart
# An area code is set off, or three figures where the number has all its eight.
_AREA = re.compile(r"\(0\d{2,3}\)|0\d{2,3}(?=[ \-–—_])|0(?:10|2\d)|0\d{3}")
_BANK = re.compile(r"(?:62|4|5|60|65|3|9)\d+")
_LONGEST_RUN = 40  # groups of figures looked at together


@dataclass(frozen=True)
class NumberPatterns:
    """See data/rules/personal_numbers.yml."""

    not_personal: re.Pattern[str]
    calling: re.Pattern[str]
    identity: re.Pattern[str]
    banking: re.Pattern[str]
    calls: tuple[re.Pattern[str], ...]
    plates: tuple[re.Pattern[str], ...]
    email: re.Pattern[str]
    wechat_id: re.Pattern[str]
    doors: tuple[re.Pattern[str], ...]


def load_number_patterns(folder: Path) -> NumberPatterns:
    """Raises PatternsError."""
    file = folder / "personal_numbers.yml"
    content = read_rules(file)
    try:
        parts = [(f"{{{name}}}", content[name]) for name in _PARTS_OF_DOORS]
        return NumberPatterns(
            not_personal=re.compile(content["not_personal"]),
            calling=re.compile(content["calling"]),
            identity=re.compile(content["identity"]),
            banking=re.compile(content["banking"]),
            calls=tuple(re.compile(content[name]) for name in _CALLS),
            plates=tuple(re.compile(content[name]) for name in ("plate", "part_of_plate")),
            email=re.compile(content["email"]),
            wechat_id=re.compile(content["wechat_id"]),
            doors=tuple(re.compile(_filled(door, parts)) for door in content["doors"]),
        )
    except (KeyError, TypeError, AttributeError, re.error) as error:
        raise PatternsError(f"{file}: {error!r}") from error


def find_phones(text: str, patterns: NumberPatterns) -> list[tuple[int, int, str]]:
    """(start, end, number) of phones in cleaned `text`: digits only, 0599-5832166 for a land line
    with its area code; extensions are left out of the number."""
    figures = _as_figures(text)
    found: list[PersonalSpan] = []
    _add(found, _long_numbers(figures, patterns))
    _add(found, _calls(figures, patterns))
    return [
        (span.start, span.end, _dialled(figures[span.start : span.end]))
        for span in found
        if span.type == "phone"
    ]


def _dialled(written: str) -> str:
    digits = re.sub(r"\D", "", re.split("转|分机|#", written)[0])
    if _MOBILE.fullmatch(digits):
        return digits[-11:]
    area = _AREA.match(written)
    if area is None:
        return digits
    code = re.sub(r"\D", "", area[0])
    return f"{code}-{digits[len(code) : len(code) + 8]}"


def _calls(figures: str, patterns: NumberPatterns) -> Iterator[PersonalSpan]:
    for span in _last_groups("phone", figures, patterns.calls):
        if not patterns.not_personal.search(figures, max(0, span.start - 16), span.start):
            yield span


def _filled(pattern: str, parts: Iterable[tuple[str, str]]) -> str:
    for name, part in parts:
        pattern = pattern.replace(name, part)
    return pattern.replace("{n}", NUMBER)


def find_personal_numbers(text: str, patterns: NumberPatterns) -> list[PersonalSpan]:
    """Spans of every type but names in cleaned `text`, by position, not overlapping."""
    found: list[PersonalSpan] = []
    figures = _as_figures(text)
    _add(found, (PersonalSpan("email", *m.span()) for m in patterns.email.finditer(text)))
    _add(found, _last_groups("wechat_id", text, [patterns.wechat_id]))
    _add(found, _last_groups("plate", text, patterns.plates))
    _add(found, _long_numbers(figures, patterns))
    _add(found, _calls(figures, patterns))
    doors = _last_groups("house_number", text, patterns.doors)
    _add(found, sorted(doors, key=lambda door: door.start - door.end))  # the longest first
    return sorted(found, key=lambda span: span.start)


def _as_figures(text: str) -> str:
    """`text` of the same length with long numbers in figures (一三八…, 138OOOO1234)."""
    figures = _WRITTEN_OUT.sub(lambda m: m[0].translate(_FIGURES), text)
    return _LIKE_FIGURES.sub(lambda m: m[0].translate(_LETTERS), figures)


def _long_numbers(text: str, patterns: NumberPatterns) -> Iterator[PersonalSpan]:
    """Mobile, identity and bank numbers, also written in groups."""
    for run in _RUN.finditer(text):
        groups = [m.span() for m in _GROUP.finditer(text, *run.span())]
        first = 0
        while first < len(groups):
            for last in range(min(len(groups), first + _LONGEST_RUN), first, -1):
                parts = groups[first:last]
                kind = _kind_of_number(text, parts, patterns)
                if kind is not None:
                    start = run.start() if first == 0 and kind == "phone" else parts[0][0]
                    yield PersonalSpan(kind, start, parts[-1][1])
                    first = last
                    break
            else:
                first += 1


def _kind_of_number(
    text: str, parts: Sequence[tuple[int, int]], patterns: NumberPatterns
) -> PersonalType | None:
    digits = "".join(text[s:e] for s, e in parts).replace(" ", "")
    if not 11 <= len(digits) <= 24:
        return None
    start = parts[0][0]
    lengths = tuple(e - s for s, e in parts)
    if patterns.not_personal.search(text, max(0, start - 16), start):
        return None
    if _MOBILE.fullmatch(digits):
        usual = len(lengths) <= _MOST_GROUPS or set(lengths) == {1}
        return (
            "phone" if usual or patterns.calling.search(text, max(0, start - 16), start) else None
        )
    if _is_identity(digits):
        return "id_number"
    before = text[max(0, start - 20) : start]
    if len(digits) == 15 and (patterns.identity.search(before) or _is_date(f"19{digits[6:12]}")):
        return "id_number" if not patterns.banking.search(before) else "card"
    if not digits.isdecimal() or len(digits) > 20:
        return None
    if patterns.identity.search(before) and len(digits) in (17, 18, 19, 20):
        return "id_number"
    if len(digits) >= 12 and patterns.banking.search(before):
        return "card"
    return "card" if 16 <= len(digits) <= 19 and _BANK.fullmatch(digits) else None


def _is_identity(digits: str) -> bool:
    """18 characters with a date of birth, or the 20 of a disability card made from them."""
    return len(digits) in (18, 20) and digits[:17].isdecimal() and _is_date(digits[6:14])


def _is_date(digits: str) -> bool:
    return (
        "1900" <= digits[:4] <= "2099"
        and "01" <= digits[4:6] <= "12"
        and "01" <= digits[6:8] <= "31"
    )


def _last_groups(
    kind: PersonalType, text: str, patterns: Iterable[re.Pattern[str]]
) -> Iterator[PersonalSpan]:
    """The last group of every match, the whole match where a pattern has none."""
    for pattern in patterns:
        for found in pattern.finditer(text):
            yield PersonalSpan(kind, *found.span(found.lastindex or 0))


def _add(found: list[PersonalSpan], more: Iterable[PersonalSpan]) -> None:
    for span in more:
        if not any(span.start < other.end and other.start < span.end for other in found):
            found.append(span)
