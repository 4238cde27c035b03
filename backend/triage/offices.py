"""Offices a text speaks of: those of the deployment, and any by what they are called everywhere."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.catalogue import Unit
from backend.triage.lexicon import Lexicon
from backend.triage.rule_file import PatternsError, read_rules

_AUTHORITY = ("政府", "人民政府", "党委")
_VILLAGE_AUTHORITY = ("村委会", "村委", "居委会", "村两委", "党支部", "两委", "委会")
_LEVEL = re.compile("[县镇乡]$")


@dataclass(frozen=True, slots=True)
class OfficeNamed:
    """`text[start:end]` names an office; `code` of its unit, None where several may be meant or
    the deployment has none of the name."""

    start: int
    end: int
    code: str | None


@dataclass(frozen=True)
class OfficePatterns:
    """See data/rules/offices.yml; `short` of naming.yml: official endings to what people say."""

    offices: tuple[str, ...]
    levels: tuple[str, ...]
    short: Mapping[str, tuple[str, ...]]


def load_office_patterns(folder: Path) -> OfficePatterns:
    """Raises PatternsError."""
    content, naming = read_rules(folder / "offices.yml"), read_rules(folder / "naming.yml")
    try:
        return OfficePatterns(
            tuple(map(str, content["offices"])),
            tuple(map(str, content["levels"])),
            {name: tuple(short) for name, short in naming["short"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise PatternsError(f"{folder / 'offices.yml'}: {error!r}") from error


class OfficeBook:
    """The offices of one deployment's organisation (unit codes to units), by all their names."""

    def __init__(self, patterns: OfficePatterns, organisation: Mapping[str, Unit]) -> None:
        self._codes: dict[str, set[str]] = {}
        for unit in organisation.values():
            if unit.active:
                for name in _names(unit, organisation, patterns):
                    self._codes.setdefault(name, set()).add(unit.code)
        before = {
            short
            for unit in organisation.values()
            if unit.type in ("county", "township", "village", "community")
            for short in _place_names(unit, organisation)
        }
        self._lexicon = Lexicon(
            [
                *self._codes,
                *patterns.offices,
                *(b + office for b in (*before, *patterns.levels) for office in patterns.offices),
            ]
        )

    def find(self, text: str) -> Iterator[OfficeNamed]:
        """Offices named in cleaned `text`, by position, not overlapping."""
        for start, end in self._lexicon.find(text):
            codes = self._codes.get(text[start:end], set())
            yield OfficeNamed(start, end, next(iter(codes)) if len(codes) == 1 else None)


def _names(unit: Unit, organisation: Mapping[str, Unit], patterns: OfficePatterns) -> Iterator[str]:
    parent = organisation.get(unit.parent) if unit.parent else None
    if unit.type in ("county", "township"):
        for name in _place_names(unit, organisation):
            yield from (name + authority for authority in _AUTHORITY)
        if unit.type == "county":
            yield from ("县政府", "县人民政府", "县委")
    elif unit.type in ("village", "community"):
        for name in _place_names(unit, organisation):
            yield from (name + authority for authority in _VILLAGE_AUTHORITY)
    elif parent is not None:
        own = unit.name.removeprefix(parent.name)
        said = [own, *patterns.short.get(own, ())]
        prefixes = [*_place_names(parent, organisation)]
        if parent.parent is None:
            prefixes += [parent.name[-1:], ""]  # a county department is the only one of its name
        yield unit.name
        yield from (prefix + name for prefix in prefixes for name in said)


def _place_names(unit: Unit, organisation: Mapping[str, Unit]) -> Iterable[str]:
    """青禾县, 青禾; 城关镇, 城关; 城关镇李家湾村, 李家湾村."""
    parent = organisation.get(unit.parent) if unit.parent else None
    own = unit.name.removeprefix(parent.name) if parent else unit.name
    short = _LEVEL.sub("", own)
    return {unit.name, own, *([short] if len(short) > 1 else [])}
