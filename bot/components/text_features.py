"""What the classifier counts in a text: characters, words and sounds. Pure, without Rasa."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

_EDGE = "\x02"
_DIGITS = re.compile(r"[0-9]+")
_NO_LETTERS = re.compile(r"[\W_]+")
_FIRST, _LAST = "\u4e00", "\u9fff"
# What many regions and most thumbs do not tell apart.
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))


def count_features(
    text: str, words: Sequence[str], syllables: Mapping[str, str], longest_ngram: int
) -> Counter[str]:
    """Character n-grams (1 … longest) with marked edges, the same of their sounds, and words of
    two characters or more.

    Numbers are read as one sign, so that house and phone numbers do not become vocabulary;
    punctuation is a blank, since half of the people leave it out. Sounds ('p:xie xie') find what
    was typed by ear. Empty for a text without letters.
    """
    plain = _NO_LETTERS.sub(" ", _DIGITS.sub("0", text.lower())).strip()
    if not plain:
        return Counter()
    marked = f"{_EDGE}{plain}{_EDGE}"
    features = Counter(_ngrams(marked, longest_ngram))
    sounds = [syllables.get(character, character) for character in marked]
    for size in range(1, longest_ngram + 1):
        features.update(
            "p:" + " ".join(sounds[start : start + size]) for start in range(len(sounds) - size + 1)
        )
    for edge in (_EDGE, f"p:{_EDGE}"):
        del features[edge]
    features.update(f"w:{word.lower()}" for word in words if len(word) > 1 and not word.isdigit())
    return features


def _ngrams(marked: str, longest: int) -> Iterator[str]:
    for size in range(1, longest + 1):
        for start in range(len(marked) - size + 1):
            yield marked[start : start + size]


def read_syllables() -> dict[str, str]:
    """The sound of every Chinese character, without tones, zh/z, ch/c, sh/s and ng/n as one."""
    # Only training needs the dictionary; the model keeps what it says.
    from pypinyin import Style, pinyin

    syllables = {}
    for code in range(ord(_FIRST), ord(_LAST) + 1):
        sound = pinyin(chr(code), style=Style.NORMAL, errors="ignore")
        if sound:
            syllables[chr(code)] = _blurred(sound[0][0])
    return syllables


def _blurred(sound: str) -> str:
    for precise, blurred in _ALIKE:
        sound = sound.replace(precise, blurred)
    return sound
