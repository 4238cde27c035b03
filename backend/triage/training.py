"""Training of the first triage from authored data: seconds, and the same data give the same model.

One linear support vector machine per class over shared features; its scores become probabilities
by a softmax whose temperature is fitted on held-out folds (Guo et al., 2017).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from backend.triage.cleaning import clean
from backend.triage.examples import TrainingData, load_training_data
from backend.triage.features import Floats, Vocabulary, build_vocabulary, terms
from backend.triage.freshness import TRAINER
from backend.triage.model import Head, Model, load_card, save_model

_FOLDS = 5
_REGULARISATION = 0.5
_TEMPERATURES = np.geomspace(0.05, 2.0, 60, dtype=np.float32)


@dataclass(frozen=True)
class _Question:
    """Documents and labels of one head; the first `examples` of them are whole texts, the rest
    cue words, which are always trained on and never tested on."""

    documents: Sequence[Sequence[str]]
    labels: npt.NDArray[np.str_]
    examples: int


def train(data: Path, file: Path, *, now: datetime) -> dict[str, Any]:
    """Train from `data` (the repository's data folder), write the model to `file` (.npz) and its
    card beside it; returns the card. `now` dates it. Raises ExamplesError."""
    content = load_training_data(data)
    kind, domain = _questions(content)
    # The words go into the vocabulary once; both questions share it.
    vocabulary = build_vocabulary([*kind.documents, *domain.documents[domain.examples :]], least=1)
    heads, figures = {}, {}
    for name, question in (("kind", kind), ("domain", domain)):
        held_out = _held_out_scores(question)
        figures[name], temperature = _judge(question, *held_out)
        heads[name] = _fit(question, vocabulary, temperature)
    card = {
        "name": "triage",
        "trainer": TRAINER,
        "trained_at": now.isoformat(timespec="seconds"),
        "data_digest": content.digest,
        "examples": len(content.examples),
        "terms": len(vocabulary.index),
        "kinds": dict(content.kind_names),
        "domains": dict(content.domain_names),
        "cross_validation": {"folds": _FOLDS, **figures},
    }
    model = Model(vocabulary, heads["kind"], heads["domain"], card)
    save_model(model, file)
    return load_card(file)


def _questions(content: TrainingData) -> tuple[_Question, _Question]:
    found = [terms(clean(example.text).text) for example in content.examples]
    petitions = [i for i, example in enumerate(content.examples) if example.domain is not None]
    kind_labels = [example.kind for example in content.examples]
    domain_labels = [content.examples[i].domain or "" for i in petitions]
    return (
        _question(found, kind_labels, content.kind_words),
        _question([found[i] for i in petitions], domain_labels, content.domain_words),
    )


def _question(documents: Sequence[Sequence[str]], labels: Sequence[str], words: Any) -> _Question:
    cues = [(code, terms(clean(word).text)) for code in words for word in words[code]]
    return _Question(
        [*documents, *(found for _, found in cues)],
        np.array([*labels, *(code for code, _ in cues)]),
        len(documents),
    )


def _matrix(vocabulary: Vocabulary, documents: Sequence[Sequence[str]]) -> csr_matrix:
    pointers, columns, values = [0], [], []
    for document in documents:
        indices, weights = vocabulary.weigh(document)
        columns.append(indices)
        values.append(weights)
        pointers.append(pointers[-1] + len(indices))
    shape = (len(documents), len(vocabulary.index))
    return csr_matrix((np.concatenate(values), np.concatenate(columns), pointers), shape=shape)


def _machine() -> LinearSVC:
    return LinearSVC(C=_REGULARISATION, random_state=0)


def _fit(question: _Question, vocabulary: Vocabulary, temperature: float) -> Head:
    machine = _machine().fit(_matrix(vocabulary, question.documents), question.labels)
    return Head(
        tuple(str(label) for label in machine.classes_),
        np.ascontiguousarray(machine.coef_.T, dtype=np.float32),
        machine.intercept_.astype(np.float32),
        temperature,
    )


def _held_out_scores(question: _Question) -> tuple[tuple[str, ...], Floats]:
    """Scores of every example by a model that has not seen it: (examples, classes)."""
    cues = list(range(question.examples, len(question.documents)))
    labels = question.labels[: question.examples]
    classes: tuple[str, ...] = tuple(np.unique(question.labels))
    scores = np.zeros((question.examples, len(classes)), np.float32)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    for seen, held_out in folds.split(np.zeros(question.examples), labels):
        known = [*seen, *cues]
        documents = [question.documents[i] for i in known]
        vocabulary = build_vocabulary(documents, least=1)
        machine = _machine().fit(_matrix(vocabulary, documents), question.labels[known])
        tested = _matrix(vocabulary, [question.documents[i] for i in held_out])
        scores[held_out] = machine.decision_function(tested)
    return classes, scores


def _judge(
    question: _Question, classes: Sequence[str], scores: Floats
) -> tuple[dict[str, Any], float]:
    """Figures on held-out examples, and the temperature that fits their probabilities."""
    order = {label: i for i, label in enumerate(classes)}
    truth = np.array([order[label] for label in question.labels[: question.examples]])
    losses = [-_log_odds(scores / t)[np.arange(len(truth)), truth].mean() for t in _TEMPERATURES]
    temperature = float(_TEMPERATURES[int(np.argmin(losses))])
    ranked = np.argsort(-scores, axis=1)
    predicted = ranked[:, 0]
    confidence = np.exp(_log_odds(scores / temperature)).max(axis=1)
    per_class = {label: _class_figures(predicted == i, truth == i) for label, i in order.items()}
    return {
        "accuracy": _round((predicted == truth).mean()),
        "top_three": _round((ranked[:, :3] == truth[:, None]).any(axis=1).mean()),
        "macro_f1": _round(np.mean([figures["f1"] for figures in per_class.values()])),
        "mean_confidence": _round(confidence.mean()),
        "calibration_error": _round(_calibration_error(confidence, predicted == truth)),
        "temperature": _round(temperature),
        "classes": per_class,
    }, temperature


def _log_odds(scores: Floats) -> Floats:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _class_figures(
    predicted: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]
) -> dict[str, float]:
    both = float((predicted & truth).sum())
    precision = both / max(1.0, float(predicted.sum()))
    recall = both / max(1.0, float(truth.sum()))
    f1 = 2 * precision * recall / (precision + recall) if both else 0.0
    return {"precision": _round(precision), "recall": _round(recall), "f1": _round(f1)}


def _calibration_error(confidence: Floats, right: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error over ten bins of confidence."""
    bins = np.minimum((confidence * 10).astype(int), 9)
    gaps = [
        abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
        for b in range(10)
        if (bins == b).any()
    ]
    return float(sum(gaps))


def _round(value: Any) -> float:
    return round(float(value), 4)
