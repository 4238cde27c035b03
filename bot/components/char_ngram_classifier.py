"""A linear intent classifier over characters, words and sounds.

Small Chinese training sets with typos and dialect are read as well by a linear model over
character n-grams as by DIET, at a hundredth of the time; `make bench-intents` measures both.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.linear_scores import LinearScores
from bot.components.text_features import count_features, read_syllables


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class CharNgramClassifier(IntentClassifier, GraphComponent):
    """Rasa component: sets `intent` and `intent_ranking` of a message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`longest_ngram`: characters; `regularisation`: scikit-learn's C; `importance`: factors
        on the weight of intents; `most_characters`: how much of a message is read;
        `ranking_length`: intents reported."""
        return {
            "longest_ngram": 3,
            "regularisation": 1.0,
            "importance": {},
            "most_characters": 600,
            "ranking_length": 5,
        }

    @staticmethod
    def required_packages() -> list[str]:
        """What training needs besides Rasa."""
        return ["sklearn", "pypinyin"]

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._scores = LinearScores()
        self._syllables: dict[str, str] = {}

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
        self.learn(
            [
                example
                for example in training_data.intent_examples
                if example.get(INTENT) and example.get(TEXT)
            ]
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._scores.write(folder)
            (folder / "syllables.json").write_text(
                json.dumps(self._syllables, ensure_ascii=False), encoding="utf-8"
            )
        return self._resource

    def learn(self, examples: list[Message]) -> None:
        """Learn from tokenized examples. Raises ValueError for a single intent."""
        self._syllables = read_syllables()
        self._scores.fit(
            [self._features(example) for example in examples],
            [example.get(INTENT) for example in examples],
            regularisation=self._config["regularisation"],
            importance=self._config["importance"],
        )

    def process(self, messages: list[Message]) -> list[Message]:
        """Read each message's intent."""
        for message in messages:
            ranked = self._scores.rank(self._features(message), self._config["ranking_length"])
            ranking = [{"name": name, "confidence": confidence} for name, confidence in ranked]
            best = ranking[0] if ranking else {"name": None, "confidence": 0.0}
            message.set("intent", best, add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Read the training examples, for components after this one."""
        self.process(training_data.training_examples)
        return training_data

    def _features(self, message: Message) -> Counter[str]:
        text = (message.get(TEXT) or "")[: self._config["most_characters"]]
        tokens = message.get(TOKENS_NAMES[TEXT]) or []
        return count_features(
            text,
            [token.text for token in tokens],
            self._syllables,
            self._config["longest_ngram"],
        )

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
            classifier._scores = LinearScores.read(folder)
            classifier._syllables = json.loads(
                (folder / "syllables.json").read_text(encoding="utf-8")
            )
        return classifier
