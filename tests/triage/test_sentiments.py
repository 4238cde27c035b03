"""How people feel: the authored marks, and what the model makes of sentences it has not seen."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from backend.data_file import read_yaml
from backend.petitions.rules import SENTIMENTS
from backend.triage.classifier import Classifier, load
from backend.triage.examples import load_training_data
from backend.triage.model import load_model, save_model
from backend.triage.sentiments import sentiment_files
from backend.triage.training import train_on
from tests.learning.schoolbook import schoolbook
from tests.triage.conftest import DATA, NOW

# Sentences no training text resembles; some may be taken for another mood, so the test asks for
# most of them, and that nobody in despair is taken for calm.
UNSEEN = [
    ("calm", "请问换领社保卡要带哪些材料，周末能不能办"),
    ("calm", "建议在公交站旁边设一个自行车停放点"),
    ("calm", "想咨询一下今年的灵活就业补贴什么时候开始申报"),
    ("angry", "打了十几个电话都是敷衍，你们到底有没有人管？难道老百姓就该受这个气！"),
    ("angry", "收了钱不办事，凭什么？还讲不讲良心！"),
    ("angry", "部门之间踢皮球，说得好听，一件事也没有解决，真是形同虚设"),
    ("worried", "墙上的裂缝越来越宽，我们晚上都不敢睡，求你们快点派人来看看"),
    ("worried", "我妈一个人在家联系不上，我在外地急死了，请帮忙去敲敲门"),
    ("desperate", "家里三个病人，钱借遍了，真的走投无路活不下去了，求求你们救救我们"),
    ("desperate", "我给你们跪下了，再没有人管我只有死路一条"),
    ("desperate", "活着没有一点盼头，不想再活了"),
    ("grateful", "太感谢环卫站的师傅了，下水道当天就通好了，给你们点赞"),
    ("grateful", "谢谢民警同志帮我找回了走失的老父亲，好人一生平安"),
]


def test_unseen_sentences(classifier: Classifier) -> None:
    found = [(mood, classifier.classify(text).sentiments) for mood, text in UNSEEN]
    assert sum(ranking[0][0] == mood for mood, ranking in found) >= len(UNSEEN) - 2
    for mood, ranking in found:
        assert mood in [code for code, _ in ranking]
        assert len(ranking) == 3
        assert 1 >= ranking[0][1] >= ranking[1][1] >= ranking[2][1] >= 0
        assert sum(sure for _, sure in ranking) <= 1.001
        if mood == "desperate":
            assert ranking[0][0] != "calm"


def test_a_reading_tells_the_mood(classifier: Classifier) -> None:
    reading = classifier.read("谢谢民警同志帮我找回了走失的老父亲，好人一生平安")
    assert reading.sentiment == reading.sentiments[0][0] == "grateful"
    assert classifier.card["sentiments"]["desperate"] == "绝望"
    figures = classifier.card["cross_validation"]["sentiment"]
    assert set(figures["classes"]) == set(SENTIMENTS)


def test_a_model_of_before_there_were_moods_tells_none(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "old.npz"
    save_model(replace(load_model(model), mood=None), file)
    old = load(file, DATA / "rules")
    assert old.classify("凭什么没人管！").sentiments == ()
    assert old.read("凭什么没人管！").sentiment == ""
    new = load(model, DATA / "rules").classify("凭什么没人管！")
    assert old.classify("凭什么没人管！").kinds == new.kinds


def test_without_any_mood_none_is_learnt(tmp_path: Path) -> None:
    file = tmp_path / "none.npz"
    train_on(schoolbook(), file, now=NOW)
    assert load_model(file).mood is None


def test_every_mark_belongs_to_an_example() -> None:
    content = load_training_data(DATA)
    marked = [each for each in content.examples if content.sentiments.of(each.text)]
    assert len(marked) >= len(content.sentiments.marks)
    assert {content.sentiments.of(each.text) for each in marked} == set(SENTIMENTS)
    assert all(each.sentiment for each in marked)


def test_each_mood_has_enough_texts_and_no_text_two() -> None:
    content = load_training_data(DATA)
    moods = Counter(each.sentiment for each in content.examples if each.sentiment)
    moods.update(mood for _, mood in content.sentiments.texts)
    assert set(moods) == set(content.sentiments.names) == set(SENTIMENTS)
    assert min(moods.values()) >= 150
    for part in sentiment_files(DATA)[1:3]:
        openings = [opening for texts in read_yaml(part).values() for opening in texts]
        assert len(openings) == len(set(openings)), part.name
    texts = [text for text, _ in content.sentiments.texts]
    assert len(texts) == len(set(texts))


def test_judged_rows_are_of_known_moods_and_counted_once() -> None:
    judged = read_yaml(Path(__file__).parent / "sentiments_judged.yml")
    assert set(judged) == {"development", "confirmation", "strong", "also"}
    rows = [
        row
        for lot in ("development", "confirmation", "strong")
        for mood, rows in judged[lot].items()
        for row in rows
        if mood in SENTIMENTS
    ]
    assert len(rows) == len(set(rows)) >= 320


@pytest.mark.parametrize("text", ["", "。。。", "x" * 5000, "\x00", "😡😡😡"])
def test_any_text_has_a_mood(classifier: Classifier, text: str) -> None:
    assert classifier.classify(text).sentiments[0][0] in SENTIMENTS
