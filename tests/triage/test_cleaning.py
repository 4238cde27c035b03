import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.triage.cleaning import LONGEST, as_written, clean, storable, to_simplified

# Any code point at all, lone surrogates and NUL included.
anything = st.text(st.characters(exclude_categories=()), max_size=300)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("錦繡小區3號樓下水道堵了", "锦绣小区3号楼下水道堵了"),
        ("計程車亂收費", "出租车乱收费"),
        ("办事程序太复杂，公车私用", "办事程序太复杂,公车私用"),
        ("电话１３８００１３８０００", "电话13800138000"),
        ("３号楼　没水", "3号楼 没水"),
        ("下水道堵了😡😡没人管", "下水道堵了 没人管"),
        ("谢谢👍🏻🙏", "谢谢"),
        ("1️⃣没水\n2️⃣没电", "1 没水 2 没电"),
        ("一家👨‍👩‍👧‍👦都病了", "一家 都病了"),
        ("/start", "start"),
        ("／ ／重启", "重启"),
        ("  路灯\t坏了\r\n没人修 ", "路灯 坏了 没人修"),
        ("路\u200b灯\ufeff坏\x00了\x07", "路灯坏了"),
        ("\ud83d\ude00路灯坏了\ud800", "路灯坏了"),
        ("", ""),
        ("😀", ""),
    ],
)
def test_what_is_read(written: str, read: str) -> None:
    assert clean(written).text == read


def test_the_original_is_kept_as_written() -> None:
    written = "  錦繡小區😡\n３號樓 "
    assert clean(written).original == written
    assert clean(written).traditional
    assert not clean("锦绣小区").traditional


def test_simplified_text_is_left_alone() -> None:
    text = "程序、软件、公车、土豆、品质"
    assert to_simplified(text) is text


def test_length_is_bounded() -> None:
    assert len(clean("路" * 5_000).text) == LONGEST
    assert clean("路" * 5_000).shortened
    assert not clean("路" * LONGEST).shortened
    assert len(clean("\ufdfa" * 2_000).text) <= LONGEST  # one character that NFKC makes eighteen
    assert len(clean("路" * 100_000).original) == 100_000


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x00b", "a�b"),
        ("\ud800", "�"),
        ("\udc00\ud800", "��"),
        ("\ud83d\ude00", "😀"),
        ("普通 文字\n😀\x07", "普通 文字\n😀\x07"),
    ],
)
def test_storable_changes_only_what_it_must(text: str, kept: str) -> None:
    assert storable(text) == kept


@given(anything)
def test_storable_text_fits_both_databases(text: str) -> None:
    kept = storable(text)
    kept.encode("utf-8")
    assert "\x00" not in kept
    assert storable(kept) == kept
    json.loads(json.dumps(kept))


@given(anything)
def test_any_text_can_be_cleaned(text: str) -> None:
    result = clean(text)
    result.text.encode("utf-8")
    result.original.encode("utf-8")
    assert len(result.text) <= LONGEST
    assert result.text == result.text.strip()
    assert not result.text.startswith("/")
    assert not any(unicodedata.category(c) == "Cc" for c in result.text)


@pytest.mark.parametrize(
    ("cleaned", "shown"),
    [
        ("路坑坑洼洼,下雨没法走!", "路坑坑洼洼，下雨没法走！"),
        ("门口(东边)有狗", "门口（东边）有狗"),
        ("每月3,000元,从9:30开始", "每月3,000元，从9:30开始"),
        ("OK, fine", "OK, fine"),
        ("", ""),
    ],
)
def test_what_is_shown_again_has_chinese_punctuation(cleaned: str, shown: str) -> None:
    assert as_written(cleaned) == shown
    assert clean(shown).text == cleaned
