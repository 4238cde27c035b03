"""The classifier by itself: what it counts, what it learns, what it keeps."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.char_ngram_classifier import CharNgramClassifier, count_features

EXAMPLES = {
    "greet": ["你好", "您好啊", "早上好", "哈喽"],
    "thank": ["谢谢", "多谢了", "感谢你们", "辛苦了"],
    "raise": ["路灯坏了", "下水道堵了", "楼下太吵了", "没人收垃圾"],
}
CONTEXT = ExecutionContext(GraphSchema({}))


def _data() -> TrainingData:
    return TrainingData(
        [
            Message(data={"text": text, "intent": intent})
            for intent, texts in EXAMPLES.items()
            for text in texts
        ]
    )


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> LocalModelStorage:
    return LocalModelStorage(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def trained(storage: LocalModelStorage) -> CharNgramClassifier:
    config = CharNgramClassifier.get_default_config()
    classifier = CharNgramClassifier.create(config, storage, Resource("clf"), CONTEXT)
    classifier.train(_data())
    return classifier


def _read(classifier: CharNgramClassifier, text: str) -> tuple[dict[str, Any], list[Any]]:
    message = classifier.process([Message(data={"text": text})])[0]
    return message.get("intent"), message.get("intent_ranking")


@pytest.mark.parametrize(
    ("text", "intent"),
    [("你好呀", "greet"), ("太谢谢了", "thank"), ("路灯又坏了", "raise"), ("下水倒堵了", "raise")],
)
def test_reads_what_resembles_its_examples(
    trained: CharNgramClassifier, text: str, intent: str
) -> None:
    best, ranking = _read(trained, text)
    assert best["name"] == intent
    assert best == ranking[0]


def test_loaded_reads_as_trained(trained: CharNgramClassifier, storage: LocalModelStorage) -> None:
    config = CharNgramClassifier.get_default_config()
    loaded = CharNgramClassifier.load(config, storage, Resource("clf"), CONTEXT)
    for text in ("你好", "谢谢你", "路灯不亮", "zzz", ""):
        assert _read(loaded, text) == _read(trained, text)


def test_model_holds_no_pickle(trained: CharNgramClassifier, storage: LocalModelStorage) -> None:
    with storage.read_from(Resource("clf")) as folder:
        names = sorted(path.name for path in Path(folder).iterdir())
    assert names == ["vocabulary.json", "weights.npz"]


@pytest.mark.parametrize("text", ["", "   ", "zzz", "\0", "\ud800"])
def test_what_was_never_seen_has_no_intent(trained: CharNgramClassifier, text: str) -> None:
    best, ranking = _read(trained, text)
    assert best == {"name": None, "confidence": 0.0}
    assert ranking == []


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=80))
def test_confidences_are_probabilities(trained: CharNgramClassifier, text: str) -> None:
    _, ranking = _read(trained, text)
    confidences = [one["confidence"] for one in ranking]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= confidence <= 1 for confidence in confidences)
    # Fewer intents than the ranking is long, so that all are in it.
    assert not ranking or sum(confidences) == pytest.approx(1, abs=1e-4)


def test_features() -> None:
    assert count_features("A1", [], 2) == Counter({"a": 1, "0": 1, "\x02a": 1, "a0": 1, "0\x02": 1})
    assert count_features("3号楼 12", [], 2) == count_features(" 45号楼  6 ", [], 2)
    assert count_features("路灯", ["路灯", "的"], 1)["w:路灯"] == 1
    assert "w:的" not in count_features("的", ["的"], 1)


def test_very_long_messages_are_cut(trained: CharNgramClassifier) -> None:
    assert _read(trained, "你好" * 50_000) == _read(trained, "你好" * 300)
