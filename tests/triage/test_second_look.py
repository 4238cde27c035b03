from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backend.triage.classifier import Classifier
from backend.triage.model import Head, Model, load_model
from backend.triage.rules import load_rules
from backend.triage.second_look import LONG, is_open, look
from backend.triage.second_look_training import learn
from backend.triage.sentence_vectors import DIMENSIONS, SentenceReader, Vectors
from backend.triage.summary import load_courtesy
from tests.triage.conftest import DATA

KINDS = ("complaint", "request")
SHARES = {"complaint": 50.0, "request": 50.0}
STORY = "去年冬天我们几户人家从山上搬下来住进安置点，房子是新的，路也通了，大家都说好日子来了。"
BLAMES = [
    f"{STORY}{who}推来推去，一年多没有一个人来处理，难道老百姓就这么好糊弄吗？太气人了。"
    for who in ("物业", "镇里", "开发商", "水厂", "施工队", "供电所")
]
PLEADS = [
    f"{STORY}如今{what}，我们没有怪谁的意思，恳请政府帮帮我们渡过这个难关，拜托了，谢谢。"
    for what in ("老人病了", "水管冻裂", "缺一盏灯", "孩子没人带", "没有班车", "钱用完了")
]


class Deaf(SentenceReader):
    """Nobody should read a sentence."""

    def read(self, texts: Sequence[str]) -> Vectors:
        raise AssertionError(texts)


@pytest.fixture(scope="module")
def head() -> Head:
    kinds = ["complaint"] * len(BLAMES) + ["request"] * len(PLEADS)
    learnt = learn([*BLAMES, *PLEADS], kinds, KINDS, SHARES, SentenceReader())
    assert learnt is not None
    return learnt


def test_beginning_and_end_tell_what_words_leave_open(head: Head) -> None:
    open_question = np.array([0.5, 0.5], np.float32)
    angry = f"{STORY}打了十几次电话都是敷衍，根本没有人管我们的死活，实在让人寒心。"
    humble = f"{STORY}家里实在困难，求好心的领导伸手拉我们一把，感激不尽。"
    complaint = look(angry, open_question, head, SentenceReader())
    request = look(humble, open_question, head, SentenceReader())
    assert complaint[0] > 0.5 > request[0]
    assert complaint.sum() == pytest.approx(1.0)


def test_only_a_long_and_open_text_is_looked_at_again() -> None:
    unsure, sure = np.array([0.5, 0.4, 0.1]), np.array([0.8, 0.1, 0.1])
    assert is_open("长" * LONG, unsure)
    assert not is_open("长" * LONG, sure)
    assert not is_open("长" * (LONG - 1), unsure)


def test_frequent_kinds_are_likelier_where_the_end_says_nothing(head: Head) -> None:
    often = learn(
        [*BLAMES, *PLEADS],
        ["complaint"] * len(BLAMES) + ["request"] * len(PLEADS),
        KINDS,
        {"complaint": 90.0, "request": 10.0},
        SentenceReader(),
    )
    assert often is not None
    assert often.bias[0] - often.bias[1] == pytest.approx(
        head.bias[0] - head.bias[1] + np.log(9), abs=1e-4
    )


def test_too_few_letters_of_a_kind_teach_nothing() -> None:
    kinds = ["complaint"] * len(BLAMES) + ["request"] * 2
    assert learn([*BLAMES, *PLEADS[:2]], kinds, KINDS, SHARES, Deaf()) is None
    short = ["路灯坏了"] * 20
    assert learn(short, ["complaint", "request"] * 10, KINDS, SHARES, Deaf()) is None


def test_the_head_is_of_two_sentence_vectors(head: Head) -> None:
    assert head.classes == KINDS
    assert head.weights.shape == (2 * DIMENSIONS, len(KINDS))


@pytest.fixture(scope="module")
def open_model(model: Path) -> Model:
    """The trained one, but words and cues leave the kind of every text open."""
    whole = load_model(model)
    return replace(whole, kind=replace(whole.kind, temperature=40.0))


def classifier_of(model: Model) -> Classifier:
    rules = DATA / "rules"
    return Classifier(model, load_rules(rules), load_courtesy(rules / "courtesy.yml"))


def test_a_reading_looks_closer_and_the_fast_part_does_not(open_model: Model) -> None:
    classifier = classifier_of(open_model)
    fast, close = classifier.classify(PLEADS[0]), classifier.look_closer(PLEADS[0])
    assert fast.kinds[0][1] < 0.6
    assert close.kinds[0][0] == "request"
    assert dict(close.kinds)["request"] > dict(fast.kinds).get("request", 0.0)
    assert close.domains == fast.domains
    assert classifier.read(PLEADS[0]).kinds == close.kinds


def test_a_message_and_a_model_without_letters_need_no_second_look(open_model: Model) -> None:
    message = "请问城乡居民养老保险今年最少交多少钱"
    classifier = classifier_of(open_model)
    assert classifier.look_closer(message) == classifier.classify(message)
    unlearnt = classifier_of(replace(open_model, second_look=None))
    assert unlearnt.look_closer(PLEADS[0]) == unlearnt.classify(PLEADS[0])
