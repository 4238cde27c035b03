"""The machine's reading of a text as cells of a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from backend.catalogue import Service
from backend.triage.classifier import Classifier, Ranking
from backend.triage.cleaning import as_written, clean
from backend.triage.entities import EntityReader
from backend.triage.examples import NONE
from backend.triage.own_words import with_own_words
from backend.triage.whole_reading import WholeReader, WrittenPlace

TRIAGE_COLUMNS = (
    "kind", "kind_confidence",
    "domain", "domain_name", "domain_confidence", "domain_2", "domain_3",
    "urgency", "sensitive", "places", "since", "summary", "sentiment",
)  # fmt: skip


class TriageCells:
    """Cells of TRIAGE_COLUMNS for each text. `kind` is a kind's Chinese name (无关: no petition),
    `domain` a code of the catalogue, `sensitive` keys joined by semicolons, `places` a JSON list of
    {text, start, end, code}, its offsets in the text as it stands in the cell, `sentiment` a code
    of sentiments.yml, '' where the model tells none."""

    def __init__(
        self,
        classifier: Classifier,
        entities: EntityReader,
        services: Mapping[str, Service],
        own: Mapping[str, frozenset[str]],
    ) -> None:
        """`own`: by domain, words of the deployment's that the model has not seen (own_words)."""
        self._reader = WholeReader(classifier, entities)
        self._own_words = own
        self._kinds: Mapping[str, str] = classifier.card["kinds"]
        # A domain taken off the catalogue since the model was trained keeps the name it had.
        self._domains = classifier.card["domains"] | {
            code: service.name for code, service in services.items()
        }

    def read(self, texts: Sequence[str]) -> list[Sequence[str]]:
        return [self._cells(text) for text in texts]

    def _cells(self, text: str) -> Sequence[str]:
        reading = self._reader.read(text)
        if reading is None:
            return (self._kinds[NONE], _share(1.0), *[""] * 5, "normal", "", "[]", "", "", "")
        triage = reading.triage
        domains = with_own_words(clean(text).text, triage.domains, self._own_words)
        domain, confidence = domains[0]
        return (
            self._kinds[triage.kind],
            _share(triage.kind_confidence),
            domain,
            self._domains[domain],
            _share(confidence),
            *_others(domains),
            triage.urgency,
            ";".join(triage.sensitive),
            _json(reading.places),
            reading.since,
            as_written(triage.summary),
            triage.sentiment,
        )


def _others(ranking: Ranking) -> tuple[str, str]:
    """The second and the third, '' where there is none."""
    codes = [code for code, _ in ranking[1:3]] + ["", ""]
    return codes[0], codes[1]


def _json(places: Sequence[WrittenPlace]) -> str:
    listed = [
        {"text": place.text, "start": place.start, "end": place.end, "code": place.code}
        for place in places
    ]
    return json.dumps(listed, ensure_ascii=False)


def _share(probability: float) -> str:
    return f"{probability:.4f}"
