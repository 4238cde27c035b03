import itertools
import re
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.catalogue import load_catalogue
from backend.petitions.number import find_numbers
from backend.triage.cleaning import clean
from backend.triage.entities import EntityReader, load_patterns
from backend.triage.gazetteer import Gazetteer
from backend.triage.masking import mask
from backend.triage.rule_file import PatternsError
from backend.triage.tagger import Tagger

DATA = Path(__file__).parents[2] / "data"
GOLD = Path(__file__).with_name("entities_gold.txt")
KINDS = {
    "p": "place", "t": "time", "n": "person", "f": "phone", "q": "petition_number",
    "o": "office", "m": "amount",
}  # fmt: skip
DIVISIONS = load_catalogue(DATA / "catalogue").divisions
GAZETTEER = Gazetteer(DIVISIONS)
READER = EntityReader(load_patterns(DATA / "rules"), GAZETTEER, Tagger(), find_numbers)

Spans = set[tuple[str, int, int]]


def gold() -> list[tuple[str, Spans]]:
    found = []
    for line in GOLD.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            text, spans, last = "", set(), 0
            for match in re.finditer(r"\[(.+?)\]([ptnfqom])", line):
                text += line[last : match.start()]
                spans.add((KINDS[match[2]], len(text), len(text) + len(match[1])))
                text += match[1]
                last = match.end()
            found.append((text + line[last:], spans))
    return found


def read(text: str) -> Spans:
    return {(e.entity, e.start, e.end) for e in READER.read_entities(text)}


def code_of(name: str) -> str:
    return next(code for code, division in DIVISIONS.items() if name in division.names)


def scores(kind: str | None = None) -> tuple[float, float]:
    """Precision and recall over the gold sentences, exact spans."""
    right = given_out = wanted = 0
    for text, spans in gold():
        expected = {s for s in spans if kind in (None, s[0])}
        got = {s for s in read(text) if kind in (None, s[0])}
        right, given_out, wanted = (
            right + len(got & expected),
            given_out + len(got),
            wanted + len(expected),
        )
    return right / given_out, right / wanted


def test_gold_sentences_are_clean_and_many() -> None:
    assert len(gold()) >= 80
    assert all(clean(text).text == text for text, _ in gold())


@pytest.mark.parametrize(
    ("kind", "precision", "recall"),
    [(None, 0.95, 0.95), ("place", 0.93, 0.93), ("time", 0.93, 0.93), ("person", 0.9, 0.9),
     ("phone", 1.0, 1.0), ("petition_number", 1.0, 1.0), ("office", 0.9, 0.9),
     ("amount", 0.9, 0.9)],
)  # fmt: skip
def test_precision_and_recall(kind: str | None, precision: float, recall: float) -> None:
    reached = scores(kind)
    assert reached[0] >= precision
    assert reached[1] >= recall


@pytest.mark.parametrize(
    ("text", "place", "division"),
    [
        ("锦绣小区3号楼下水道堵了一个月没人管", "锦绣小区3号楼", "锦绣社区"),
        ("城关镇李家湾村二组没水", "城关镇李家湾村二组", "李家湾村"),
        ("李家湾的路坏了", "李家湾", "李家湾村"),
        ("大坪镇新民村不通水", "大坪镇新民村", None),
        ("青山乡的班车停了", "青山乡", "青山乡"),
        ("幸福里小区东门全是坑", "幸福里小区东门", None),
    ],
)
def test_places_and_their_divisions(text: str, place: str, division: str | None) -> None:
    found = [e for e in READER.read_entities(text) if e.entity == "place"]
    assert [e.value for e in found] == [place]
    assert found[0].code == (code_of(division) if division else None)


def test_two_villages_of_one_name_are_told_apart_by_their_township() -> None:
    assert GAZETTEER.resolve("新民村三组") is None
    shiqiao = GAZETTEER.resolve("石桥镇新民村三组")
    assert shiqiao is not None
    assert DIVISIONS[shiqiao].parent == code_of("石桥镇")
    assert GAZETTEER.resolve("桃花源村") is None


def test_values_are_normalised() -> None:
    text = clean("单号２０２６１１２３ 0007 3，电话１３９－００１３－９０００或(0599)5832166").text
    found = {e.entity: e.value for e in READER.read_entities(text) if e.value != "13900139000"}
    values = [e.value for e in READER.read_entities(text)]
    assert found["petition_number"] == "20261123-0007-3"
    assert values == ["20261123-0007-3", "13900139000", "0599-5832166"]


@pytest.mark.parametrize(
    "text",
    [
        "身份证35012819900101123X",
        "订单号202611230007412345",
        "卡号6222021234567890123",
        "20261123-0007-4",
    ],
)
def test_other_figures_are_no_phones_or_numbers(text: str) -> None:
    assert not [e for e in READER.read_entities(text) if e.entity in ("phone", "petition_number")]


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(exclude_categories=()), max_size=120))
def test_any_text_is_read_without_overlaps(text: str) -> None:
    text = clean(text).text
    entities = READER.read_entities(text)
    for entity in entities:
        assert 0 <= entity.start < entity.end <= len(text)
    for left, right in itertools.pairwise(entities):
        assert left.end <= right.start


def test_wrong_patterns_are_refused_by_name(tmp_path: Path) -> None:
    for file in (DATA / "rules").glob("*.yml"):
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    load_patterns(tmp_path)
    for name in (
        "places.yml", "times.yml", "names.yml", "personal_numbers.yml", "offices.yml",
    ):  # fmt: skip
        content = (tmp_path / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text("expressions: ['(']\n", encoding="utf-8")
        with pytest.raises(PatternsError, match=name.replace(".", r"\.")):
            load_patterns(tmp_path)
        (tmp_path / name).write_text(content, encoding="utf-8")


def test_offsets_into_what_was_written() -> None:
    text = "😡😡\n請看東門菜市場，路燈從上個月15號壞了，電話１３９－００１３－９０００"
    found = READER.read_written(text, date(2026, 11, 26))
    assert [(e.entity, text[e.start : e.end], e.value, e.date) for e in found] == [
        ("place", "東門菜市場", "东门菜市场", None),
        ("time", "從上個月15號", "从上个月15号", "2026-10-15"),
        ("phone", "１３９－００１３－９０００", "13900139000", None),
    ]


@pytest.mark.parametrize(
    ("text", "aside"),
    [
        ("我在浙江打工", [True]),
        ("不是锦绣小区,是南园小区", [True, False]),
        ("是不是锦绣小区停水", [False]),
    ],
)
def test_places_where_the_matter_is_not(text: str, aside: list[bool]) -> None:
    assert [e.aside for e in READER.read_entities(text) if e.entity == "place"] == aside


@pytest.mark.parametrize(
    "pattern",
    ["一二三", "1380000", "1 ", "3号楼2单元", "张三、", "锦绣路和滨河路", "阿·", "a@b.", "1-2-"],
)
def test_no_text_is_slow_to_read(pattern: str) -> None:
    text = clean((pattern * 2_000)[:2_000]).text
    start = time.thread_time()
    READER.read_entities(text)
    mask(text)
    assert time.thread_time() - start < 3  # it takes a tenth of a second; not minutes
