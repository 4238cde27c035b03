"""The first triage of one message: kind, domain, mood, urgency, sensitivity, title and summary."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.catalogue import Urgency
from backend.triage.cleaning import clean
from backend.triage.examples import NONE
from backend.triage.features import Floats, Indices
from backend.triage.model import Model, load_model
from backend.triage.rules import Rules, load_rules
from backend.triage.second_look import LONG, is_open, look
from backend.triage.sentence_vectors import SentenceReader
from backend.triage.summary import Courtesy, load_courtesy, summarise

Ranking = tuple[tuple[str, float], ...]

_LISTED = 3
_CHAT_IN_LETTERS = 0.2
"""Nobody writes a letter to chat with the government: in a text of `LONG` characters the odds of it
are a fifth of what its words say."""


@dataclass(frozen=True, slots=True)
class Classification:
    """Kind (`none`: no petition), domain (a catalogue code) and sentiment, each the likeliest three
    with calibrated probabilities, best first. `sentiments` is empty where the model tells none."""

    kinds: Ranking
    domains: Ranking
    sentiments: Ranking = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """The machine's reading of one text. It stands beside the text and never replaces it.

    `kind` is complaint, request, suggestion, inquiry, report, praise or none; `domain` is the best
    guess even where `kind` is none. `sensitive` holds keys of rules.SENSITIVITIES."""

    kind: str
    kind_confidence: float
    kinds: Ranking
    domain: str
    domain_confidence: float
    domains: Ranking
    urgency: Urgency
    sensitive: tuple[str, ...]
    title: str
    summary: str
    sentiments: Ranking = ()

    @property
    def sentiment(self) -> str:
        """How the writer feels: a code of sentiments.yml, '' where the model tells none."""
        return self.sentiments[0][0] if self.sentiments else ""

    @property
    def is_petition(self) -> bool:
        return self.kind != NONE


class Classifier:
    """A trained model with the deployment's rules; immutable, safe to share between tasks."""

    def __init__(self, model: Model, rules: Rules, courtesy: Courtesy) -> None:
        self._model = model
        self._rules = rules
        self._courtesy = courtesy
        self._sentences = SentenceReader()

    @property
    def card(self) -> dict[str, Any]:
        """The model card: data, date, figures, hash."""
        return dict(self._model.card)

    def classify(self, text: str) -> Classification:
        """Kind and domain by words and cues alone: the fast part."""
        return self._classify(clean(text).text, again=False)

    def look_closer(self, text: str) -> Classification:
        """The same, but the kind of a long text that leaves it open is looked at again, which takes
        up to a tenth of a second: not for the event loop."""
        return self._classify(clean(text).text, again=True)

    def _classify(self, text: str, *, again: bool) -> Classification:
        indices, values = self._model.vector(text)
        domains = self._model.domain.top(indices, values)
        indices, values = self._model.with_cues(text, indices, values)
        kinds = self._kinds(text, indices, values, again=again)
        return Classification(kinds, domains, self._model.sentiments(text, indices, values))

    def _kinds(self, text: str, indices: Indices, values: Floats, *, again: bool) -> Ranking:
        """No petition at all, or one of a kind: one ranking of both answers, the former first only
        if likelier than not, else a petition whose kind is unclear would be refused."""
        chat, kind, head = self._model.chat, self._model.kind, self._model.second_look
        none = float(chat.probabilities(indices, values)[chat.classes.index(NONE)])
        if len(text) >= LONG:
            none = none * _CHAT_IN_LETTERS / (none * _CHAT_IN_LETTERS + 1 - none)
        likely = kind.probabilities(indices, values)
        if again and head is not None and none <= 0.5 and is_open(text, likely):
            likely = look(text, likely, head, self._sentences)
        petitions = likely * (1 - none)
        ranked = sorted(zip(kind.classes, petitions.tolist(), strict=True), key=lambda k: -k[1])
        likelier = sum(probability > none for _, probability in ranked)
        ranked.insert(0 if none > 0.5 else max(1, likelier), (NONE, none))
        return tuple((code, round(probability, 4)) for code, probability in ranked[:_LISTED])

    def read(self, text: str) -> Reading:
        """Everything triage has to say about one text. Never fails, whatever the text; looks
        closer."""
        found = self.look_closer(text)
        (kind, kind_confidence), (domain, domain_confidence) = found.kinds[0], found.domains[0]
        summary = summarise(text, self._courtesy, lambda clause: self._weigh(clause, domain))
        return Reading(
            kind,
            kind_confidence,
            found.kinds,
            domain,
            domain_confidence,
            found.domains,
            self._rules.urgency(text),
            self._rules.sensitive(text),
            summary.title,
            summary.text,
            found.sentiments,
        )

    def _weigh(self, clause: str, domain: str) -> float:
        """How clearly a clause speaks of `domain`."""
        head = self._model.domain
        indices, values = self._model.vector(clause)
        return float(head.probabilities(indices, values)[head.classes.index(domain)])


def load(model: Path, rules: Path) -> Classifier:
    """The classifier from a model file (`train`) and the folder of rules. Raises ModelError,
    RulesError, ValueError (courtesy.yml)."""
    return Classifier(load_model(model), load_rules(rules), load_courtesy(rules / "courtesy.yml"))
