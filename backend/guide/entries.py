"""The guide to what is done how (办事指南): its entries, checked when loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.data_file import read_yaml

Topic = Literal["materials", "place", "hours", "cost", "days", "phone", "online"]
TOPICS: Sequence[Topic] = ("materials", "place", "hours", "cost", "days", "online", "phone")
ASKING_FILE = "asking.yml"
Short = Annotated[str, Field(min_length=2, max_length=14)]
Line = Annotated[str, Field(min_length=2, max_length=70)]


class GuideError(ValueError):
    """The guide is wrong; the message names the file and the entry."""


class Entry(BaseModel):
    """One thing people apply for. `aliases` are what they call it, `questions` how they ask for it
    in other words; `materials` to `online` is what they are told."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
    title: Short
    aliases: list[Short] = []
    questions: list[Line] = []
    who: Line | None = None
    materials: Line
    place: Line
    hours: Line
    cost: Line
    days: Line
    online: Line | None = None
    phone: Annotated[str, Field(min_length=3, max_length=24)]

    def told(self, topic: Topic) -> str | None:
        """What the entry says about one point."""
        value: str | None = getattr(self, topic)
        return value


_FIRST_SIGN = 0x3400
"""Characters that nobody writes, and that count as letters."""


@dataclass(frozen=True)
class Guide:
    """`asks`: words of a question of procedure; `blames`: words of somebody's own grievance, which
    no guide answers; `spoken`: question words as they are said in places, with the plain one."""

    entries: Mapping[str, Entry]
    asks: re.Pattern[str]
    blames: re.Pattern[str]
    spoken: Mapping[str, str]

    def plain(self, text: str) -> str:
        """With plain question words: '医保啥时候交' asks what '医保什么时候交' does."""
        return self._words.sub(lambda found: self.spoken.get(found[0], found[0]), text)

    def signs(self, text: str) -> str:
        """With one sign for each question word, so that what is asked about tells more than how."""
        plain = sorted(set(self.spoken.values()))
        return self._words.sub(
            lambda found: chr(_FIRST_SIGN + plain.index(self.spoken.get(found[0], found[0]))), text
        )

    @cached_property
    def questions(self) -> Mapping[str, Sequence[str]]:
        """Of each entry by its id, in signs."""
        return {id_: [*map(self.signs, entry.questions)] for id_, entry in self.entries.items()}

    @cached_property
    def _words(self) -> re.Pattern[str]:
        words = {*self.spoken, *self.spoken.values()}
        return re.compile("|".join(sorted(map(re.escape, words), key=len, reverse=True)))


def load_guide(folder: Path) -> Guide:
    """From data/guide. Raises GuideError."""
    entries = checked_entries(read_entries(folder))
    file = folder / ASKING_FILE
    asking = _read(file, dict)
    if set(asking) != {"asks", "blames", "plain"}:
        raise GuideError(f"{file}: exactly the entries asks, blames, plain are needed")
    asks, blames = _pattern(file, asking["asks"]), _pattern(file, asking["blames"])
    return Guide(entries, asks, blames, _spoken_words(file, asking["plain"]))


def read_entries(folder: Path) -> dict[str, dict[str, Any]]:
    """The entries of data/guide by id, as data. Raises GuideError for what is no list of them, and
    an id that stands twice."""
    entries: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("*.yml")):
        if file.name == ASKING_FILE:
            continue
        for number, told in enumerate(_read(file, list), 1):
            id_ = told.get("id") if isinstance(told, dict) else None
            if not isinstance(id_, str):
                raise GuideError(f"{file}: {number}: an entry with an id is needed")
            if id_ in entries:
                raise GuideError(f"{file}: {id_} stands twice")
            entries[id_] = told
    return entries


def checked_entries(told: Mapping[str, Mapping[str, Any]]) -> dict[str, Entry]:
    """Entries from data, by id. Raises GuideError naming the entry: a field that cannot be, a name
    that two entries have."""
    entries: dict[str, Entry] = {}
    names: dict[str, str] = {}
    for id_, one in told.items():
        entry = _entry(id_, one)
        for name in (entry.title, *entry.aliases):
            if name in names:
                raise GuideError(f"{id_}: {name} also names {names[name]}")
            names[name] = id_
        entries[id_] = entry
    return entries


def _entry(id_: str, told: Mapping[str, Any]) -> Entry:
    try:
        return Entry.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        raise GuideError(f"{id_}: {first['loc']}: {first['msg']}") from error


def _pattern(file: Path, patterns: object) -> re.Pattern[str]:
    if not isinstance(patterns, list) or not patterns:
        raise GuideError(f"{file}: a list of patterns is needed")
    try:
        return re.compile("|".join(f"(?:{one})" for one in patterns))
    except re.error as error:
        raise GuideError(f"{file}: {error}") from error


def _spoken_words(file: Path, told: object) -> dict[str, str]:
    if (
        not isinstance(told, dict)
        or not told
        or not all(isinstance(v, list) for v in told.values())
    ):
        raise GuideError(f"{file}: plain: a list of words for each plain word is needed")
    return {str(spoken): str(plain) for plain, words in told.items() for spoken in words}


def _read(file: Path, kind: type) -> Any:
    try:
        content = read_yaml(file)
    except (OSError, yaml.YAMLError) as error:
        raise GuideError(f"{file}: {error}") from error
    if not isinstance(content, kind):
        raise GuideError(f"{file}: a {kind.__name__} is needed")
    return content
