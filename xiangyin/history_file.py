"""A deployment's own past petitions, read from a table, as lessons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from backend.learning.lessons import HISTORY, Lesson
from backend.petitions.masking import without_persons
from backend.triage.cleaning import clean
from xiangyin.table_files.reading import open_table


@dataclass(frozen=True, slots=True)
class HistoryColumns:
    text: str
    kind: str
    domain: str


@dataclass
class HistoryRead:
    """`unknown` counts the words that are no kind or domain, with the column they stood in."""

    lessons: list[Lesson] = field(default_factory=list)
    encoding: str = ""
    empty: int = 0
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)


def read_history(
    file: Path, columns: HistoryColumns, kinds: Mapping[str, str], domains: Mapping[str, str]
) -> HistoryRead:
    """Rows with a text, a kind and a domain, each said by its code or its name (`kinds`, `domains`:
    name by code). Numbers of persons are masked. Raises TableRefused, OSError."""
    kind_codes, domain_codes = _codes(kinds), _codes(domains)
    found = HistoryRead()
    with open_table(file) as table:
        at = [table.column(name) for name in (columns.text, columns.kind, columns.domain)]
        found.encoding = table.encoding.name
        for number, row in enumerate(table.rows(), 1):
            text, kind, domain = (row[i].strip() for i in at)
            if not clean(text).text:
                found.empty += 1
            elif kind not in kind_codes:
                found.unknown[columns.kind, kind] += 1
            elif domain not in domain_codes:
                found.unknown[columns.domain, domain] += 1
            else:
                found.lessons.append(
                    Lesson(
                        without_persons(text, None),
                        kind_codes[kind],
                        domain_codes[domain],
                        HISTORY,
                        f"history:{number}",
                    )
                )
    return found


def _codes(names: Mapping[str, str]) -> Mapping[str, str]:
    return {code: code for code in names} | {name: code for code, name in names.items()}
