from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.triage.cleaning import clean
from backend.triage.summary import load_courtesy, summarise

COURTESY = load_courtesy(Path(__file__).parents[2] / "data" / "rules" / "courtesy.yml")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("锦绣小区3号楼下水道堵了一个月没人管", "锦绣小区3号楼下水道堵了一个月没人管"),
        ("您好！我是一名村民，想反映一下村里的路灯坏了半年，谢谢！", "村里的路灯坏了半年"),
        ("请问低保怎么申请", "低保怎么申请"),
        ("尊敬的领导：我们村停水三天了，望尽快解决！", "我们村停水三天了"),
        ("我要举报村会计做假账", "村会计做假账"),
        ("追着邮递员跑，主人说“它不咬熟人，你别怕”", "追着邮递员跑，主人说它不咬熟人"),
        ("村里挂了“传统民居”的牌子没人管", "村里挂了“传统民居”的牌子没人管"),
        ("包工头叫刘大勇 电话13877776666，欠我们八万多工资", "欠我们八万多工资"),
        ("我姓王，手机13877776666，路灯坏了", "路灯坏了"),
        ("邻居家的狗半夜叫唤", "邻居家的狗半夜叫唤"),
        ("欠钱不给，老板叫人打我", "欠钱不给，老板叫人打我"),
        ("你好", "你好"),
        ("", ""),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert summarise(text, COURTESY).title == title


def test_the_telling_clause_is_chosen() -> None:
    text = (
        "昨天我在家里坐着，天气也好，楼下工厂排出来的黑烟呛得睁不开眼，后来我就关窗了，没有别的办法"
    )
    summary = summarise(text, COURTESY, lambda clause: float("黑烟" in clause))
    assert "黑烟" in summary.title
    assert "黑烟" in summary.text


def test_long_texts_are_cut_between_words() -> None:
    text = "南园小区东门外的建筑工地每天半夜两点还在打桩施工吵得整栋楼的老人孩子都睡不着觉"
    title = summarise(text, COURTESY).title
    assert title.endswith("…")
    assert len(title) <= 20
    assert text.startswith(title[:-1])


def test_figures_stay_out() -> None:
    text = "物业电话13800138000打不通，身份证35012819900101123X登记了也没用"
    summary = summarise(text, COURTESY)
    assert "1380013" not in summary.title + summary.text
    assert "3501281" not in summary.title + summary.text


@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_any_text_gives_its_own_words(text: str) -> None:
    summary = summarise(text, COURTESY)
    assert len(summary.title) <= 20
    assert len(summary.text) <= 60
    assert bool(summary.title) == bool(summary.text)
    assert set(summary.text) <= set(clean(text).text) | set("，；：？！…")


def test_wrong_patterns_are_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "courtesy.yml"
    file.write_text("clauses: ['(']\nopenings: [a]\nclosings: [b]\n", encoding="utf-8")
    with pytest.raises(ValueError, match="clauses"):
        load_courtesy(file)
    file.write_text("clauses: [a]\n", encoding="utf-8")
    with pytest.raises(ValueError, match="openings"):
        load_courtesy(file)
