from dataclasses import replace

import numpy as np
import pytest

from backend.triage.features import build_vocabulary
from backend.triage.linear import Question, fit, hold_out, question_of

WATER = ["水管爆了", "停水三天", "水压太低", "自来水发黄", "水表坏了", "没水喝", "水费太贵"]
ROAD = ["路面塌了", "修路修一年", "路灯不亮", "马路太窄", "公路有坑", "路口堵车", "村路泥泞"]
BUS = ["班车不来", "公交绕路", "公交卡失灵", "班车涨价", "公交太挤", "末班车取消", "公交站拆了"]


def ask(*groups: list[str]) -> Question:
    texts = [text for group in groups for text in group]
    labels = [group[0] for group in groups for _ in group]
    question = question_of(texts, labels)
    return Question(question.documents, question.labels, question.examples)


@pytest.mark.parametrize("groups", [(WATER, ROAD), (WATER, ROAD, BUS)])
def test_what_was_taught_is_known(groups: tuple[list[str], ...]) -> None:
    question = ask(*groups)
    vocabulary = build_vocabulary(question.documents, least=1)
    head = fit(question, vocabulary, 1.0)
    assert set(head.classes) == {group[0] for group in groups}
    for document, label in zip(question.documents, question.labels, strict=True):
        assert head.top(*vocabulary.weigh(document))[0][0] == label


def test_a_leaning_decides_where_the_text_says_nothing() -> None:
    question = ask(WATER, ROAD, BUS)
    vocabulary = build_vocabulary(question.documents, least=1)
    silent = vocabulary.weigh([])
    for leaning in (WATER[0], ROAD[0], BUS[0]):
        head = fit(question, vocabulary, 0.5, {leaning: 5.0})
        assert head.top(*silent)[0][0] == leaning
        assert head.top(*silent)[0][1] > 0.9


def test_held_out_scores_are_of_models_that_have_not_seen_the_text() -> None:
    question = ask(WATER, ROAD)
    # With labels that mean nothing, only a model that has seen the texts could be right.
    shuffled = np.random.default_rng(3).permutation(question.labels)
    meaningless = Question(question.documents, shuffled, question.examples)
    assert hold_out(question).figures()["accuracy"] > hold_out(meaningless).figures()["accuracy"]
    assert hold_out(meaningless).figures()["accuracy"] < 0.8


def test_cue_words_are_trained_on_but_not_counted() -> None:
    question = ask(WATER, ROAD)
    documents = [*question.documents, ["水"], ["路"]]
    labels = np.array([*question.labels, WATER[0], ROAD[0]])
    held_out = hold_out(Question(documents, labels, question.examples))
    assert held_out.log_odds.shape == (len(WATER) + len(ROAD), 2)
    assert held_out.temperature > 0


def test_cues_decide_where_the_words_are_new() -> None:
    # Each text has both labels: its words say nothing of them, the first cue all.
    texts = [*WATER, *ROAD, *BUS] * 20
    labels = ["asks", "tells"] * (len(texts) // 2)
    question = question_of(texts, labels)
    cues = np.array([[float(label == "asks"), 0.2] for label in labels], np.float32)
    pooled = replace(question, least=1, cues=cues, cue_share=0.5)
    vocabulary = build_vocabulary(question.documents, least=1)
    head = fit(pooled, vocabulary, 0.2)
    first = len(vocabulary.index)
    unknown = (np.array([first, first + 1]), np.array([1.0, 0.2], np.float32))
    assert head.top(*unknown)[0][0] == "asks"
    assert head.temperature == 1.0
    assert hold_out(pooled).figures()["accuracy"] == 1.0
    assert hold_out(replace(pooled, cue_share=0.0)).figures()["accuracy"] < 1.0
