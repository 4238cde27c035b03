"""The machine behind every head: one linear support vector machine per class over shared features.

Its scores become probabilities by a softmax whose temperature is fitted on held-out folds (Guo et
al., 2017). Any texts with any labels can be learnt: the catalogue's, or an office's own subjects.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped]
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from backend.triage.cleaning import clean
from backend.triage.features import Floats, Vocabulary, build_vocabulary, terms
from backend.triage.model import Head

FOLDS = 5
REGULARISATION = 4.0
"""For thousands of real texts; authored ones are few and want more of it (a smaller C)."""

_TEMPERATURES = np.geomspace(0.05, 2.0, 60, dtype=np.float32)


@dataclass(frozen=True)
class Question:
    """Documents (lists of terms) and labels of one head; the first `examples` of them are whole
    texts, the rest cue words, which are always trained on and never tested on. `least` is the
    number of documents a term must occur in, `regularisation` the machine's C; `balanced` gives
    rare classes as much say as frequent ones. `cues` (documents, cues) stand beside the terms with
    the weight `cue_weight` (a document's terms together weigh one); `says` (documents,) is how much
    say each document has, one by default."""

    documents: Sequence[Sequence[str]]
    labels: npt.NDArray[np.str_]
    examples: int
    least: int = 1
    regularisation: float = REGULARISATION
    balanced: bool = False
    cues: Floats | None = None
    cue_weight: float = 1.0
    says: Floats | None = None

    def of(self, rows: Sequence[int]) -> "Question":
        """The same question over these documents only."""
        return replace(
            self,
            documents=[self.documents[i] for i in rows],
            labels=self.labels[rows],
            cues=None if self.cues is None else self.cues[rows],
            says=None if self.says is None else self.says[rows],
        )

    def features(self, vocabulary: Vocabulary) -> csr_matrix:
        """What a head is given: (documents, terms and cues)."""
        found = matrix(vocabulary, self.documents)
        return found if self.cues is None else hstack([found, csr_matrix(self.cues)], "csr")


@dataclass(frozen=True)
class HeldOut:
    """What models that had not seen them say of the examples: `scores` is (examples, classes),
    `truth` the right class's index."""

    classes: tuple[str, ...]
    scores: Floats
    truth: npt.NDArray[np.intp]

    @property
    def temperature(self) -> float:
        """By which scores must be divided to be the logarithms of odds."""
        rows = np.arange(len(self.truth))
        losses = [-_log_odds(self.scores / t)[rows, self.truth].mean() for t in _TEMPERATURES]
        return float(_TEMPERATURES[int(np.argmin(losses))])

    def figures(self) -> dict[str, Any]:
        """Accuracy, macro-F1, calibration and the figures of each class, as shares of one."""
        temperature = self.temperature
        ranked = np.argsort(-self.scores, axis=1)
        predicted = ranked[:, 0]
        confidence = np.exp(_log_odds(self.scores / temperature)).max(axis=1)
        right = predicted == self.truth
        per_class = {
            label: class_figures(predicted == i, self.truth == i)
            for i, label in enumerate(self.classes)
        }
        return {
            "accuracy": _round(right.mean()),
            "top_three": _round((ranked[:, :3] == self.truth[:, None]).any(axis=1).mean()),
            "macro_f1": _round(np.mean([figures["f1"] for figures in per_class.values()])),
            "mean_confidence": _round(confidence.mean()),
            "calibration_error": _round(calibration_error(confidence, right)),
            "reliability": reliability(confidence, right),
            "temperature": _round(temperature),
            "classes": per_class,
        }


def question_of(texts: Sequence[str], labels: Sequence[str]) -> Question:
    """Texts as people wrote them, each with its label."""
    documents = [terms(clean(text).text) for text in texts]
    # What occurs once or twice in thousands of texts only makes the model larger.
    return Question(documents, np.array(labels), len(documents), least=3)


def matrix(vocabulary: Vocabulary, documents: Sequence[Sequence[str]]) -> csr_matrix:
    """Weights of the documents' known terms: (documents, terms)."""
    pointers, columns, values = [0], [], []
    for document in documents:
        indices, weights = vocabulary.weigh(document)
        columns.append(indices)
        values.append(weights)
        pointers.append(pointers[-1] + len(indices))
    shape = (len(documents), len(vocabulary.index))
    return csr_matrix((np.concatenate(values), np.concatenate(columns), pointers), shape=shape)


def fit(
    question: Question,
    vocabulary: Vocabulary,
    temperature: float,
    leanings: Mapping[str, float] | None = None,
) -> Head:
    """A head that answers the question; `leanings` (by class, in logarithms of odds) say where
    life differs from the examples."""
    scales = np.ones(len(vocabulary.index), np.float32)
    if question.cues is not None:
        cues = np.full(question.cues.shape[1], question.cue_weight, np.float32)
        scales = np.concatenate([scales, cues])
    machine = _machine(question).fit(
        question.features(vocabulary).multiply(scales).tocsr(), question.labels, question.says
    )
    classes = tuple(str(label) for label in machine.classes_)
    shift = [(leanings or {}).get(label, 0.0) * temperature for label in classes]
    # Of two classes the library keeps one line, positive for the second.
    both = len(classes) > 2
    lines = (machine.coef_ * scales).T
    weights = lines if both else np.hstack([-lines, lines])
    bias = machine.intercept_ if both else np.array([-machine.intercept_[0], machine.intercept_[0]])
    return Head(
        classes,
        np.ascontiguousarray(weights, dtype=np.float32),
        (bias + np.array(shift)).astype(np.float32),
        temperature,
    )


def hold_out(question: Question, folds: int = FOLDS) -> HeldOut:
    """Cross-validation: every example scored by a model that has not seen it."""
    cues = list(range(question.examples, len(question.documents)))
    labels = question.labels[: question.examples]
    classes = tuple(str(label) for label in np.unique(question.labels))
    scores = np.zeros((question.examples, len(classes)), np.float32)
    splits = StratifiedKFold(folds, shuffle=True, random_state=0)
    for seen, held_out in splits.split(np.zeros(question.examples), labels):
        known = [*seen, *cues]
        part = question.of(known)
        vocabulary = build_vocabulary(part.documents, least=question.least)
        head = fit(part, vocabulary, 1.0)
        tested = question.of(held_out).features(vocabulary)
        scores[held_out] = tested @ head.weights + head.bias
    order = {label: i for i, label in enumerate(classes)}
    return HeldOut(classes, scores, np.array([order[str(label)] for label in labels]))


def class_figures(
    predicted: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]
) -> dict[str, float]:
    """Precision, recall and F1 of one class."""
    both = float((predicted & truth).sum())
    precision = both / max(1.0, float(predicted.sum()))
    recall = both / max(1.0, float(truth.sum()))
    f1 = 2 * precision * recall / (precision + recall) if both else 0.0
    return {"precision": _round(precision), "recall": _round(recall), "f1": _round(f1)}


def odds_of(share: float, of: float) -> float:
    """How much likelier a class is in life than among the examples, as a logarithm."""
    return math.log(share / of)


def _machine(question: Question) -> LinearSVC:
    weight = "balanced" if question.balanced else None
    return LinearSVC(C=question.regularisation, class_weight=weight, random_state=0)


def _log_odds(scores: Floats) -> Floats:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def reliability(confidence: Floats, right: npt.NDArray[np.bool_]) -> list[dict[str, float]]:
    """How often answers of each tenth of confidence were right; tenths without answers are left
    out."""
    bins = np.minimum((confidence * 10).astype(int), 9)
    return [
        {
            "from": b / 10,
            "texts": int((bins == b).sum()),
            "confidence": _round(confidence[bins == b].mean()),
            "right": _round(right[bins == b].mean()),
        }
        for b in range(10)
        if (bins == b).any()
    ]


def calibration_error(confidence: Floats, right: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error over ten tenths of confidence."""
    gaps = [
        abs(each["confidence"] - each["right"]) * each["texts"]
        for each in reliability(confidence, right)
    ]
    return sum(gaps) / len(right)


def _round(value: Any) -> float:
    return round(float(value), 4)
