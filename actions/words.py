"""The few word lists the dialogue listens for, from words.yml."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_name("words.yml")
_PUNCTUATION = re.compile(r"[\s,.;:!?~、，。；：！？…—\-]+")
_SCORE = re.compile(r"^(?:我?[给打评]个?)?([1-5一二两三四五])(?:分|星|颗星)?(?:吧|了)?$")


@lru_cache(maxsize=1)
def words() -> Mapping[str, Any]:
    """The whole file, read once."""
    with _FILE.open(encoding="utf-8") as file:
        loaded: dict[str, Any] = yaml.safe_load(file)
    return loaded


def label(name: str, **params: str) -> str:
    """The label of an option, filled in."""
    text: str = words()["labels"][name]
    return text.format(**params)


def bare(text: str) -> str:
    """The text without spaces and punctuation, for comparing and measuring."""
    return _PUNCTUATION.sub("", text)


def named(group: str, text: str) -> str | None:
    """Which name of a group of word lists the text speaks of; the longest word wins."""
    lists: Mapping[str, Sequence[str]] = words()[group]
    found = [(len(word), name) for name, listed in lists.items() for word in listed if word in text]
    return max(found)[1] if found else None


def satisfaction(text: str) -> int | None:
    """The level 1–5 a citizen's words express, None where they express none."""
    stripped = bare(text)
    score = _SCORE.match(stripped)
    if score:
        return int(words()["digits"][score[1]])
    lists: Mapping[int, Sequence[str]] = words()["levels"]
    found = [
        (len(word), -level)
        for level, listed in lists.items()
        for word in listed
        if word in stripped
    ]
    return -max(found)[1] if found else None


def only_announces(text: str) -> bool:
    """True for '补充一下', '我再发几张照片': says that something follows and nothing more."""
    stripped = bare(text)
    announcements: list[str] = words()["announcements"]
    if not any(word in stripped for word in announcements):
        return False
    known = sorted([*announcements, *words()["fillers"]], key=len, reverse=True)
    return not re.sub("|".join(known), "", stripped)
