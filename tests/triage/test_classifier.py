import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.triage.classifier import Classifier
from backend.triage.examples import NONE, ExamplesError, load_training_data
from backend.triage.freshness import is_current
from backend.triage.model import ModelError, card_of, load_model, note_on_card
from backend.triage.rules import SENSITIVITIES
from backend.triage.second_look import LONG
from backend.triage.training import train_on
from tests.triage.conftest import DATA, NOW

KINDS = {"complaint", "request", "suggestion", "inquiry", "report", "praise", "none"}


# Sentences no training example resembles; a domain may be wrong now and then, so the test asks
# for most of them, and for all among the likeliest three.
UNSEEN = [
    ("complaint", "property", "小区电梯一个星期坏三回,打物业电话永远占线"),
    ("complaint", "environment", "河边那家印染厂夜里偷排废水,鱼全翻白了,熏得人睡不着"),
    ("complaint", "utilities", "我们这一片自来水停了两天了,也没人通知一声"),
    ("request", "social_assistance", "我老伴中风瘫了,家里没有收入,想申请低保,求你们帮帮忙"),
    ("request", "roads_traffic", "通往我们组的路一下雨就成烂泥塘,班车都不来,请给我们修一修"),
    ("inquiry", "social_insurance", "请问城乡居民养老保险今年最少交多少钱"),
    ("inquiry", "compulsory_education", "请问外地户口的小孩在这里读小学要什么手续"),
    ("inquiry", "veterans", "请问退伍军人优待证在哪里办"),
    ("suggestion", "roads_traffic", "建议在医院门口的路口装一个红绿灯"),
    ("suggestion", "culture_sports", "建议村里建一个篮球场,年轻人有个活动的地方"),
    ("report", "public_security", "举报出租屋里有人聚众赌博,每晚都有"),
    ("report", "food_safety", "举报一家饭店用过期的肉,后厨脏得很"),
    ("praise", "health", "感谢县医院的刘医生,医术高还有耐心"),
    ("praise", "public_security", "表扬派出所民警,帮我找回了丢失的钱包"),
    ("complaint", "employment", "老板拖欠我三个月工资,一问就说没钱"),
    ("report", "village_affairs", "村会计做假账,集体的钱不知去向,账目从不公开"),
]  # fmt: skip

CHAT = [
    "你在干嘛呢",
    "晚上一起吃火锅不",
    "哈哈太好笑了",
    "到家给我回个信息",
    "祝你生日快乐呀",
    "好无聊",
]


def test_unseen_sentences(classifier: Classifier) -> None:
    readings = [(kind, domain, classifier.read(text)) for kind, domain, text in UNSEEN]
    assert sum(r.kind == kind for kind, _, r in readings) >= len(UNSEEN) - 2
    assert sum(r.domain == domain for _, domain, r in readings) >= len(UNSEEN) - 2
    for _, domain, reading in readings:
        assert domain in [code for code, _ in reading.domains]


def test_chat_is_no_petition(classifier: Classifier) -> None:
    assert [classifier.read(text).is_petition for text in CHAT].count(False) >= len(CHAT) - 1


# Angry at an office, but about something: the matter is what has to reach somebody.
LETTERS = [
    (
        "employment",
        "领导您好,我们十一个人在服装城干装修,干完四个多月了,老板一分钱工资没结。到劳动监察大队登记过三次,"
        "每次都让回去等电话,值班的人爱答不理,说老板不在他们管的片区。孩子要开学,家里等米下锅,"
        "这样推来推去,政府到底有没有人管我们打工人的死活?恳请帮我们把血汗钱要回来。",
    ),
    (
        "utilities",
        "我们四组一到天热就停电,打供电所的电话没人接,去找所长,所长说在开会,让我们下星期再来。变压器用了"
        "二十年,电压低得冰箱都不启动,反映了两年,干部来看过一回就再没有下文。请来换一台大的变压器。",
    ),
    (
        "compulsory_education",
        "尊敬的局长,我给教育股打了五次电话都被挂断。孩子今年六岁半,户口和房子都在学区里,学校却说报名满了,"
        "让我们去七公里外的村小。问招生办,招生办让问学校,互相推诿。请给孩子安排一个就近的学位。",
    ),
]


