"""How people feel: the moods of `data/triage/sentiments.yml`, and which authored texts show which.

The texts themselves belong to `examples/` and `letters/`, which say kind and domain; their moods
stand apart, by how a text begins, so that both can be added to without a thought of the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.triage.cues import Cues, cues_of

OPENING = 16
"""Characters by which a text is told from the others."""

_MARKS = ("letters", "examples")
_TEXTS = "texts"
_CUES = "cues"


@dataclass(frozen=True)
class Sentiments:
    """`names` and `shares` (how many of a hundred petitions) by code; `texts` are (text, code) that
    teach nothing but their mood; `marks` the mood of an example by the first OPENING characters of
    its text; `cues` tell how a writer feels."""

    names: Mapping[str, str]
    shares: Mapping[str, float]
    texts: tuple[tuple[str, str], ...]
    marks: Mapping[str, str]
    cues: Cues

    def of(self, text: str) -> str | None:
        """The mood an example is marked with, None for one nobody marked."""
        return self.marks.get(_opening(text))


def sentiment_files(data: Path) -> list[Path]:
    """All files the moods are read from."""
    folder = data / "triage" / "sentiments"
    parts = (*_MARKS, _TEXTS, _CUES)
    return [data / "triage" / "sentiments.yml", *(folder / f"{part}.yml" for part in parts)]


def sentiments_of(listed: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]]) -> Sentiments:
    """From the content of sentiments.yml and of the files beside it (by name: letters, examples,
    texts, cues). Raises ValueError naming the entry."""
    entries = listed.get("sentiments")
    if not isinstance(entries, list) or not entries:
        raise ValueError("sentiments.yml: a list 'sentiments' is needed")
    for entry in entries:
        _check(entry)
    names = {str(entry["code"]): str(entry["name"]) for entry in entries}
    shares = {str(entry["code"]): float(entry["share"]) for entry in entries}
    marked = (pair for part in _MARKS for pair in _by_mood(part, parts[part], names))
    return Sentiments(
        names,
        shares,
        tuple(_by_mood(_TEXTS, parts[_TEXTS], names)),
        {_opening(opening): mood for opening, mood in marked},
        _cues(parts[_CUES]),
    )


def _check(entry: object) -> None:
    if not isinstance(entry, Mapping) or set(entry) != {"code", "name", "meaning", "share"}:
        raise ValueError(f"sentiments.yml: {entry}: code, name, meaning and share are needed")
    share = entry["share"]
    if not isinstance(share, int | float) or share <= 0:
        raise ValueError(f"sentiments.yml: {entry['code']}: share: a number above 0 is needed")


def _by_mood(
    part: str, content: Mapping[str, Any], known: Iterable[str]
) -> Iterable[tuple[str, str]]:
    for mood, texts in content.items():
        if mood not in known:
            raise ValueError(f"sentiments/{part}.yml: {mood}: no such sentiment")
        for text in texts if isinstance(texts, list) else [None]:
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"sentiments/{part}.yml: {mood}: {text!r} is no text (quote it)")
            yield text, str(mood)


def _cues(content: Mapping[str, Any]) -> Cues:
    try:
        return cues_of(content)
    except ValueError as error:
        raise ValueError(f"sentiments/{_CUES}.yml: {error}") from error


def _opening(text: str) -> str:
    return text[:OPENING].strip()
