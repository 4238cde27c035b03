"""A model of any labels is kept whole and says the same after it was loaded."""

from pathlib import Path

import pytest

from backend.triage.features import build_vocabulary
from backend.triage.label_model import (
    LabelModel,
    is_label_model,
    load_label_model,
    save_label_model,
)
from backend.triage.linear import Question, fit, question_of
from backend.triage.model import ModelError, card_of

TEXTS = {
    "水务": ["水管爆了", "停水三天", "水压太低", "自来水发黄"],
    "道路，桥梁": ["路面塌了", "修路修一年", "马路太窄", "公路有坑"],
    "公交\n班车": ["班车不来", "公交绕路", "公交太挤", "末班车取消"],
    "绿化": ["树倒了", "草坪荒了", "树枝挡光", "花坛没人管"],
}


@pytest.fixture
def model() -> LabelModel:
    labels = [label for label, texts in TEXTS.items() for _ in texts]
    asked = question_of([text for texts in TEXTS.values() for text in texts], labels)
    vocabulary = build_vocabulary(asked.documents, least=1)
    question = Question(asked.documents, asked.labels, asked.examples)
    return LabelModel(vocabulary, fit(question, vocabulary, 0.3), {"rows": 16})


def test_it_is_the_same_after_it_was_kept(model: LabelModel, tmp_path: Path) -> None:
    file = tmp_path / "m.npz"
    save_label_model(model, file)
    assert is_label_model(file)
    loaded = load_label_model(file)
    assert loaded.card["rows"] == 16
    for label, texts in TEXTS.items():
        for text in texts:
            ranking = loaded.rank(text)
            assert ranking[0][0] == label
            assert len(ranking) == 3
            assert [name for name, _ in ranking] == [name for name, _ in model.rank(text)]
            assert sum(share for _, share in ranking) <= 1.001


def test_a_text_of_unknown_words_has_a_ranking_all_the_same(model: LabelModel) -> None:
    assert len(model.rank("zzz")) == 3


def test_what_does_not_belong_together_is_refused(model: LabelModel, tmp_path: Path) -> None:
    file = tmp_path / "m.npz"
    with pytest.raises(ModelError, match=r"m\.json"):
        is_label_model(file)
    save_label_model(model, file)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelError, match="does not belong"):
        load_label_model(file)
    card_of(file).write_text('{"name": "triage"}', encoding="utf-8")
    assert not is_label_model(file)
    with pytest.raises(ModelError, match="labels"):
        load_label_model(file)
