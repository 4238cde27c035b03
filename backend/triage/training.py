"""Training of the first triage from authored data: seconds, and the same data give the same model.

The examples are spread evenly over kinds and domains, life is not: what is known of that is data
too (`share` of a kind, `last_resort` of a domain) and shifts the finished heads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from backend.triage.cleaning import clean
from backend.triage.examples import NONE, PETITION, TrainingData, load_training_data
from backend.triage.features import Floats, build_vocabulary, terms
from backend.triage.freshness import TRAINER
from backend.triage.linear import FOLDS, HeldOut, Question, fit, hold_out, odds_of
from backend.triage.model import Head, Model, Mood, load_card, save_model
from backend.triage.second_look import LONG
from backend.triage.second_look_training import learn
from backend.triage.sentence_vectors import SentenceReader

_CHAT_REGULARISATION = 1.0
_KIND_REGULARISATION = 0.4
_DOMAIN_REGULARISATION = 0.4

_SENTIMENT_REGULARISATION = 0.4

_SHARE_OF_CUES = 0.35
"""Of the answer whether a text is a petition, and of what kind; the rest is the words'."""

_SHARE_OF_MOOD_CUES = 0.5
"""The same of how a writer feels, which words of the matter tell less about."""

_SAY_OF_LETTERS = 10.0
"""Letters (`LONG`) are few among the examples and most of what is sent."""

_LAST_RESORT = -2.5
"""In logarithms of odds. Nearly every letter is angry at somebody: a domain of last resort must be
twelve times likelier than the matter itself."""

_REFUSED = 0.16
"""Share of held-out authored petitions that may be taken for chat: they are shorter and odder than
what people send, of whom fewer than one in a hundred are refused then."""


def train(data: Path, file: Path, *, now: datetime) -> dict[str, Any]:
    """Train from `data` (the repository's data folder), write the model to `file` (.npz) and its
    card beside it; returns the card. `now` dates it. Raises ExamplesError."""
    return train_on(load_training_data(data), file, now=now)


