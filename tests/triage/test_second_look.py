from collections.abc import Sequence

import numpy as np
import pytest

from backend.triage.classifier import Classifier
from backend.triage.model import Head
from backend.triage.second_look import LONG, is_open, learn, look
from backend.triage.sentence_vectors import DIMENSIONS, SentenceReader, Vectors

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


def test_the_end_tells_what_words_leave_open(head: Head) -> None:
    open_question = np.array([0.5, 0.5], np.float32)
    angry = f"{STORY}打了十几次电话都是敷衍，根本没有人管我们的死活，实在让人寒心。"
    humble = f"{STORY}家里实在困难，求好心的领导伸手拉我们一把，感激不尽。"
    complaint = look(angry, open_question, head, SentenceReader())
    request = look(humble, open_question, head, SentenceReader())
    assert complaint[0] > 0.5 > request[0]
    assert complaint.sum() == pytest.approx(1.0)


def test_only_a_long_and_open_text_is_looked_at_again() -> None:
    unsure, sure = np.array([0.5, 0.4, 0.1]), np.array([0.7, 0.2, 0.1])
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


def test_the_head_is_of_one_sentence_vector(head: Head) -> None:
    assert head.classes == KINDS
    assert head.weights.shape == (DIMENSIONS, len(KINDS))


OPEN = (
    "我们村的蓄水池是前年修的，管子接到各家门口，只是坡上的六户水压不够，白天放不出来，夜里才有细细的一股。"
    "村里的干部来看过，说要换一台大一点的泵，报告交到镇上有一段日子了，大家天天挑水，老人们挑不动，"
    "也不知道是哪个环节慢了，想跟领导说一说这件事。"
)


def test_a_reading_looks_closer_and_the_fast_part_does_not(classifier: Classifier) -> None:
    fast, close = classifier.classify(OPEN), classifier.look_closer(OPEN)
    assert fast.kinds[0][1] < 0.6, fast
    assert close.kinds != fast.kinds
    assert close.domains == fast.domains
    assert classifier.read(OPEN).kinds == close.kinds
    message = "请问城乡居民养老保险今年最少交多少钱"
    assert classifier.look_closer(message) == classifier.classify(message)
