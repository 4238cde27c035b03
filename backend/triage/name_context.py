"""A text's words seen as people's names: what may be one, and what company it keeps."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from backend.triage.name_patterns import NamePatterns

Span = tuple[int, int]
Word = tuple[int, int, str]

HAN = re.compile(r"[一-龥]+")
_FIGURES = re.compile(r"[零〇一二三四五六七八九十百幺壹贰叁肆伍陆柒捌玖]+")
_NOT_SAID = re.compile(r"[的了是]")
_NOT_GIVEN = re.compile(r"[的了是不在与把被都也很就又没我你他她们这那个用说]")
_MEASURE = re.compile(r"[个人天年月元块次口户亩家位名点]")
_LONGEST_CALLING = 8
# LAC's tags of words that hold a sentence together, and of everyday words.
GRAMMAR = frozenset({"p", "d", "c", "u", "q", "r", "f", "m", "w", "xc", "TIME"})
PLAIN = frozenset({"n", "v", "a", "d", "vn", "TIME", "LOC", "ORG", "m", "r", "p", "c", "u", "s"})


@dataclass(frozen=True, slots=True)
class Name:
    """`text[start:end]` names a person (王 of 王主任); `whole` reaches over the title as well."""

    start: int
    end: int
    whole: tuple[int, int]


class Said:
    """A text with what its words are, and what is plausible in it."""

    def __init__(
        self, text: str, words: list[Word], perhaps: Sequence[Span], patterns: NamePatterns
    ) -> None:
        self.text = text
        self.perhaps = perhaps
        self.words = words
        self.patterns = patterns
        self.at = {start: (end, tag) for start, end, tag in words}
        self.ends = {end for _, end, _ in words}

    def is_name(self, start: int, end: int, *, sure: bool = False) -> bool:
        """Whether `text[start:end]` is no everyday word, brand or place; a place it may look like
        where all around says that it is a name."""
        name, patterns = self.text[start:end], self.patterns
        tagged = self.at.get(start, (0, ""))[1] == "PER"
        if name.startswith(patterns.figures) or _FIGURES.fullmatch(name):
            return False
        if tagged and name in patterns.not_names and not self.has_company(start, end):
            return False
        if not tagged and name.startswith(patterns.not_names):
            return False
        if (_NOT_SAID if tagged else _NOT_GIVEN).search(name, 1):
            return False
        if sure:
            return True
        place = len(name) > 2 and patterns.place_end.search(name) is not None
        return not place and not patterns.brand.match(self.text, end)

    def has_company(self, start: int, end: int) -> bool:
        """Whether a calling before or a title, kin or deed behind shows that this is a person."""
        text, patterns = self.text, self.patterns
        return bool(
            patterns.title.match(text, end)
            or patterns.kin.match(text, end)
            or patterns.acting.match(text, end)
            or self.is_called(start)
        )

    def is_called(self, start: int) -> bool:
        """Whether what stands right before says that a name follows (会计, 我女儿)."""
        before = max(0, start - _LONGEST_CALLING)
        return self.patterns.called_here.search(self.text, before, start) is not None

    def tagged_name(self, start: int, end: int) -> Name | None:
        """The name in a word LAC takes for a person: without title, 某, 家, 老 or 小."""
        text, patterns = self.text, self.patterns
        calling = patterns.calling.match(text, start, end)
        begin = calling.end() if calling and calling.end() < end else start
        begin += text.startswith("班主任", start - 2) and start >= 2
        name = text[begin:end]
        if name.startswith(patterns.figures):
            return None
        for found in patterns.title.finditer(name):
            # A single character is a title behind a surname only: 王姐, but 王秀姑.
            given = found.start() - (2 if name[:2] in patterns.compound else 1)
            called = given > 0 and (
                len(found[0]) > 1 or patterns.given.issuperset(name[: found.start()])
            )
            if found.end() == len(name) and (given == 0 or called):
                return Name(begin, begin + found.start(), (begin, end))
        if len(name) > 1 and name[0] in "老小" and name[1] in patterns.surnames:
            return Name(begin + 1, begin + 2, (begin, end))
        if len(name) == 2 and name[1] == "家" and name[0] in patterns.surnames:
            if patterns.brand.match(text, end):
                return None
            return Name(begin, end - 1, (begin, end))
        return Name(begin, end, (begin, end)) if len(name) > 1 else None

    def begins_like_name(self, name: Name) -> bool:
        """A surname with one or two characters, or with what shows that it is one."""
        first, length = self.text[name.start], name.end - name.start
        if self.text[name.start : name.start + 2] in self.patterns.compound:
            return length <= 4
        if length == 1:
            return name.whole[1] > name.end and first not in self.patterns.rare
        return first in self.patterns.surnames and length <= 3

    def word_before(self, start: int) -> Word | None:
        return next((word for word in self.words if word[1] == start), None)

    def mended(self, name: Name) -> Name:
        """`name` with the character LAC cut off (马云 飞), or without the figure it took on."""
        text, end = self.text, name.end
        if (
            end - name.start == 3
            and text[end - 1] in "一二三四五六几两"
            and text[end : end + 1] in ("个", "人", "口")
        ):
            return Name(name.start, end - 1, (name.start, end - 1))
        word_end, tag = self.at.get(end, (0, ""))
        if (
            end - name.start == 2
            and text[end : end + 1] in self.patterns.given
            and word_end == end + 1
            and self.is_called(name.start)
        ):
            return Name(name.start, end + 1, (name.start, end + 1))
        if tag == "m" and word_end == end + 1 and not _MEASURE.match(text, word_end):
            return Name(name.start, word_end, (name.start, word_end))
        goes_on = self.patterns.doing.match(text, end + 1) or not HAN.match(text, end + 1)
        if (
            end - name.start == 2
            and text[name.start] in self.patterns.surnames
            and word_end == end + 1
            and (tag in ("n", "m", "nz", "nw", "PER") or text[end] in self.patterns.given)
            and goes_on
            and not self.patterns.doing.match(text, end)
            and not self.patterns.title.match(text, end)
            and HAN.match(text, end)
        ):
            return Name(name.start, end + 1, (name.start, end + 1))
        return name

    def full_name(self, start: int, *, sure: bool, called: bool = False) -> int | None:
        """Where the full name that begins at `start` ends, None if none does. `sure`: all around
        says that one does, so LAC need not think so; `called`: what stands before says so."""
        text, patterns = self.text, self.patterns
        length = 2 if text[start : start + 2] in patterns.compound else 1
        if length == 1 and text[start : start + 1] not in patterns.surnames:
            return None
        end, tag = self.at.get(start, (0, ""))
        if tag == "PER" and end - start > length:
            name = self.tagged_name(start, end)
            return name.end if name and self.is_name(start, name.end, sure=True) else None
        alone = not HAN.match(text, start + 3) and text[start] not in patterns.rare
        if not sure and end - start > 1 and tag in PLAIN and not (called and alone):
            return None
        if not sure and length == 1 and text[start] in patterns.rare and tag != "n":
            return None
        if patterns.title.match(text, start + length):
            return start + length
        given = HAN.match(text, start + length, start + length + 2)
        if given is None:
            return None
        ends = [e for e in (start + length + 2, start + length + 1) if e <= given.end()]
        bounded = [e for e in ends if e in self.ends]
        end = bounded[0] if bounded else ends[0] if sure else 0
        return end if end and self.is_name(start, end, sure=sure) else None
