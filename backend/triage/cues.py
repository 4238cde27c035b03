"""Cues: turns of phrase that tell what a text wants, whatever it is about.

An example's characters and words teach its subject too; a cue holds for every subject, and people
say at the end what they want. The cues are data (`data/triage/cues.yml`) and travel in the model.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.triage.features import Floats

_HEAD = 60
_TAIL = 90
_MOST = 3  # times a cue counts
_PLACES = 3  # anywhere, near the beginning, near the end
_QUESTION_ENDS = re.compile(r"[?吗呢][\W谢]*$")


@dataclass(frozen=True)
class Cue:
    """`words` are looked for as they stand, `patterns` as regular expressions."""

    name: str
    words: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]

    def found(self, text: str) -> Iterator[tuple[int, int]]:
        """First and last place of each word and of each match, as (start, end)."""
        for word in self.words:
            at = text.find(word)
            if at >= 0:
                yield at, text.rfind(word) + len(word)
        for pattern in self.patterns:
            for match in pattern.finditer(text):
                yield match.span()


@dataclass(frozen=True)
class Cues:
    """All cues; `opening` is how letters begin, which counts as no beginning."""

    opening: re.Pattern[str]
    cues: tuple[Cue, ...]

    def __len__(self) -> int:
        """How many figures `weigh` gives."""
        return _PLACES * len(self.cues) + 3

    def weigh(self, text: str) -> Floats:
        """How much of each cue a cleaned text has, each figure within 0–2: shape (len(self),)."""
        text = self.opening.sub("", text, count=1)
        tail = len(text) - _TAIL
        figures = np.zeros(len(self), np.float32)
        for i, cue in enumerate(self.cues):
            spans = list(cue.found(text))
            if spans:
                figures[_PLACES * i : _PLACES * (i + 1)] = (
                    min(len(spans), _MOST) / 2,
                    0.7 * any(start < _HEAD for start, _ in spans),
                    1.0 * any(end > tail for _, end in spans),
                )
        figures[-3:] = (
            0.7 * min(text.count("?"), 4) / 4,
            0.7 * bool(_QUESTION_ENDS.search(text[-12:])),
            min(len(text).bit_length(), 8) / 4,
        )
        return figures


def cues_of(content: Mapping[str, Any]) -> Cues:
    """Cues from the content of cues.yml or of a model. Raises ValueError naming the cue."""
    if set(content) != {"opening", "cues"} or not isinstance(content["cues"], Mapping):
        raise ValueError("exactly 'opening' and a mapping 'cues' are needed")
    cues = tuple(_cue(str(name), entry) for name, entry in content["cues"].items())
    return Cues(_compiled("opening", content["opening"]), cues)


def dumped(cues: Cues) -> bytes:
    """What `loaded` reads."""
    content = {
        "opening": cues.opening.pattern,
        "cues": {
            cue.name: {"words": cue.words, "patterns": [p.pattern for p in cue.patterns]}
            for cue in cues.cues
        },
    }
    return json.dumps(content, ensure_ascii=False).encode()


def loaded(content: bytes) -> Cues:
    return cues_of(json.loads(content))


def _cue(name: str, entry: object) -> Cue:
    if not isinstance(entry, Mapping) or not entry or not set(entry) <= {"words", "patterns"}:
        raise ValueError(f"cues.{name}: words, patterns or both are needed")
    words, patterns = (_texts(name, entry.get(part, [])) for part in ("words", "patterns"))
    return Cue(name, tuple(words), tuple(_compiled(f"cues.{name}", p) for p in patterns))


def _texts(name: str, found: object) -> Sequence[str]:
    if not isinstance(found, list) or not all(isinstance(text, str) and text for text in found):
        raise ValueError(f"cues.{name}: a list of texts is needed (quote signs)")
    return found


def _compiled(where: str, pattern: object) -> re.Pattern[str]:
    if not isinstance(pattern, str):
        raise ValueError(f"{where}: a pattern is needed")  # noqa: TRY004
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{where}: {error}") from error
