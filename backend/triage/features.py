"""Text to a weighted bag of character 1–3-grams and words: one code path for training and reading.

Weights are TF-IDF with logarithmic term frequency, the vector's length is one.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import rjieba

_NUMBERS = re.compile(r"\d+")
_LONGEST = 6  # longer than 31 characters is long
_LENGTH_WEIGHT = 3

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


def terms(text: str) -> list[str]:
    """Every character 1–3-gram and word (marked by a leading blank) of a cleaned text, and how long
    it is in powers of two (chat is short). Figures count as one sign whatever their value, so that
    a number teaches nothing by heart."""
    text = _NUMBERS.sub("0", text.lower())
    if not text:
        return []
    framed = f"^{text}$"
    found = list(text)
    found += [framed[i : i + 2] for i in range(len(framed) - 1)]
    found += [framed[i : i + 3] for i in range(len(framed) - 2)]
    found += [f" {word}" for word in rjieba.cut(text) if len(word) > 1]
    found += [f" length {min(len(text).bit_length(), _LONGEST)}"] * _LENGTH_WEIGHT
    return found


@dataclass(frozen=True)
class Vocabulary:
    """Terms a model knows, with their inverse document frequencies, `idf[index[term]]`."""

    index: Mapping[str, int]
    idf: Floats

    def vector(self, text: str) -> tuple[Indices, Floats]:
        """The known terms of `text`: their indices and weights (both empty if none is known)."""
        return self.weigh(terms(text))

    def weigh(self, found: Sequence[str]) -> tuple[Indices, Floats]:
        counts: Counter[int] = Counter()
        index = self.index
        for term in found:
            known = index.get(term)
            if known is not None:
                counts[known] += 1
        indices = np.fromiter(counts.keys(), np.intp, len(counts))
        weights = np.fromiter(counts.values(), np.float32, len(counts))
        weighted: Floats = (np.float32(1) + np.log(weights)) * self.idf[indices]
        length = np.sqrt((weighted * weighted).sum())
        return indices, weighted / length if length else weighted


def build_vocabulary(documents: Iterable[Sequence[str]], *, least: int) -> Vocabulary:
    """The terms that occur in at least `least` of `documents` (lists of `terms`)."""
    frequency: Counter[str] = Counter()
    total = 0
    for found in documents:
        frequency.update(set(found))
        total += 1
    kept = sorted(term for term, count in frequency.items() if count >= least)
    idf = [np.log((1 + total) / (1 + frequency[term])) + 1.0 for term in kept]
    return Vocabulary({t: i for i, t in enumerate(kept)}, np.asarray(idf, np.float32))