def test_nobody_writes_a_letter_to_chat(classifier: Classifier) -> None:
    text = (
        "老师说今天出成绩,我上网查了几回都没有,打电话过去,那边说会发信息,等了一下午手机也没响,"
        "同学们都急得睡不着觉,到底是我们记错了日子还是怎么回事呀,真让人心里着急得很啊"
    )
    message, letter = (
        dict(classifier.classify(text[:length]).kinds)[NONE] for length in (LONG - 1, LONG)
    )
    assert letter / (1 - letter) < 0.5 * message / (1 - message)


def test_a_letter_angry_at_an_office_is_about_its_matter(classifier: Classifier) -> None:
    for domain, text in LETTERS:
        reading = classifier.read(text)
        assert reading.is_petition
        assert reading.domain == domain


def test_what_is_no_petition_still_names_a_kind(classifier: Classifier) -> None:
    reading = classifier.read("晚上一起吃火锅不")
    assert reading.kind == "none"
    assert len(reading.kinds) == 3
    assert reading.kind_confidence > 0.5
    assert {kind for kind, _ in reading.kinds[1:]} <= KINDS - {"none"}


def test_one_whole_reading(classifier: Classifier) -> None:
    reading = classifier.read("锦绣小区３号樓下水道堵了一個月没人管😡")
    assert (reading.kind, reading.domain) == ("complaint", "sanitation")
    assert reading.kinds[0] == (reading.kind, reading.kind_confidence)
    assert len(reading.kinds) == len(reading.domains) == 3
    assert reading.urgency == "normal"
    assert reading.sensitive == ()
    assert reading.title == "锦绣小区3号楼下水道堵了一个月没人管"


def test_held_out_figures_are_on_the_card_and_good_enough(classifier: Classifier) -> None:
    figures = classifier.card["cross_validation"]
    assert figures["chat"]["accuracy"] >= 0.93
    assert figures["kind"]["accuracy"] >= 0.78
    assert figures["domain"]["accuracy"] >= 0.69
    assert figures["domain"]["top_three"] >= 0.89
    assert figures["chat"]["calibration_error"] <= 0.05
    assert figures["kind"]["calibration_error"] <= 0.08
    assert figures["domain"]["calibration_error"] <= 0.12
    assert set(figures["kind"]["classes"]) == KINDS - {"none"}


def test_classifying_is_fast(classifier: Classifier) -> None:
    texts = [text for _, _, text in UNSEEN] * 40
    started = time.process_time()
    for text in texts:
        classifier.classify(text)
    assert len(texts) / (time.process_time() - started) >= 1_000


@settings(deadline=None, max_examples=60)
@given(text=st.text(st.characters(exclude_categories=()), max_size=300))
def test_any_text_is_read(classifier: Classifier, text: str) -> None:
    reading = classifier.read(text)
    assert reading.kind in KINDS
    assert 0 <= reading.kind_confidence <= 1
    assert set(reading.sensitive) <= set(SENSITIVITIES)
    assert len(reading.title) <= 20
    assert len(reading.summary) <= 60
    json.dumps([reading.kinds, reading.domains, reading.title, reading.summary])


