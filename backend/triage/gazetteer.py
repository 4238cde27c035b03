"""The deployment's own places: names in a text, also misspelt, and the division a place lies in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from backend.catalogue import Division
from backend.triage.lexicon import Lexicon
from backend.triage.nearest import full_name, nearest_division
from backend.triage.sounds import sounds

_SHORT = 2
_LONG = 5  # from this length on two characters may be wrong
_SMALLEST_FIRST = ("village", "township", "county")

# What people shorten: 县第一小学 → 县一小, 县人民医院 → 县医院, 锦绣花园小区 → 锦绣花园.
_SHORTENED = (
    (re.compile(r"第([一二三四五六七八九十])(小|中)学$"), r"\1\2"),
    (re.compile(r"人民医院$"), "医院"),
    (re.compile(r"(?<=花园|家园|新村|公寓)小区$"), ""),
    (re.compile(r"[镇乡](?=卫生院$)"), ""),
    (re.compile(r"(?<=[一-龥]{2})(?:汽车站|农贸市场)$"), lambda m: m[0][-2:]),
)
# A short name is the place itself only where it ends or a kind of place follows; 白云山 is another.
_OTHER_NAME = re.compile(
    r"[山河江湖沟坝塘岭坡洞峡线县市堤]|大堤|村|小区|花园|家园|名|新城|路(?!口)|大道|大桥"
)


@dataclass(slots=True)
class _Branch:
    """The names that go on from one sound."""

    next: dict[str, "_Branch"] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)


class Gazetteer:
    """Names, aliases and landmarks of all divisions (data/catalogue/divisions.yml)."""

    def __init__(self, divisions: Mapping[str, Division]) -> None:
        self._divisions = divisions
        self._codes: dict[str, set[str]] = {}
        for division in divisions.values():
            for name in (*division.names, *division.landmarks):
                self._codes.setdefault(name, set()).add(division.code)
        for division in divisions.values():
            for landmark in division.landmarks:
                for shorter in _shortened(landmark):
                    if shorter not in self._codes:
                        self._codes[shorter] = {division.code}
        self._lexicon = Lexicon(self._codes)
        self._by_sound = _by_sound(name for name in self._codes if len(name) > _SHORT)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """(start, end) of every name in `text`, longest first, not overlapping."""
        return self._lexicon.find(text)

    def find_misspelt(self, text: str) -> Iterator[tuple[int, int]]:
        """(start, end) of what is written otherwise but sounds like a name of at least three
        characters: one character may differ, two in a long name. May overlap."""
        for start in range(len(text) - _SHORT):
            for end, name in self._heard(text, start, self._by_sound):
                if _differ_little(text[start:end], name):
                    yield start, end

    def _heard(self, text: str, at: int, branch: _Branch) -> Iterator[tuple[int, str]]:
        for name in branch.names:
            yield at, name
        if at < len(text) and branch.next:
            for sound in sounds(text[at]):
                if further := branch.next.get(sound):
                    yield from self._heard(text, at + 1, further)

    def is_short(self, name: str) -> bool:
        """True for names so short that they may as well be something else (东门)."""
        return len(name) <= _SHORT

    def resolve(self, place: str) -> str | None:
        """The code of the smallest division that `place` names without doubt. Two villages of one
        name are told apart by their township if it is named too, else the code is None."""
        mentioned = self._mentioned(place)
        for level in _SMALLEST_FIRST:
            codes = {code for code in mentioned if self._divisions[code].level == level}
            if not codes:
                continue
            if len(codes) > 1:
                codes = {c for c in codes if self._divisions[c].parent in mentioned} or codes
            return codes.pop() if len(codes) == 1 else None
        return None

    def near(self, latitude: float, longitude: float) -> str | None:
        """The place a point lies in, as it is called: '柳河镇杨树沟村'; None where none is near."""
        found = nearest_division(self._divisions, latitude, longitude)
        return full_name(self._divisions, found) if found else None

    def _mentioned(self, place: str) -> set[str]:
        spans = list(self.find(place))
        for start, end in self.find_misspelt(place):
            if not any(start < e and s < end and e - s > _SHORT for s, e in spans):
                spans = [(s, e) for s, e in spans if not (start < e and s < end)]
                spans.append((start, end))
        mentioned: set[str] = set()
        known = 0  # up to where the place consists of known names
        for start, end in sorted(spans):
            # A short name counts only where nothing unknown stands before it.
            if self.is_short(place[start:end]) and (
                start != known or _OTHER_NAME.match(place, end)
            ):
                continue
            mentioned |= self._codes_of(place[start:end])
            known = end
        return mentioned

    def _codes_of(self, name: str) -> set[str]:
        if name in self._codes:
            return self._codes[name]
        return {
            code
            for end, heard in self._heard(name, 0, self._by_sound)
            if end == len(name) and _differ_little(name, heard)
            for code in self._codes[heard]
        }


def _shortened(landmark: str) -> Iterator[str]:
    for long, short in _SHORTENED:
        shorter = long.sub(short, landmark)
        if shorter != landmark and len(shorter) > _SHORT:
            yield shorter


def _by_sound(names: Iterator[str]) -> _Branch:
    root = _Branch()
    for name in names:
        branches = [root]
        for char in name:
            branches = [
                branch.next.setdefault(sound, _Branch())
                for branch in branches
                for sound in sounds(char)
            ]
        for branch in branches:
            branch.names.append(name)
    return root


def _differ_little(written: str, name: str) -> bool:
    wrong = sum(a != b for a, b in zip(written, name, strict=True))
    return 0 < wrong <= (2 if len(name) >= _LONG else 1)
