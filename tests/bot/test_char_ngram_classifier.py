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

from bot.components.char_ngram_classifier import CharNgramClassifier
from bot.components.linear_scores import LinearScores
from bot.components.text_features import count_features, read_syllables

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
    [
        ("你好呀", "greet"),
        ("太谢谢了", "thank"),
        ("路灯又坏了", "raise"),
        ("下水倒堵了", "raise"),
        # No character of these is in the examples, only their sounds are.
        ("写写泥们", "thank"),
        ("尼浩", "greet"),
    ],
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
    assert names == ["syllables.json", "vocabulary.json", "weights.npz"]


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
    characters = {"a": 1, "0": 1, "\x02a": 1, "a0": 1, "0\x02": 1}
    sounds = {"p:a": 1, "p:0": 1, "p:\x02 a": 1, "p:a 0": 1, "p:0 \x02": 1}
    assert count_features("A1", [], {}, 2) == Counter({**characters, **sounds})
    assert count_features("3号楼 12", [], {}, 2) == count_features(" 45号楼  6 ", [], {}, 2)
    assert count_features("路灯", ["路灯", "的"], {}, 1)["w:路灯"] == 1
    assert "w:的" not in count_features("的", ["的"], {}, 1)


def test_punctuation_is_left_out() -> None:
    assert count_features("对!就这样。", [], {}, 3) == count_features("对 就这样", [], {}, 3)
    assert count_features("？！…", [], {}, 3) == Counter()


def test_what_sounds_alike_is_counted_alike() -> None:
    syllables = read_syllables()
    by_ear, meant = (count_features(text, [], syllables, 3) for text in ("投速", "投诉"))
    assert {name for name in by_ear if name.startswith("p:")} == {
        name for name in meant if name.startswith("p:")
    }
    assert syllables["知"] == syllables["资"]
    assert syllables["金"] == syllables["京"]


def test_probabilities_are_as_often_right_as_they_say() -> None:
    """Half of the texts of two classes say nothing about which; those must not seem sure."""
    told = [Counter({"left": 1}), Counter({"right": 1}), Counter({"other": 1})]
    features = [*told * 20, *[Counter({"unclear": 1})] * 40]
    classes = [*["left", "right", "other"] * 20, *["left", "right"] * 20]
    scores = LinearScores()
    scores.fit(features, classes, regularisation=1.0, importance={})
    assert scores.rank(Counter({"left": 1}), 3)[0] == ("left", pytest.approx(1, abs=0.1))
    assert scores.rank(Counter({"unclear": 1}), 3)[0][1] == pytest.approx(0.5, abs=0.1)


def test_two_classes_are_told_apart_and_one_is_refused() -> None:
    features = [Counter("a"), Counter("b")] * 3
    scores = LinearScores()
    scores.fit(features, ["x", "y"] * 3, regularisation=1.0, importance={})
    assert [scores.rank(Counter(sign), 1)[0][0] for sign in "ab"] == ["x", "y"]
    with pytest.raises(ValueError, match="class"):
        LinearScores().fit(features, ["x"] * 6, regularisation=1.0, importance={})


def test_very_long_messages_are_cut(trained: CharNgramClassifier) -> None:
    assert _read(trained, "你好" * 50_000) == _read(trained, "你好" * 300)
