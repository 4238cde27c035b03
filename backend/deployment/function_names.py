"""What a function is called: as the office that has it, without the name of what it lies under."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from backend.catalogue import Catalogue


def function_names(catalogue: Catalogue, shipped: Catalogue, level: str) -> Mapping[str, str]:
    """By code, for offices under townships or the county (`level`): the commonest name there, else
    that of the shipped example."""
    return {**_names(shipped, level), **_names(catalogue, level)}


def _names(catalogue: Catalogue, level: str) -> dict[str, str]:
    units = catalogue.organisation
    found: dict[str, Counter[str]] = {}
    for unit in units.values():
        parent = units.get(unit.parent or "")
        if unit.function and unit.active and parent is not None and parent.type == level:
            short = unit.name.removeprefix(parent.name) or unit.name
            found.setdefault(unit.function, Counter())[short] += 1
    return {function: names.most_common(1)[0][0] for function, names in found.items()}
