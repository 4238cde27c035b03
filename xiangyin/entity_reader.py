"""The reader of entities as this project reads them; loads nothing that only a server needs."""

from __future__ import annotations

from backend.catalogue import Catalogue
from backend.petitions.number import find_numbers
from backend.triage.entities import EntityReader, load_patterns
from backend.triage.gazetteer import Gazetteer
from backend.triage.tagger import Tagger
from xiangyin.settings import PROJECT


def load_entity_reader(catalogue: Catalogue) -> EntityReader:
    """Reads places by the divisions of this catalogue, offices by its organisation. Raises
    PatternsError."""
    return EntityReader(
        load_patterns(PROJECT / "data" / "rules"),
        Gazetteer(catalogue.divisions),
        Tagger(),
        find_numbers,
        catalogue.organisation,
    )
