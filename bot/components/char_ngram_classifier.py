"""A linear intent classifier over character n-grams and words.

Small Chinese training sets with typos and dialect are read as well by a linear model over
character n-grams as by DIET, at a hundredth of the time. The model is a multinomial logistic
regression on TF-IDF weights; its softmax gives the confidences. Reading a message is one dictionary
look-up per n-gram and one small matrix product, without scikit-learn.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

_EDGE = "\x02"
_DIGITS = re.compile(r"[0-9]+")
_BLANKS = re.compile(r"\s+")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class CharNgramClassifier(IntentClassifier, GraphComponent):
    """Rasa component: sets `intent` and `intent_ranking` of a message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`longest_ngram`: characters; `regularisation`: scikit-learn's C; `most_characters`:
        how much of a message is read; `ranking_length`: intents reported."""
        return {
            "longest_ngram": 3,
            "regularisation": 20.0,
            "most_characters": 600,
            "ranking_length": 5,
        }

    @staticmethod
    def required_packages() -> list[str]:
        """What training needs besides Rasa."""
        return ["sklearn"]

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._intents: list[str] = []
        self._columns: dict[str, int] = {}
        # One row per feature: its IDF, and its weight for each intent.
        self._idf = np.zeros(0, dtype=np.float32)
        self._weights = np.zeros((0, 0), dtype=np.float32)
        self._bias = np.zeros(0, dtype=np.float32)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> CharNgramClassifier:
        """An untrained classifier."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from all examples that have an intent and a text, and persist."""
        examples = [
            example
            for example in training_data.intent_examples
            if example.get(INTENT) and example.get(TEXT)
        ]
        self.fit(
            [self._features(example) for example in examples],
            [example.get(INTENT) for example in examples],
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._write(folder)
        return self._resource

    def fit(self, features: Sequence[Counter[str]], intents: Sequence[str]) -> None:
        """Learn weights from `_features` of each example and its intent."""
        from scipy.sparse import csr_matrix
        from sklearn.linear_model import LogisticRegression

        document_counts: Counter[str] = Counter()
        for counted in features:
            document_counts.update(counted.keys())
        self._columns = {name: column for column, name in enumerate(sorted(document_counts))}
        idf = [
            math.log((1 + len(features)) / (1 + document_counts[name])) + 1
            for name in self._columns
        ]
        self._idf = np.array(idf, dtype=np.float32)
        rows = [self._weighted(counted) for counted in features]
        matrix = csr_matrix(
            (
                np.concatenate([values for _, values in rows]),
                np.concatenate([columns for columns, _ in rows]),
                np.cumsum([0] + [len(columns) for columns, _ in rows]),
            ),
            shape=(len(rows), len(self._columns)),
        )
        model = LogisticRegression(
            C=self._config["regularisation"],
            class_weight="balanced",
            max_iter=400,
            multi_class="multinomial",
            random_state=7,
        ).fit(matrix, intents)
        self._intents = [str(intent) for intent in model.classes_]
        self._weights = np.ascontiguousarray(model.coef_.T, dtype=np.float32)
        self._bias = model.intercept_.astype(np.float32)

    def process(self, messages: list[Message]) -> list[Message]:
        """Read each message's intent."""
        for message in messages:
            ranking = self.rank(self._features(message))
            best = ranking[0] if ranking else {"name": None, "confidence": 0.0}
            message.set("intent", best, add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Read the training examples, for components after this one."""
        self.process(training_data.training_examples)
        return training_data

    def rank(self, features: Counter[str]) -> list[dict[str, Any]]:
        """The likeliest intents with their probabilities, best first. Empty when nothing of the
        message was ever seen: such a message has no likeliest intent."""
        columns, values = self._weighted(features)
        if not len(columns):
            return []
        scores = values @ self._weights[columns] + self._bias
        scores -= scores.max()
        probabilities = np.exp(scores)
        probabilities /= probabilities.sum()
        best = np.argsort(-probabilities, kind="stable")[: self._config["ranking_length"]]
        return [
            {"name": self._intents[index], "confidence": float(probabilities[index])}
            for index in best
        ]

    def _features(self, message: Message) -> Counter[str]:
        text = (message.get(TEXT) or "")[: self._config["most_characters"]]
        tokens = message.get(TOKENS_NAMES[TEXT]) or []
        return count_features(text, [token.text for token in tokens], self._config["longest_ngram"])

    def _weighted(self, features: Counter[str]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
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

    def _write(self, folder: Path) -> None:
        vocabulary = {"intents": self._intents, "features": list(self._columns)}
        (folder / "vocabulary.json").write_text(
            json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8"
        )
        np.savez(folder / "weights.npz", idf=self._idf, weights=self._weights, bias=self._bias)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> CharNgramClassifier:
        """The classifier as trained. Raises ValueError when the model has no such part."""
        classifier = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
            # No pickles: a model file can do nothing but give numbers.
            with np.load(folder / "weights.npz", allow_pickle=False) as stored:
                classifier._idf = stored["idf"]
                classifier._weights = stored["weights"]
                classifier._bias = stored["bias"]
        classifier._intents = vocabulary["intents"]
        classifier._columns = {name: i for i, name in enumerate(vocabulary["features"])}
        return classifier


def count_features(text: str, words: Sequence[str], longest_ngram: int) -> Counter[str]:
    """Character n-grams (1 … longest) with marked edges, and words of two characters or more.

    Numbers are read as one sign, so that house and phone numbers do not become vocabulary.
    """
    plain = _DIGITS.sub("0", _BLANKS.sub(" ", text.strip().lower()))
    marked = f"{_EDGE}{plain}{_EDGE}"
    features = Counter(
        marked[start : start + size]
        for size in range(1, longest_ngram + 1)
        for start in range(len(marked) - size + 1)
    )
    del features[_EDGE]
    features.update(f"w:{word.lower()}" for word in words if len(word) > 1 and not word.isdigit())
    return features
