"""What changed between two contents of one name, entry by entry and field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.deployment.effective import (
    ACTIVE,
    DIVISIONS,
    GUIDE,
    ORGANISATION,
    REPLIES,
    SERVICES,
    WORKING_DAYS,
)

Value = str | bool | int | Sequence[str] | None
Fields = Mapping[str, Value]
_UNIT_FIELDS = ("name", "type", "parent", "function", "division")
_TOLD = ("who", "materials", "place", "hours", "cost", "days", "online", "phone")
_URGENCIES = ("low", "normal", "high", "emergency")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """None: the field was, or is, not there."""

    field: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class EntryChange:
    """`way` is added, removed or changed; `title` is how people know the entry."""

    key: str
    title: str
    way: str
    fields: Sequence[FieldChange]


def changes(name: str, before: Any, after: Any) -> Sequence[EntryChange]:
    """From one content of `name` (effective.py) to another."""
    old, new = dict(_ENTRIES[name](before)), dict(_ENTRIES[name](after))
    found = []
    for key in dict.fromkeys([*new, *old]):
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        way = "added" if was is None else "removed" if now is None else "changed"
        title = str((now or was or {}).get("name", key))
        found.append(EntryChange(key, title, way, _fields(was or {}, now or {})))
    return found


def _fields(was: Fields, now: Fields) -> Sequence[FieldChange]:
    # In the order of the flattened entry: PostgreSQL keeps no order of keys.
    return [
        FieldChange(field, was.get(field), now.get(field))
        for field in dict.fromkeys([*now, *was])
        if was.get(field) != now.get(field)
    ]


def _services(content: Mapping[str, Any]) -> Iterator[tuple[str, Fields]]:
    for code, entry in content.items():
        offices = {
            f"{level}_{part}": entry[level].get(part, [])
            for level in ("township", "county")
            for part in ("lead", "assisting")
        }
        kept = {field: entry[field] for field in ("name", "level", "words")}
        days = {urgency: entry["deadline"][urgency] for urgency in _URGENCIES}
        yield code, {**kept, **days, **offices}


def _units(content: Mapping[str, Any]) -> Iterator[tuple[str, Fields]]:
    for entry in content["units"]:
        kept = {key: entry[key] for key in _UNIT_FIELDS if key in entry}
        yield entry["code"], {**kept, "active": entry.get("active", True)}


def _divisions(content: Mapping[str, Any]) -> Iterator[tuple[str, Fields]]:
    def fields(entry: Mapping[str, Any], parent: str | None) -> Fields:
        names = {key: entry.get(key) or [] for key in ("aliases", "landmarks")}
        return {"name": entry["name"], "parent": parent, **names}

    county = content["county"]
    yield county["code"], fields(county, None)
    for town in content["townships"]:
        yield town["code"], fields(town, county["code"])
        for village in town["villages"]:
            yield village["code"], fields(village, town["code"])


def _years(content: Mapping[str, Any]) -> Iterator[tuple[str, Fields]]:
    for year, table in content.items():
        yield year, {key: table.get(key) or [] for key in ("closed", "working")}


def _replies(content: Mapping[str, Any]) -> Iterator[tuple[str, Fields]]:
    for key, entry in content.items():
        yield key, {look: entry[look] for look in ("text", "sms") if look in entry}


def _guide(content: Mapping[str, Any]) -> Iterator[tuple[str, Fields]]:
    for id_, entry in content.items():
        lists = {key: entry.get(key) or [] for key in ("aliases", "questions")}
        told = {key: entry[key] for key in _TOLD if key in entry}
        yield id_, {"name": entry["title"], **lists, **told, ACTIVE: entry.get(ACTIVE, True)}


_ENTRIES = {
    SERVICES: _services,
    ORGANISATION: _units,
    DIVISIONS: _divisions,
    WORKING_DAYS: _years,
    REPLIES: _replies,
    GUIDE: _guide,
}
