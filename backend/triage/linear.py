"""The machine behind every head: one linear support vector machine per class over shared features.

Its scores become probabilities by a softmax whose temperature is fitted on held-out folds (Guo et
al., 2017). Any texts with any labels can be learnt: the catalogue's, or an office's own subjects.

Cues are learnt by a machine of their own, and the logarithms of both machines' odds are pooled.
Side by side in one machine the words, which know every authored example by heart, would leave the
cues nothing to explain; yet on text from outside it is the cues that hold.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from backend.triage.cleaning import clean
from backend.triage.features import Floats, Vocabulary, build_vocabulary, terms
from backend.triage.model import Head

FOLDS = 5
REGULARISATION = 4.0
"""For thousands of real texts; authored ones are few and want more of it (a smaller C)."""

_CUE_REGULARISATION = 0.2
_CUE_ROUNDS = 3_000

_TEMPERATURES = np.geomspace(0.05, 2.0, 60, dtype=np.float32)


@dataclass(frozen=True)
class Question:
    """Documents (lists of terms) and labels of one head; the first `examples` of them are whole
    texts, the rest cue words, which are always trained on and never tested on. `least` is the
    number of documents a term must occur in, `regularisation` the machine's C; `balanced` gives
    rare classes as much say as frequent ones. `cues` (documents, cues) are pooled with the terms
    and have the share `cue_share` of the answer; `says` (documents,) is how much say each document
    has, one by default."""

    documents: Sequence[Sequence[str]]
    labels: npt.NDArray[np.str_]
    examples: int
    least: int = 1
    regularisation: float = REGULARISATION
    balanced: bool = False
    cues: Floats | None = None
    cue_share: float = 0.0
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


@dataclass(frozen=True)
class HeldOut:
    """What models that had not seen them say of the examples: `words` is (examples, classes), the
    words' scores alone, `cues` the logarithms of the cues' odds where there are cues, `truth` the
    right class's index."""

    classes: tuple[str, ...]
    words: Floats
    truth: npt.NDArray[np.intp]
    cues: Floats | None = None
    cue_share: float = 0.0

    @cached_property
    def temperature(self) -> float:
        """By which the words' scores must be divided to be the logarithms of odds."""
        rows = np.arange(len(self.truth))
        losses = [-_log_odds(self.words / t)[rows, self.truth].mean() for t in _TEMPERATURES]
        return float(_TEMPERATURES[int(np.argmin(losses))])

    @property
    def log_odds(self) -> Floats:
        """Of every class, (examples, classes): words and cues pooled."""
        words = self.words / self.temperature
        if self.cues is None:
            return np.asarray(words)
        return np.asarray((1 - self.cue_share) * words + self.cue_share * self.cues)

    def figures(self) -> dict[str, Any]:
        """Accuracy, macro-F1, calibration and the figures of each class, as shares of one."""
        ranked = np.argsort(-self.log_odds, axis=1)
        predicted = ranked[:, 0]
        confidence = np.exp(_log_odds(self.log_odds)).max(axis=1)
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
            "temperature": _round(self.temperature),
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
    """A head that answers the question; `temperature` is the words', `leanings` (by class, in
    logarithms of odds) say where life differs from the examples. With cues the words' temperature
    and both shares are in the weights, and the head's own is one."""
    classes, weights, bias = _words_machine(question, vocabulary)
    shift = np.array([(leanings or {}).get(label, 0.0) for label in classes])
    if question.cues is None:
        return _head(classes, weights, bias + shift * temperature, temperature)
    _, cue_weights, cue_bias = _cue_machine(question, question.cues)
    share = question.cue_share
    return _head(
        classes,
        np.vstack([(1 - share) / temperature * weights, share * cue_weights]),
        (1 - share) / temperature * bias + share * cue_bias + shift,
        1.0,
    )


def hold_out(question: Question, folds: int = FOLDS) -> HeldOut:
    """Cross-validation: every example scored by a model that has not seen it."""
    known_words = list(range(question.examples, len(question.documents)))
    labels = question.labels[: question.examples]
    classes = tuple(str(label) for label in np.unique(question.labels))
    words = np.zeros((question.examples, len(classes)), np.float32)
    cues = None if question.cues is None else np.zeros_like(words)
    splits = StratifiedKFold(folds, shuffle=True, random_state=0)
    for seen, held_out in splits.split(np.zeros(question.examples), labels):
        part, tested = question.of([*seen, *known_words]), question.of(held_out)
        vocabulary = build_vocabulary(part.documents, least=question.least)
        _, weights, bias = _words_machine(part, vocabulary)
        words[held_out] = matrix(vocabulary, tested.documents) @ weights + bias
        if cues is not None and part.cues is not None and tested.cues is not None:
            _, weights, bias = _cue_machine(part, part.cues)
            cues[held_out] = tested.cues @ weights + bias
    order = {label: i for i, label in enumerate(classes)}
    truth = np.array([order[str(label)] for label in labels])
    return HeldOut(classes, words, truth, cues, question.cue_share)


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


Lines = tuple[tuple[str, ...], Floats, Floats]
"""Classes, their weights (features, classes) and their bias (classes,)."""


def _words_machine(question: Question, vocabulary: Vocabulary) -> Lines:
    machine = LinearSVC(
        C=question.regularisation, class_weight=_class_weight(question), random_state=0
    ).fit(matrix(vocabulary, question.documents), question.labels, question.says)
    return lines_of(machine, both=1.0)


def _cue_machine(question: Question, cues: Floats) -> Lines:
    """Learnt from whole texts: the words of a class, which stand behind them, have no cues."""
    machine = LogisticRegression(
        C=_CUE_REGULARISATION, class_weight=_class_weight(question), max_iter=_CUE_ROUNDS
    )
    whole = cues.any(axis=1)
    says = None if question.says is None else question.says[whole]
    machine.fit(cues[whole], question.labels[whole], says)
    return lines_of(machine, both=0.5)


def _class_weight(question: Question) -> str | None:
    return "balanced" if question.balanced else None


def lines_of(machine: LinearSVC | LogisticRegression, both: float) -> Lines:
    """Of two classes the library keeps one line, positive for the second; each class then has
    `both` times that line."""
    classes = tuple(str(label) for label in machine.classes_)
    weights, bias = machine.coef_.T, machine.intercept_
    if len(classes) == 2:
        weights = np.hstack([-weights, weights]) * both
        bias = np.array([-bias[0], bias[0]]) * both
    return classes, weights, bias


def _head(
    classes: tuple[str, ...], weights: Floats, bias: npt.NDArray[Any], temperature: float
) -> Head:
    return Head(
        classes,
        np.ascontiguousarray(weights, dtype=np.float32),
        bias.astype(np.float32),
        temperature,
    )


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
