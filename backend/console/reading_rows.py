"""The machine's reading beside what holds, with the next best as one-click corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.petitions.queries import PetitionView, Reading
from backend.web.texts import OfficialTexts

FIELDS = ("kind", "domain", "place", "urgency", "sentiment")
MOST_CANDIDATES = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    value: str
    name: str
    percent: int | None


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """`held` counts now; `machine_name` is what the machine had said, where a human corrected it.
    `choices` are all values of a listed field; None for a free text."""

    field: str
    held: str
    held_name: str
    percent: int | None
    corrected: bool
    machine_name: str
    candidates: Sequence[Candidate]
    choices: Sequence[tuple[str, str]] | None


def reading_rows(
    view: PetitionView, texts: OfficialTexts, services: Mapping[str, str]
) -> Sequence[ReadingRow]:
    """One row per field, whether or not the machine read it."""
    latest: dict[str, Reading] = {reading.field: reading for reading in view.readings}
    names: Mapping[str, Mapping[str, str]] = {
        "kind": texts.kinds,
        "domain": services,
        "urgency": texts.urgencies,
        "sentiment": texts.sentiments,
        "place": {},
    }
    held = {
        "kind": view.kind,
        "domain": view.domain,
        "urgency": view.urgency,
        "sentiment": view.sentiment or "",
        "place": view.place,
    }
    return [_row(field, held[field], latest.get(field), names[field]) for field in FIELDS]


def _row(field: str, held: str, reading: Reading | None, names: Mapping[str, str]) -> ReadingRow:
    corrected = reading is not None and reading.corrected_to is not None
    confidence = reading.confidence if reading and reading.value == held else None
    machine = reading.value if reading and corrected and reading.value != held else None
    return ReadingRow(
        field=field,
        held=held,
        held_name=names.get(held, held),
        percent=_percent(confidence),
        corrected=corrected,
        machine_name=names.get(machine, machine) if machine else "",
        candidates=_candidates(held, reading, names),
        choices=list(names.items()) or None,
    )


def _candidates(
    held: str, reading: Reading | None, names: Mapping[str, str]
) -> Sequence[Candidate]:
    if reading is None:
        return []
    return [
        # A machine that is sure may be wrong: its runner-up stays one click away, without a '0%'.
        Candidate(value, names[value], _percent(confidence) or None)
        for value, confidence in reading.candidates
        if value != held and value in names
    ][:MOST_CANDIDATES]


def _percent(confidence: float | None) -> int | None:
    return None if confidence is None else round(min(max(confidence, 0.0), 1.0) * 100)
