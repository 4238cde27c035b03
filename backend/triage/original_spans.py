"""Where a piece of a cleaned text stands in what was written. Pure.

Cleaning changes lengths (full-width, emoji, Taiwan's words), so that an entity's offsets are not
those of the original. Each character is cleaned alone, and what comes of all is laid beside the
cleaned text: mostly they are the same.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from backend.triage.cleaning import clean

_LEADING = "/ "
_MARK = "字"


class OriginalSpans:
    """Of one text and what `cleaning.clean` made of it."""

    def __init__(self, original: str, cleaned: str) -> None:
        self._same = cleaned == original[: len(cleaned)]
        if not self._same:
            self._starts, self._ends = _places(original, cleaned)

    def locate(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original of `cleaned[start:end]`, which is not empty."""
        if self._same:
            return start, end
        first = self._starts[start]
        return first, max(first, self._ends[end - 1])


def _places(original: str, cleaned: str) -> tuple[Sequence[int], Sequence[int]]:
    """Of each character of `cleaned`, where in the original what it came of starts and ends."""
    letters, at = _one_by_one(original, len(cleaned))
    if letters.startswith(cleaned):
        kept = at[: len(cleaned)]
        return kept, [place + 1 for place in kept]
    starts, ends = [0] * len(cleaned), [0] * len(cleaned)
    at.append(len(original))
    matcher = SequenceMatcher(None, letters, cleaned, autojunk=False)
    for name, left, left_end, start, end in matcher.get_opcodes():
        for i in range(start, end):
            if name == "equal":
                starts[i], ends[i] = at[left + i - start], at[left + i - start] + 1
            else:
                starts[i] = at[left]
                ends[i] = at[left_end - 1] + 1 if left_end > left else at[left]
    return starts, ends


def _one_by_one(original: str, enough: int) -> tuple[str, list[int]]:
    """The characters that come of each character alone, with its place; somewhat more than
    `enough` of them."""
    letters: list[str] = []
    at: list[int] = []
    for place, char in enumerate(original):
        for letter in _alone(char):
            if letter == " " and (not letters or letters[-1] == " "):
                continue
            if not letters and letter in _LEADING:
                continue
            letters.append(letter)
            at.append(place)
        if len(letters) > enough + enough // 4:
            break
    return "".join(letters), at


@lru_cache(maxsize=1 << 16)
def _alone(char: str) -> str:
    """What cleaning makes of a character that does not stand at an edge."""
    return clean(f"{_MARK}{char}{_MARK}").text[1:-1]