def train_on(
    content: TrainingData, file: Path, *, now: datetime, notes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The same from any examples, each kind, domain and sentiment having `FOLDS` of them; `notes`
    go on the card. Without any sentiment the model tells none."""
    questions = _questions(content)
    # Every text goes into the vocabulary once; all questions share it.
    words = questions["domain"].documents[questions["domain"].examples :]
    moods = [terms(clean(text).text) for text, _ in content.sentiments.texts]
    vocabulary = build_vocabulary([*questions["chat"].documents, *words, *moods], least=1)
    held_out = {name: hold_out(question) for name, question in questions.items()}
    leanings = {
        "chat": _chat_leanings(held_out["chat"]),
        "kind": _share_leanings(content.kind_shares, questions["kind"]),
        "domain": dict.fromkeys(content.last_resorts, _LAST_RESORT),
        "sentiment": _share_leanings(content.sentiments.shares, questions.get("sentiment")),
    }
    heads = {
        name: fit(question, vocabulary, held_out[name].temperature, leanings[name])
        for name, question in questions.items()
    }
    card = {
        "name": "triage",
        "trainer": TRAINER,
        "trained_at": now.isoformat(timespec="seconds"),
        "data_digest": content.digest,
        "examples": len(content.examples),
        "terms": len(vocabulary.index),
        "kinds": dict(content.kind_names),
        "domains": dict(content.domain_names),
        "sentiments": dict(content.sentiments.names),
        "leanings": {name: _rounded(shifts) for name, shifts in leanings.items()},
        "cross_validation": {
            "folds": FOLDS,
            **{name: each.figures() for name, each in held_out.items()},
        },
        **(notes or {}),
    }
    second_look = _second_look(content, heads["kind"])
    sentiment = heads.pop("sentiment", None)
    mood = Mood(content.sentiments.cues, sentiment) if sentiment else None
    model = Model(vocabulary, content.cues, **heads, second_look=second_look, card=card, mood=mood)
    save_model(model, file)
    return load_card(file)


def _questions(content: TrainingData) -> dict[str, Question]:
    """What each head is asked. Whether a text is a petition at all is a question of its own: chat
    is nothing like any kind of petition, and there is no end of it."""
    texts = [clean(example.text).text for example in content.examples]
    found = [terms(text) for text in texts]
    cues = np.stack([content.cues.weigh(text) for text in texts])
    says = _says(texts)
    petitions = [i for i, example in enumerate(content.examples) if example.domain is not None]
    chat_labels = [NONE if example.domain is None else PETITION for example in content.examples]
    kind_words = {kind: words for kind, words in content.kind_words.items() if kind != NONE}
    documents = [found[i] for i in petitions]
    kinds = [content.examples[i].kind for i in petitions]
    domains = [content.examples[i].domain or "" for i in petitions]
    chat = replace(
        _question(found, chat_labels, {}, _CHAT_REGULARISATION),
        balanced=True,
        cues=cues,
        cue_share=_SHARE_OF_CUES,
    )
    kind = replace(
        _question(documents, kinds, kind_words, _KIND_REGULARISATION),
        cues=cues[petitions],
        cue_share=_SHARE_OF_CUES,
        says=says[petitions],
    )
    domain = replace(
        _question(documents, domains, content.domain_words, _DOMAIN_REGULARISATION),
        says=says[petitions],
    )
    asked = {"chat": _filled(chat), "kind": _filled(kind), "domain": _filled(domain)}
    felt = [i for i in petitions if content.examples[i].sentiment]
    if felt or content.sentiments.texts:
        asked["sentiment"] = _sentiment_question(
            content, [texts[i] for i in felt], [content.examples[i].sentiment or "" for i in felt]
        )
    return asked


def _sentiment_question(
    content: TrainingData, texts: Sequence[str], moods: Sequence[str]
) -> Question:
    """How the writers of cleaned `texts` feel, with the texts that teach nothing else."""
    alone = [(clean(text).text, mood) for text, mood in content.sentiments.texts]
    texts = [*texts, *(text for text, _ in alone)]
    labels = [*moods, *(mood for _, mood in alone)]
    cues = [
        np.concatenate([content.cues.weigh(text), content.sentiments.cues.weigh(text)])
        for text in texts
    ]
    return replace(
        _question([terms(text) for text in texts], labels, {}, _SENTIMENT_REGULARISATION),
        cues=np.stack(cues),
        cue_share=_SHARE_OF_MOOD_CUES,
        says=_says(texts),
    )


def _second_look(content: TrainingData, kind: Head) -> Head | None:
    petitions = [example for example in content.examples if example.domain is not None]
    return learn(
        [clean(example.text).text for example in petitions],
        [example.kind for example in petitions],
        kind.classes,
        content.kind_shares,
        SentenceReader(),
    )


def _question(
    documents: Sequence[Sequence[str]],
    labels: Sequence[str],
    words: Mapping[str, Sequence[str]],
    regularisation: float,
) -> Question:
    cues = [(code, terms(clean(word).text)) for code in words for word in words[code]]
    return Question(
        [*documents, *(found for _, found in cues)],
        np.array([*labels, *(code for code, _ in cues)]),
        len(documents),
        regularisation=regularisation,
    )


def _filled(question: Question) -> Question:
    """Cue words, which stand behind the examples, are no sentences: no cues, the usual say."""
    words = len(question.documents) - question.examples
    cues, says = question.cues, question.says
    return replace(
        question,
        cues=None if cues is None else np.vstack([cues, np.zeros((words, cues.shape[1]))]),
        says=None if says is None else np.concatenate([says, np.ones(words)]),
    )


def _chat_leanings(held_out: HeldOut) -> dict[str, float]:
    """`none` as likely as it may be without refusing too many petitions."""
    none = held_out.classes.index(NONE)
    margins = held_out.log_odds[:, 1 - none] - held_out.log_odds[:, none]
    return {NONE: float(np.quantile(margins[held_out.truth != none], _REFUSED))}


def _share_leanings(shares: Mapping[str, float], question: Question | None) -> dict[str, float]:
    """Classes as frequent as they are in life; none where nothing is asked."""
    if question is None:
        return {}
    says = np.ones(len(question.labels)) if question.says is None else question.says
    whole = sum(shares.values())
    return {
        name: odds_of(share / whole, says[question.labels == name].sum() / says.sum())
        for name, share in shares.items()
    }


def _says(texts: Sequence[str]) -> Floats:
    """How much say each cleaned text has."""
    return np.array([_SAY_OF_LETTERS if len(text) >= LONG else 1.0 for text in texts], np.float32)


def _rounded(shifts: Mapping[str, float]) -> dict[str, float]:
    return {name: round(shift, 4) for name, shift in shifts.items()}
