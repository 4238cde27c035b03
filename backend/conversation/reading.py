"""How the conversation reads: rules, entities, and the petition's kind and domain.

Reading by models runs in threads: it takes milliseconds and holds up nobody else's turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from backend.catalogue import Catalogue
from backend.guide.entries import Guide
from backend.guide.retrieval import entry_asked_for
from backend.petitions.filing import FieldReading, MachineReading
from backend.petitions.number import parse_number
from backend.triage.classifier import Classifier
from backend.triage.cleaning import as_written, clean
from backend.triage.entities import EntityReader
from backend.triage.examples import NONE
from backend.triage.gazetteer import Gazetteer
from backend.triage.own_words import own_words, with_own_words
from backend.triage.rules import Rules

LONGEST_TEXT = 2000
UNTITLED = "（无标题）"
RESEND_WORDS = frozenset({"重发", "再发一次", "再发一遍"})


@dataclass(frozen=True, slots=True)
class PetitionReading:
    """The machine's reading of a petition, with the place it found."""

    machine: MachineReading
    place: str | None
    place_code: str | None


class Readings:
    """What the app reads from words; the bot reads intents only."""

    def __init__(
        self, rules: Rules, entities: EntityReader, classifier: Classifier, guide: Guide
    ) -> None:
        self._rules = rules
        self.guide = guide
        self._entities = entities
        self._classifier = classifier
        self._own_words: Mapping[str, frozenset[str]] = {}

    @property
    def model(self) -> str:
        """The version of the model in service."""
        return _version(self._classifier)

    def take(self, classifier: Classifier) -> None:
        """Read by this classifier from now on."""
        self._classifier = classifier

    def know(self, catalogue: Catalogue, shipped: Catalogue, guide: Guide) -> None:
        """Read by this catalogue and answer from this guide from now on; the classifier was trained
        on the shipped catalogue."""
        self.guide = guide
        self._entities.know(Gazetteer(catalogue.divisions), catalogue.organisation)
        self._own_words = own_words(catalogue.services, shipped.services)

    def rule(self, text: str) -> str | None:
        """What the app answers without the bot: 'emergency:<key>', 'opt_out', 'opt_in',
        'resend'; None for everything else."""
        emergency = self._rules.emergency(text)
        if emergency is not None:
            return f"emergency:{emergency}"
        if self._rules.opt_out(text):
            return "opt_out"
        if self._rules.opt_in(text):
            return "opt_in"
        return "resend" if clean(text).text.strip(" 。.!") in RESEND_WORDS else None

    def is_number(self, text: str) -> bool:
        """Whether the message is a petition number and hardly anything else."""
        return len(text) <= 40 and parse_number(text) is not None

    def guide_entry(self, text: str) -> str | None:
        """The entry of the guide that a cleaned text asks for."""
        entry = entry_asked_for(self.guide, text)
        return entry.id if entry else None

    def place_near(self, latitude: float, longitude: float) -> str | None:
        """The place a point lies in, as it is called; None where none is near."""
        return self._entities.gazetteer.near(latitude, longitude)

    def place_words(self, sent: Mapping[str, Any]) -> str:
        """The words of a place sent from a phone (latitude, longitude, label): its label, and
        before it the village the point lies in where the label tells of none."""
        label = str(sent.get("label") or "")
        if label and self._entities.gazetteer.resolve(label) is not None:
            return label
        near = self.place_near(float(sent["latitude"]), float(sent["longitude"]))
        return f"{near or ''}{label}"

    async def petition_likelihood(self, text: str) -> float:
        """How likely a cleaned text raises a matter, 0 to 1; at least so likely."""
        if not text:
            return 0.0
        kinds = (await asyncio.to_thread(self._classifier.classify, text)).kinds
        # What is not listed is no likelier than the last that is.
        return 1.0 - dict(kinds).get(NONE, kinds[-1][1])

    async def entities(self, text: str, today: date) -> list[dict[str, Any]]:
        """Entities of a cleaned text as the turn request wants them; `today` is Shanghai's. Places
        where the matter is not stay out: the bot takes the first for the matter's."""
        if not text:
            return []
        found = await asyncio.to_thread(self._entities.read_entities, text, today)
        return [
            {
                "entity": each.entity,
                "value": each.value,
                "start": each.start,
                "end": each.end,
                "code": each.code,
                "date": each.date,
            }
            for each in found
            if not each.aside
        ]

    async def petition(
        self, text: str, place: str | None, *, emergency: str | None, in_photos: str = ""
    ) -> PetitionReading:
        """Kind, domain, urgency, mood, title; and a place from the text where the dialogue
        has none.
        `emergency`: its key (see `rule`), which says what it is about better than a few words.
        `in_photos`: what is written in the photos, which helps to tell kind and domain."""
        return await asyncio.to_thread(self._petition, text, place, emergency, in_photos)

    def _petition(
        self, text: str, place: str | None, emergency: str | None, in_photos: str
    ) -> PetitionReading:
        cleaned = clean(text).text
        classifier = self._classifier  # another may be taken up meanwhile
        reading = classifier.read(cleaned)
        if in_photos:
            # A notice on a wall says what it is about, not how urgent or delicate the matter is.
            beside = classifier.read(f"{cleaned}\n{clean(in_photos).text}"[:LONGEST_TEXT])
            reading = replace(reading, kinds=beside.kinds, domains=beside.domains)
        found = self._entities.read_entities(place or cleaned)
        places = [each for each in found if each.entity == "place" and not each.aside]
        where = next((each for each in places if each.code), places[0] if places else None)
        machine = MachineReading(
            # What the dialogue has confirmed is a petition, whatever the model thinks of it.
            kind=_best([each for each in reading.kinds if each[0] != NONE]),
            domain=self._domain(cleaned, reading.domains, emergency),
            urgency=FieldReading("emergency" if emergency else reading.urgency),
            title=as_written(reading.title) or UNTITLED,
            model=_version(classifier),
            sensitive=reading.sensitive,
            sentiment=_best(reading.sentiments) if reading.sentiments else None,
        )
        return PetitionReading(
            machine, where.value if where else None, where.code if where else None
        )

    def _domain(
        self, text: str, read: tuple[tuple[str, float], ...], emergency: str | None
    ) -> FieldReading:
        best = _best(with_own_words(text, read, self._own_words))
        certain = self._rules.emergency_domains.get(emergency or "")
        return FieldReading(certain, 1.0, best.candidates) if certain else best


def _version(classifier: Classifier) -> str:
    return str(classifier.card["sha256"])[:16]


def _best(candidates: Sequence[tuple[str, float]]) -> FieldReading:
    value, confidence = candidates[0]
    return FieldReading(value, confidence, tuple(candidates))
