"""Trains on what turns bring: the examples stand as people write them (Traditional, full-width),
while the app hands the bot cleaned text."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.written_text import as_handed_over


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class ExampleCleaner(GraphComponent):
    """Rasa component, before the tokenizer: cleans training examples, leaves messages alone."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ExampleCleaner:
        """There is nothing to configure."""
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Clean each example's text."""
        for example in training_data.training_examples:
            text = example.get(TEXT)
            if text:
                example.set(TEXT, as_handed_over(text))
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """The app has cleaned them."""
        return messages