def test_notes_are_added_to_the_card(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "triage.npz"
    shutil.copy(model, file)
    shutil.copy(card_of(model), card_of(file))
    note_on_card(file, {"measured": {"chat": 95.5}})
    assert load_model(file).card["measured"] == {"chat": 95.5}
    assert load_model(file).card["trainer"] == load_model(model).card["trainer"]
    assert "| chat | 95.5 |" in file.with_suffix(".md").read_text(encoding="utf-8")


def test_the_same_data_give_the_same_model(tmp_path: Path) -> None:
    whole = load_training_data(DATA)
    # Some of each kind are enough, and of praise there are few letters.
    some = [each for i, each in enumerate(whole.examples) if i % 20 == 0 or each.kind == "praise"]
    once, again = tmp_path / "once.npz", tmp_path / "again.npz"
    for file in (once, again):
        train_on(replace(whole, examples=tuple(some)), file, now=NOW)
    assert load_model(once).second_look is not None
    assert once.read_bytes() == again.read_bytes()


def test_a_model_is_current_until_its_data_change(model: Path, tmp_path: Path) -> None:
    assert is_current(DATA, model)
    assert not is_current(DATA, tmp_path / "none.npz")
    copy = tmp_path / "data"
    for part in ("triage", "catalogue", "nlu"):
        shutil.copytree(DATA / part, copy / part)
    assert is_current(copy, model)
    with (copy / "triage" / "examples" / "other.yml").open("a", encoding="utf-8") as file:
        file.write("    - 还有一件事想问\n")
    assert not is_current(copy, model)


def test_a_damaged_or_missing_model_is_refused(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "triage.npz"
    with pytest.raises(ModelError, match=r"triage\.json.*xiangyin train"):
        load_model(file)
    shutil.copy(card_of(model), card_of(file))
    with pytest.raises(ModelError, match=r"triage\.npz.*xiangyin train"):
        load_model(file)
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelError, match="does not belong"):
        load_model(file)
    card_of(file).write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="not a card"):
        load_model(file)


def test_training_data_cover_the_catalogue() -> None:
    content = load_training_data(DATA)
    petitions = [example for example in content.examples if example.domain]
    assert len(petitions) >= 2_000
    assert len(content.examples) - len(petitions) >= 800
    assert len({example.text for example in content.examples}) == len(content.examples)
    for domain in content.domain_names:
        assert len([e for e in petitions if e.domain == domain]) >= 40
        assert len({e.kind for e in petitions if e.domain == domain}) >= 5


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("examples/health.yml", "domain: health", "domain: wealth", "wealth"),
        ("examples/health.yml", "  inquiry:", "  question:", "question"),
        ("examples/health.yml", "examples:", "texts:", "examples"),
        ("examples/none.yml", "    - ok\n", "    - 7\n", "7"),
        ("kinds.yml", "code: none", "code: nothing", "none"),
        ("kinds.yml", "name: 投诉", "title: 投诉", "complaint"),
        ("kinds.yml", "share: 55", "share: 0", "share"),
        ("cues.yml", "opening:", "openings:", "opening"),
        ("cues.yml", "words: [举报,", "words: [7,", "reports"),
        ("../nlu/chat.yml", "nlu:", "intents:", "no examples"),
        ("sentiments.yml", "sentiments:", "moods:", "sentiments"),
        ("sentiments.yml", "share: 40", "share: 0", "angry"),
        ("sentiments.yml", "meaning: 指责", "meant: 指责", "meaning"),
        ("sentiments/letters.yml", "angry:", "furious:", "furious"),
        ("sentiments/texts.yml", "  - 生不如死\n", "  - 7\n", "7"),
        ("sentiments/cues.yml", "begs:", "begs: 3\n  asks:", "begs"),
    ],
)
def test_wrong_data_are_refused_by_name(
    tmp_path: Path, file: str, old: str, new: str, named: str
) -> None:
    for part in ("triage", "catalogue", "nlu"):
        shutil.copytree(DATA / part, tmp_path / part)
    path = tmp_path / "triage" / file
    text = path.read_text(encoding="utf-8")
    if old not in text:
        old = old.replace("- ok", "- 'ok'")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ExamplesError, match=named) as caught:
        load_training_data(tmp_path)
    assert path.name in str(caught.value)
