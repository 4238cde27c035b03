"""Which offices and officials a complaint or report names, for recusal. Pure.

A department is named by its name ('青禾县教育局', '县教育局', '教育局', '人社局'). A township's own
office is named with its township, or bare ('派出所') where the petition comes from that township.
A township or village is a place first: it is named only with its authority ('柳河镇政府').
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from backend.data_file import read_yaml
from backend.organisation.tree import Org

_SHORTEST = 3  # characters of a bare office name; shorter ones hit too much
_SUFFIX = re.compile("[县镇乡]$")


class NamingError(ValueError):
    """naming.yml is wrong; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Named:
    """An office named in a text, and the words that name it."""

    org: Org
    words: str


@dataclass(frozen=True)
class NamingRules:
    """See data/rules/naming.yml."""

    offices: frozenset[str]
    places: frozenset[str]
    gap: int
    authority: tuple[str, ...]
    short: Mapping[str, tuple[str, ...]]

    @cached_property
    def _authority_after(self) -> re.Pattern[str]:
        words = sorted(self.authority, key=len, reverse=True)
        return re.compile(
            rf"[^，。；！？,;!?\s]{{0,{self.gap}}}?(?:{'|'.join(map(re.escape, words))})"
        )

    def named_in(self, text: str, orgs: Sequence[Org], home: str) -> Sequence[Named]:
        """Offices `text` names, each once. `orgs`: the county's offices; `home`: path of the
        township (or county) the petition belongs to. The longest name wins: '青禾县公安局' does
        not name another office's '公安局'."""
        by_id = {org.id: org for org in orgs}
        said = [
            (org.type in self.places, name, org)
            for org in orgs
            if org.active and org.parent_id is not None
            for name in self._names(org, by_id.get(org.parent_id), home)
            if name in text
        ]
        found: dict[int, Named] = {}
        taken: list[tuple[int, int, str]] = []
        # Offices before places ('城关镇派出所领导' speaks of the station, not of the township), and
        # full names before the shorter ones inside them.
        for place, name, org in sorted(said, key=lambda one: (one[0], -len(one[1]))):
            for start, end in self._spans(text, name, place):
                if not any(a < end and start < b and other != name for a, b, other in taken):
                    taken.append((start, end, name))
                    found.setdefault(org.id, Named(org, text[start:end]))
        return list(found.values())

    def _spans(self, text: str, name: str, place: bool) -> Iterable[tuple[int, int]]:
        start = text.find(name)
        while start >= 0:
            end = start + len(name)
            if not place:
                yield start, end
            elif authority := self._authority_after.match(text, end):
                yield start, authority.end()
            start = text.find(name, end)

    def _names(self, org: Org, parent: Org | None, home: str) -> Iterable[str]:
        if org.type in self.places:
            yield from _place_names(org, parent, home)
        elif org.type in self.offices:
            yield from self._office_names(org, parent, home)

    def _office_names(self, org: Org, parent: Org | None, home: str) -> Iterable[str]:
        yield org.name
        if parent is None or not org.name.startswith(parent.name):
            return
        own = org.name.removeprefix(parent.name)
        names = [own, *self.short.get(own, ())]
        prefixes = [parent.name, _SUFFIX.sub("", parent.name)]
        if parent.parent_id is None:
            prefixes.append(parent.name[-1:])  # 县教育局
        for name in names:
            yield from (prefix + name for prefix in prefixes if prefix)
            # A county department is the only one of its name; a township's office only at home.
            bare_is_clear = parent.parent_id is None or home.startswith(parent.path)
            if bare_is_clear and len(name) >= _SHORTEST:
                yield name


def _place_names(org: Org, parent: Org | None, home: str) -> Iterable[str]:
    yield org.name
    below_township = parent is not None and parent.parent_id is not None
    if parent is not None and below_township and org.name.startswith(parent.name):
        # Villages of two townships may share a name: without the township, the writer's own.
        if home.startswith(parent.path) or parent.path.startswith(home):
            yield org.name.removeprefix(parent.name)
        return
    short = _SUFFIX.sub("", org.name)
    if short != org.name and len(short) >= 2:
        yield short


def load_naming_rules(file: Path) -> NamingRules:
    """Read naming.yml. Raises NamingError."""
    try:
        content: Any = read_yaml(file)
    except (OSError, yaml.YAMLError) as error:
        raise NamingError(f"{file}: {error}") from error
    if not isinstance(content, dict):
        raise NamingError(f"{file}: expected a mapping")
    for key, kind in (
        ("offices", list),
        ("places", list),
        ("gap", int),
        ("authority", list),
        ("short", dict),
    ):
        if not isinstance(content.get(key), kind):
            raise NamingError(f"{file}: {key}: expected a {kind.__name__}")
    short = {name: tuple(words) for name, words in content["short"].items()}
    return NamingRules(
        frozenset(content["offices"]),
        frozenset(content["places"]),
        content["gap"],
        tuple(content["authority"]),
        short,
    )
