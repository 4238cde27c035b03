"""The shipped guide is whole, and what is wrong with one is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from backend.deployment.reply_wording import LONGEST_SMS
from backend.guide.entries import TOPICS, GuideError, load_guide
from backend.guide.pages import pages

DATA = Path(__file__).resolve().parents[2] / "data" / "guide"
GUIDE = load_guide(DATA)
BEST_ASKED = ("身份证", "低保", "高龄补贴", "残疾证", "新农合", "宅基地", "营业执照", "结婚证")


def test_it_holds_what_people_of_a_county_ask() -> None:
    assert len(GUIDE.entries) >= 40
    names = {name for one in GUIDE.entries.values() for name in (one.title, *one.aliases)}
    assert set(BEST_ASKED) <= names


@pytest.mark.parametrize("id_", sorted(GUIDE.entries))
def test_every_entry_says_all_and_each_page_fits_two_text_messages(id_: str) -> None:
    entry = GUIDE.entries[id_]
    told = "\n".join(pages(entry, "sms"))
    assert told == "\n".join(pages(entry, "wechat"))
    for topic in TOPICS:
        line = entry.told(topic)
        assert line is None or line in told
    for page in pages(entry, "sms"):
        # As it leaves: title, page and two options.
        assert len(f"【{entry.title}】{page}\n1 更多\n2 不是我要问的") <= LONGEST_SMS
    assert len(pages(entry, "wechat")) == 1


def write(folder: Path, entries: object) -> None:
    (folder / "asking.yml").write_text((DATA / "asking.yml").read_text(), encoding="utf-8")
    (folder / "one.yml").write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")


ENTRY = GUIDE.entries["identity_card"].model_dump(exclude_none=True)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([{**ENTRY, "cost": ""}], "identity_card.*cost"),
        ([{**ENTRY, "fee": "免费"}], "identity_card.*fee"),
        ([ENTRY, ENTRY], "stands twice"),
        ([ENTRY, {**ENTRY, "id": "other", "title": "别的"}], "also names"),
        ({"id": "x"}, "a list is needed"),
        ([{key: value for key, value in ENTRY.items() if key != "phone"}], "phone"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, entries: object, words: str) -> None:
    write(tmp_path, entries)
    with pytest.raises(GuideError, match=words):
        load_guide(tmp_path)


def test_a_wrong_pattern_is_named(tmp_path: Path) -> None:
    write(tmp_path, [ENTRY])
    asking = tmp_path / "asking.yml"
    asking.write_text("asks: ['(']\nblames: ['x']\nplain: {怎么: [咋]}\n", encoding="utf-8")
    with pytest.raises(GuideError, match=r"asking\.yml"):
        load_guide(tmp_path)


@pytest.mark.parametrize("plain", ["{}", "[咋]", "{怎么: 咋}"])
def test_wrong_spoken_words_are_named(tmp_path: Path, plain: str) -> None:
    write(tmp_path, [ENTRY])
    asking = tmp_path / "asking.yml"
    asking.write_text(f"asks: ['x']\nblames: ['y']\nplain: {plain}\n", encoding="utf-8")
    with pytest.raises(GuideError, match="plain"):
        load_guide(tmp_path)
