import pytest

from backend.triage.amounts import find_amounts
from backend.triage.numerals import parse_numeral


@pytest.mark.parametrize(
    ("text", "words", "value"),
    [
        ("欠我三千二百块没给", "三千二百块", "3200元"),
        ("工资1.2万没给", "1.2万", "12000元"),
        ("补课费1500元/月", "1500元/月", "1500元/月"),
        ("罚了两百块钱", "两百块钱", "200元"),
        ("一斤三块五", "三块五", "3.5元"),
        ("交了5,000元", "5,000元", "5000元"),
        ("拖欠三万六千元", "三万六千元", "36000元"),
        ("花了三万六", "三万六", "36000元"),
        ("物业费每平方1块8", "1块8", "1.8元"),
        ("18块钱一斤", "18块钱一斤", "18元/斤"),
        ("一千块钱一个月", "一千块钱一个月", "1000元/月"),
        ("好几千块", "几千块", "几千块"),
        ("三毛钱", "三毛钱", "0.3元"),
        ("补助10万元", "10万元", "100000元"),
    ],
)
def test_amounts(text: str, words: str, value: str) -> None:
    assert [(text[a.start : a.end], a.value) for a in find_amounts(text)] == [(words, value)]


@pytest.mark.parametrize(
    "text", ["停了五天", "2026年", "三块地", "操场塌了一块", "住了两千人", "第3号", "50千瓦", ""]
)
def test_what_is_no_money(text: str) -> None:
    assert list(find_amounts(text)) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三千二百", 3200), ("一百五", 150), ("两万三千五百", 23500), ("一千零五十", 1050),
        ("一千零五", 1005), ("十五", 15), ("二〇二六", 2026), ("1万6", 16000), ("1.5", 1.5),
        ("一亿三千万", 130_000_000), ("几千", None), ("", None),
    ],
)  # fmt: skip
def test_numerals(text: str, value: float | None) -> None:
    assert parse_numeral(text) == value
