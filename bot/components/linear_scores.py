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
        # One row per feature: its IDF, and its weight for each class.
        self._idf = np.zeros(0, dtype=np.float32)
        self._weights = np.zeros((0, 0), dtype=np.float32)
        self._bias = np.zeros(0, dtype=np.float32)
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
        otherwise falls with the root of its frequency. Raises ValueError below three classes.
        """
        if len(set(classes)) < 3:
            raise ValueError("needs texts of at least three classes")
        self._count(features)
        matrix = self._matrix(features)
        named = np.array(classes)
        settings = {
            "C": regularisation,
            "class_weight": _class_weights(classes, importance),
            "random_state": SEED,
        }
        model = _fit(matrix, named, settings)
        self._classes = [str(name) for name in model.classes_]
        self._weights = np.ascontiguousarray(model.coef_.T, dtype=np.float32)
        self._bias = model.intercept_.astype(np.float32)
        self._sharpness = _sharpness(matrix, named, settings)

    def _count(self, features: Sequence[Counter[str]]) -> None:
        texts_with: Counter[str] = Counter()
        for counted in features:
            texts_with.update(counted.keys())
        self._columns = {name: column for column, name in enumerate(sorted(texts_with))}
        idf = [math.log((1 + len(features)) / (1 + texts_with[name])) + 1 for name in self._columns]
        self._idf = np.array(idf, dtype=np.float32)

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
        """Known features as columns and their TF-IDF weights, of unit length together."""
        known = [
            (column, count)
            for name, count in features.items()
            if (column := self._columns.get(name)) is not None
        ]
        columns = np.array([column for column, _ in known], dtype=np.intp)
        counts = np.array([count for _, count in known], dtype=np.float32)
        values = (1 + np.log(counts)) * self._idf[columns] if known else counts
        length = float(np.sqrt(values @ values)) or 1.0
        return columns, values / length

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
            scores._sharpness = float(stored["sharpness"])
        return scores


def _class_weights(classes: Sequence[str], importance: Mapping[str, float]) -> dict[str, float]:
    counts = Counter(classes)
    even = len(classes) / len(counts)
    return {
        name: math.sqrt(even / count) * importance.get(name, 1.0) for name, count in counts.items()
    }


def _fit(matrix: Any, classes: NDArray[np.str_], settings: Mapping[str, Any]) -> Any:
    from sklearn.svm import LinearSVC

    return LinearSVC(**settings).fit(matrix, classes)


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
        model = _fit(matrix[taught], classes[taught], settings)
        scores[held_out] = model.decision_function(matrix[held_out])

    def surprise(sharpness: float) -> float:
        given = _softmax(scores, sharpness)[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(given, 1e-12)).mean())

    return float(minimize_scalar(surprise, bounds=(0.1, 30.0), method="bounded").x)


def _softmax(scores: Any, sharpness: float) -> Any:
    exponents = np.exp(sharpness * (scores - scores.max(axis=-1, keepdims=True)))
    return exponents / exponents.sum(axis=-1, keepdims=True)
