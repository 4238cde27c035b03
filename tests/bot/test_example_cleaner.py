"""Examples are trained on as the app hands messages over; messages are left alone."""

from __future__ import annotations

from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.example_cleaner import ExampleCleaner


def test_examples_are_cleaned_and_messages_are_not() -> None:
    examples = [
        Message(data={"text": "請問電話號碼", "intent": "ask_human"}),
        Message(data={"text": "３號樓", "intent": "inform"}),
        Message(data={"intent": "greet"}),
    ]
    cleaned = ExampleCleaner().process_training_data(TrainingData(examples))
    assert [one.get("text") for one in cleaned.training_examples] == [
        "请问电话号码",
        "3号楼",
        None,
    ]
    (message,) = ExampleCleaner().process([Message(data={"text": "請問"})])
    assert message.get("text") == "請問"
