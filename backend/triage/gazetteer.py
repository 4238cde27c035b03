"""The deployment's own places: names in a text, and the division a place lies in."""

import re
from collections.abc import Iterator, Mapping

from backend.catalogue import Division

_SHORT = 2


class Gazetteer:
    """Names, aliases and landmarks of all divisions (data/catalogue/divisions.yml)."""

    def __init__(self, divisions: Mapping[str, Division]) -> None:
        self._divisions = divisions
        self._codes: dict[str, set[str]] = {}
        for division in divisions.values():
            for name in (*division.names, *division.landmarks):
                self._codes.setdefault(name, set()).add(division.code)
        names = sorted(self._codes, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, names))) if names else None

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """(start, end) of every name in `text`, longest first, not overlapping."""
        if self._pattern is not None:
            for match in self._pattern.finditer(text):
                yield match.start(), match.end()

    def is_short(self, name: str) -> bool:
        """True for names so short that they may as well be something else (东门)."""
        return len(name) <= _SHORT

    def resolve(self, place: str) -> str | None:
        """The code of the smallest division that `place` names without doubt. Two villages of one
        name are told apart by their township if it is named too, else the code is None."""
        mentioned: set[str] = set()
        known = 0  # up to where the place consists of known names
        for start, end in self.find(place):
            # A short name (东门) counts only where nothing unknown stands before it.
            if start == known or not self.is_short(place[start:end]):
                mentioned |= self._codes[place[start:end]]
                known = end
        for level in ("village", "township", "county"):
            codes = {code for code in mentioned if self._divisions[code].level == level}
            if not codes:
                continue
            if len(codes) > 1:
                inside = {c for c in codes if self._divisions[c].parent in mentioned}
                codes = inside or codes
            return codes.pop() if len(codes) == 1 else None
        return None
