"""From the lines a reader found to a text and how sure it is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_CONFIDENCE = 0.6  # below, a line is noise more often than not (benchmarks/photo_text.py)
MOST_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """One line and how sure the reader is of it, 0 to 1."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class PhotoText:
    """Lines apart by newlines, '' where none was found; `confidence` is then None, else the mean
    over the characters."""

    text: str
    confidence: float | None


def joined(lines: Sequence[Line]) -> PhotoText:
    """The lines worth keeping, in their order, `MOST_CHARACTERS` at most."""
    kept = [Line(one.text.strip(), one.confidence) for one in lines if _is_writing(one)]
    text = "\n".join(one.text for one in kept)[:MOST_CHARACTERS]
    if not text:
        return PhotoText("", None)
    characters = sum(len(one.text) for one in kept)
    mean = sum(one.confidence * len(one.text) for one in kept) / characters
    return PhotoText(text, round(min(max(mean, 0.0), 1.0), 3))


def _is_writing(line: Line) -> bool:
    return line.confidence >= LEAST_CONFIDENCE and any(char.isalnum() for char in line.text)
