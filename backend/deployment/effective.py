"""What holds in a deployment: its own data over what is shipped. Pure but for `load_shipped`.

Data are kept by name. `services` (each with its dispatch rule), `working_days`, `replies` and
`guide` are merged entry by entry, so that what an update ships anew comes through; `organisation`
and `divisions` are one county's or another's, whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any

from backend.catalogue import Catalogue, build_catalogue, load_catalogue
from backend.conversation.texts import load_entries
from backend.data_file import read_yaml
from backend.guide.entries import Guide, checked_entries, load_guide, read_entries
from backend.petitions.deadline import WorkingCalendar, build_calendar

SERVICES = "services"
ORGANISATION = "organisation"
DIVISIONS = "divisions"
WORKING_DAYS = "working_days"
REPLIES = "replies"
GUIDE = "guide"
NAMES = (ORGANISATION, SERVICES, DIVISIONS, WORKING_DAYS, REPLIES, GUIDE)
ACTIVE = "active"
"""Of an entry of the guide: false where the county does not offer it."""

# By name: {entry's key: entry}, or for `organisation` and `divisions` the file's own form.
Contents = Mapping[str, Any]


@dataclass(frozen=True)
class Shipped:
    """`contents` of all `NAMES`; `catalogue` is what the classifier was trained on."""

    contents: Contents
    catalogue: Catalogue
    guide: Guide


@dataclass(frozen=True)
class Effective:
    """What holds, as data (`contents`, of all `NAMES`) and as what the app goes by."""

    contents: Contents
    catalogue: Catalogue
    calendar: WorkingCalendar
    guide: Guide

    @property
    def replies(self) -> Mapping[str, Mapping[str, str]]:
        found: Mapping[str, Mapping[str, str]] = self.contents[REPLIES]
        return found

    @property
    def county_name(self) -> str:
        return self.catalogue.county.name


def load_shipped(data: Path) -> Shipped:
    """Read the shipped files below `data`. Raises CatalogueError, GuideError, TextError,
    OSError."""
    folder = data / "catalogue"
    dispatch = read_yaml(folder / "dispatch.yml")["dispatch"]
    services = {
        entry["code"]: {**entry, **dispatch[entry["code"]]}
        for entry in read_yaml(folder / "services.yml")["services"]
    }
    contents = {
        SERVICES: services,
        ORGANISATION: read_yaml(folder / "organisation.yml"),
        DIVISIONS: read_yaml(folder / "divisions.yml"),
        WORKING_DAYS: _with_text_keys(read_yaml(folder / "working_days.yml")["years"]),
        REPLIES: load_entries(data / "texts" / "replies.yml"),
        GUIDE: read_entries(data / "guide"),
    }
    return Shipped(contents, load_catalogue(folder), load_guide(data / "guide"))


def effective(shipped: Shipped, own: Contents) -> Effective:
    """Merge and check. Raises CatalogueError, CalendarError, GuideError."""
    contents = merged(shipped, own)
    services = contents[SERVICES]
    catalogue = build_catalogue(
        {
            "services.yml": {"services": [_service(entry) for entry in services.values()]},
            "organisation.yml": contents[ORGANISATION],
            "dispatch.yml": {"dispatch": {code: _rule(entry) for code, entry in services.items()}},
            "divisions.yml": contents[DIVISIONS],
        }
    )
    years = {int(year): table for year, table in contents[WORKING_DAYS].items()}
    calendar = build_calendar({"years": years}, Path("working_days.yml"))
    offered = {
        id_: {key: value for key, value in entry.items() if key != ACTIVE}
        for id_, entry in contents[GUIDE].items()
        if entry.get(ACTIVE, True)
    }
    guide = replace(shipped.guide, entries=checked_entries(offered))
    return Effective(contents, catalogue, calendar, guide)


def merged(shipped: Shipped, own: Contents) -> dict[str, Any]:
    """The contents of all `NAMES`: own entries win, shipped ones fill up."""
    contents = {
        name: own.get(name, shipped.contents[name])
        if name in (ORGANISATION, DIVISIONS)
        else {**shipped.contents[name], **own.get(name, {})}
        for name in NAMES
    }
    known = shipped.contents[REPLIES]
    # After an update an own wording may name a parameter no longer given, or say what nothing says.
    contents[REPLIES] = {
        key: entry if reply_parameters(entry) <= reply_parameters(known[key]) else known[key]
        for key, entry in contents[REPLIES].items()
        if key in known
    }
    contents[GUIDE] = _without_doubled_names(contents[GUIDE], own.get(GUIDE, {}))
    return contents


def _without_doubled_names(
    entries: Mapping[str, Mapping[str, Any]], own: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """After an update a shipped entry may have a name that an own one has by now: it is theirs."""
    taken = {name for entry in own.values() for name in names_of(entry)}
    found: dict[str, Mapping[str, Any]] = {}
    for id_, entry in entries.items():
        if id_ in own or not taken & set(names_of(entry)):
            found[id_] = entry
        elif entry["title"] not in taken:
            left = [name for name in entry.get("aliases", []) if name not in taken]
            found[id_] = {**entry, "aliases": left}
    return found


def names_of(entry: Mapping[str, Any]) -> list[str]:
    """What people call an entry of the guide; nothing while it is not offered."""
    return [entry["title"], *entry.get("aliases", [])] if entry.get(ACTIVE, True) else []


def reply_parameters(wording: Mapping[str, str]) -> frozenset[str]:
    """The {parameters} that any form of a text uses."""
    parts = (part for each in wording.values() for part in Formatter().parse(each))
    return frozenset(name for _, name, _, _ in parts if name is not None)


def own_part(shipped: Shipped, name: str, content: Any) -> Any:
    """What of `content` must be kept: entries that are not as shipped, or the whole."""
    if name in (ORGANISATION, DIVISIONS):
        return content
    known = shipped.contents[name]
    return {key: entry for key, entry in content.items() if known.get(key) != entry}


def _service(entry: Mapping[str, Any]) -> dict[str, Any]:
    """As services.yml has it: the lead is that of the dispatch rule at its level."""
    kept = {key: value for key, value in entry.items() if key not in ("township", "county")}
    return {**kept, "lead": entry[entry["level"]]["lead"]} if entry.get("level") in entry else kept


def _rule(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"township": entry["township"], "county": entry["county"]}


def _with_text_keys(years: Mapping[int, Mapping[str, list[Any]]]) -> dict[str, Any]:
    """Of JSON: '2026', and days as text ('2026-10-10' or '2026-10-01..2026-10-07')."""
    return {
        str(year): {name: [_day(day) for day in days or []] for name, days in table.items()}
        for year, table in years.items()
    }


def _day(day: date | str) -> str:
    return day if isinstance(day, str) else day.isoformat()
