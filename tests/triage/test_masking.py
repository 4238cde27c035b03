from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.triage.cleaning import storable
from backend.triage.masking import load_masker, mask, mask_numbers, personal_spans
from backend.triage.personal_numbers import PersonalType
from backend.triage.rule_file import PatternsError

MASKER = load_masker()
PHONES: tuple[PersonalType, ...] = ("phone",)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我叫张建国，电话13800001234", "我叫张**，电话138****1234"),
        ("找王主任问过", "找*主任问过"),
        ("打 138 0000 1234", "打 138 **** 1234"),
        ("电话１３８００００１２３４", "电话１３８****１２３４"),
        ("手机一三八零零零零一二三四", "手机一三八****一二三四"),
        ("一三八○○○○一二三四", "一三八****一二三四"),
        ("身份证990101196803120017", "身份证990*************17"),
        ("卡号6222 0000 0000 0000 123", "卡号**** **** **** ***0 123"),
        ("川Z·D0001占道", "川Z·****1占道"),
        ("住锦绣小区3号楼2单元501", "住锦绣小区3号楼*单元***"),
        ("发到zhang_min@example.cn", "发到z********@example.cn"),
        ("微信号：laowang66", "微信号：l*******6"),
        ("0555-7654321转801", "055*-***4321转***"),
        ("短号6688", "短号****"),
        ("張麗華女士反映噪音", "張**女士反映噪音"),
        ("路灯坏了三天，12345打不通，3号楼没电", "路灯坏了三天，12345打不通，3号楼没电"),
        ("", ""),
    ],
)
def test_what_stays_readable(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_offsets_count_in_what_was_written() -> None:
    text = "😡😡\n請找 張麗華\u200b，１３９００００１２３４"
    found = [(s.type, text[s.start : s.end]) for s in personal_spans(text)]
    assert found == [("name", "張麗華"), ("phone", "１３９００００１２３４")]


def test_long_texts_are_read_to_their_end() -> None:
    text = "路灯坏了没人修，" * 400 + "我叫张建国，电话13800001234。"
    assert mask(text).endswith("我叫张**，电话138****1234。")
    assert len(mask(text)) == len(text)


def test_lists_mask_chosen_numbers_and_no_names() -> None:
    text = "张建国13800001234，住3号楼501，川Z·D0001"
    assert mask_numbers(text, PHONES) == "张建国138******34，住3号楼501，川Z·D0001"


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_any_text_is_masked(text: str) -> None:
    assert len(mask(text)) == len(storable(text))
    end = 0
    for span in MASKER.personal_spans(text):
        assert end <= span.start < span.end <= len(storable(text))
        end = span.end


def test_missing_rules_are_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(PatternsError, match=r"personal_numbers\.yml"):
        load_masker(tmp_path)
