"""A linear model over counted features: what it learns, how sure it is, how it is stored.

One-vs-rest linear SVMs on TF-IDF weights. Their scores become probabilities by a softmax whose
sharpness is fitted on held-out fifths, so that of readings told as 60 % sure six of ten are right.
Reading is one dictionary look-up per feature and one small matrix product, without scikit-learn.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
SEED = 7
Scores = NDArray[np.float32]


class LinearScores:
    """`rank` gives the classes of a text's features with their probabilities."""

    def __init__(self) -> None:
        self._classes: list[str] = []
        self._columns: dict[str, int] = {}
        # One row per feature: its IDF, and its weight for each class; the IDF of any other.
        self._idf = np.zeros(0, dtype=np.float32)
        self._weights = np.zeros((0, 0), dtype=np.float32)
        self._bias = np.zeros(0, dtype=np.float32)
        self._unseen = 1.0
        self._sharpness = 1.0

    def fit(
        self,
        features: Sequence[Counter[str]],
        classes: Sequence[str],
        *,
        regularisation: float,
        importance: Mapping[str, float],
    ) -> None:
        """Learn from the features of each text and its class.

        `regularisation` is scikit-learn's C; `importance` multiplies a class's weight, which
        otherwise falls with the root of its frequency. Raises ValueError for a single class.
        """
        self._count(features)
        matrix = self._matrix(features)
        named = np.array(classes)
        settings = {
            "C": regularisation,
            "class_weight": _class_weights(classes, importance),
            "random_state": SEED,
        }
        weights, bias = _fit(matrix, named, settings)
        self._classes = sorted(set(classes))
        self._weights = np.ascontiguousarray(weights, dtype=np.float32)
        self._bias = bias.astype(np.float32)
        self._sharpness = _sharpness(matrix, named, settings)

    def _count(self, features: Sequence[Counter[str]]) -> None:
        texts_with: Counter[str] = Counter()
        for counted in features:
            texts_with.update(counted.keys())
        self._columns = {name: column for column, name in enumerate(sorted(texts_with))}
        idf = [math.log((1 + len(features)) / (1 + texts_with[name])) + 1 for name in self._columns]
        self._idf = np.array(idf, dtype=np.float32)
        self._unseen = math.log(1 + len(features)) + 1

    def _matrix(self, features: Sequence[Counter[str]]) -> Any:
        from scipy.sparse import csr_matrix

        rows = [self._weighted(counted) for counted in features]
        return csr_matrix(
            (
                np.concatenate([values for _, values in rows]),
                np.concatenate([columns for columns, _ in rows]),
                np.cumsum([0] + [len(columns) for columns, _ in rows]),
            ),
            shape=(len(rows), len(self._columns)),
        )

    def rank(self, features: Counter[str], most: int) -> list[tuple[str, float]]:
        """The likeliest classes with their probabilities, best first, `most` at most. Empty when
        nothing of the text was ever seen: such a text has no likeliest class."""
        columns, values = self._weighted(features)
        if not len(columns):
            return []
        probabilities = _softmax(values @ self._weights[columns] + self._bias, self._sharpness)
        best = np.argsort(-probabilities, kind="stable")[:most]
        return [(self._classes[index], float(probabilities[index])) for index in best]

    def _weighted(self, features: Counter[str]) -> tuple[NDArray[np.intp], Scores]:
        """Known features as columns and their TF-IDF weights. All features together are of unit
        length, the unknown among them too: who says much that was never seen is read with little
        confidence."""
        columns = np.array([self._columns.get(name, -1) for name in features], dtype=np.intp)
        counts = np.array(list(features.values()), dtype=np.float32)
        known = columns >= 0
        if not known.any():
            return columns[:0], counts[:0]
        values = (1 + np.log(counts)) * np.where(known, self._idf[columns], self._unseen)
        return columns[known], (values / np.sqrt(values @ values))[known]

    def write(self, folder: Path) -> None:
        """Store in two files of `folder`."""
        vocabulary = {"classes": self._classes, "features": list(self._columns)}
        (folder / "vocabulary.json").write_text(
            json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8"
        )
        np.savez(
            folder / "weights.npz",
            idf=self._idf,
            weights=self._weights,
            bias=self._bias,
            unseen=np.float64(self._unseen),
            sharpness=np.float64(self._sharpness),
        )

    @classmethod
    def read(cls, folder: Path) -> LinearScores:
        """As written to `folder`. Raises ValueError, OSError for what is no such model."""
        scores = cls()
        vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        scores._classes = vocabulary["classes"]
        scores._columns = {name: i for i, name in enumerate(vocabulary["features"])}
        # No pickles: a model file can do nothing but give numbers.
        with np.load(folder / "weights.npz", allow_pickle=False) as stored:
            scores._idf = stored["idf"]
            scores._weights = stored["weights"]
            scores._bias = stored["bias"]
            scores._unseen = float(stored["unseen"])
            scores._sharpness = float(stored["sharpness"])
        return scores


def _class_weights(classes: Sequence[str], importance: Mapping[str, float]) -> dict[str, float]:
    counts = Counter(classes)
    even = len(classes) / len(counts)
    return {
        name: math.sqrt(even / count) * importance.get(name, 1.0) for name, count in counts.items()
    }


def _fit(
    matrix: Any, classes: NDArray[np.str_], settings: Mapping[str, Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (features × classes) and bias (classes), the classes in order of their names."""
    from sklearn.svm import LinearSVC

    model = LinearSVC(**settings).fit(matrix, classes)
    if len(model.classes_) == 2:
        # Of two, scikit-learn gives the second's alone.
        return np.vstack([-model.coef_, model.coef_]).T, np.hstack(
            [-model.intercept_, model.intercept_]
        )
    return model.coef_.T, model.intercept_


def _sharpness(matrix: Any, classes: NDArray[np.str_], settings: Mapping[str, Any]) -> float:
    """The factor on the scores at which held-out texts are likeliest; 1 where there are too few
    texts to hold any out."""
    from scipy.optimize import minimize_scalar
    from sklearn.model_selection import StratifiedKFold

    fewest = min(Counter(classes).values())
    if fewest < 2:
        return 1.0
    names = np.unique(classes)
    truth = np.searchsorted(names, classes)
    scores = np.zeros((len(classes), len(names)))
    folds = StratifiedKFold(min(FOLDS, fewest), shuffle=True, random_state=SEED)
    for taught, held_out in folds.split(matrix, classes):
        weights, bias = _fit(matrix[taught], classes[taught], settings)
        scores[held_out] = matrix[held_out] @ weights + bias

    def surprise(sharpness: float) -> float:
        given = _softmax(scores, sharpness)[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(given, 1e-12)).mean())

    return float(minimize_scalar(surprise, bounds=(0.1, 30.0), method="bounded").x)


def _softmax(scores: Any, sharpness: float) -> Any:
    exponents = np.exp(sharpness * (scores - scores.max(axis=-1, keepdims=True)))
    return exponents / exponents.sum(axis=-1, keepdims=True)
