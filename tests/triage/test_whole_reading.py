"""Whatever a text looks like, a place that is read stands in it where it is said to stand."""

import csv
import re
import unicodedata
from pathlib import Path

import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.catalogue import load_catalogue
from backend.petitions.number import find_numbers
from backend.triage import classifier
from backend.triage.cleaning import clean
from backend.triage.entities import EntityReader, load_patterns
from backend.triage.gazetteer import Gazetteer
from backend.triage.tagger import Tagger
from backend.triage.whole_reading import WholeReader, WholeReading
from tests.services.required import require_service

ROOT = Path(__file__).parents[2]
DIVISIONS = load_catalogue(ROOT / "data" / "catalogue").divisions
NAMES = sorted(
    name
    for division in DIVISIONS.values()
    for name in division.names
    if len(name) > 2 and division.level == "village"
)
TO_TRADITIONAL = opencc.OpenCC("s2tw")
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
SAMPLE_EVERY = 20


@pytest.fixture(scope="module")
def reader() -> WholeReader:
    model = ROOT / "var" / "models" / "triage.npz"
    require_service(model.exists(), "no triage model")
    patterns = load_patterns(ROOT / "data" / "rules")
    return WholeReader(
        classifier.load(model, ROOT / "data" / "rules"),
        EntityReader(patterns, Gazetteer(DIVISIONS), Tagger(), find_numbers),
    )


def read(reader: WholeReader, text: str) -> WholeReading:
    found = reader.read(text)
    assert found is not None
    for place in found.places:
        assert text[place.start : place.end] == place.text
        assert clean(place.text).text
    return found


def test_places_times_and_kind_of_one_text(reader: WholeReader) -> None:
    text = "🙏🙏 /柳河镇新民村的路燈，壞了　半個月了,沒人管"
    found = read(reader, text)
    assert [place.text for place in found.places] == ["柳河镇新民村"]
    assert found.places[0].code == "990101102210"
    assert found.since == "半個月了"
    assert found.triage.is_petition
    assert found.triage.kind == "complaint"


@pytest.mark.parametrize("text", ["", "  \n", "🙏🙏", "\u200b\ufeff", "///"])
def test_a_text_that_says_nothing_is_not_read(reader: WholeReader, text: str) -> None:
    assert reader.read(text) is None


def test_a_very_long_text_is_read_from_its_beginning(reader: WholeReader) -> None:
    found = read(reader, "🙂柳河镇新民村" + "没水喝，等了很久。" * 3_000)
    assert found.places[0].text == "柳河镇新民村"


def test_what_was_read_is_known_by_heart_and_the_same(reader: WholeReader) -> None:
    text = "白云乡赵庄村三号井没水了"
    assert reader.read(text) is reader.read(text)


@settings(max_examples=120)
@given(
    before=st.text("🙂 　\n①㎡ﬁ臺灣軟體，,/abc１２\u200b", max_size=8),
    name=st.sampled_from(NAMES),
    traditional=st.booleans(),
    wide=st.booleans(),
    door=st.sampled_from(["", "3号", "12号"]),
    after=st.sampled_from(["没水了", "的路灯不亮🙂🙂", "，電話打不通", "　停電三天"]),
)
def test_a_village_is_found_where_it_stands(
    reader: WholeReader,
    before: str,
    name: str,
    traditional: bool,
    wide: bool,
    door: str,
    after: str,
) -> None:
    place = name + (door.translate(FULL_WIDTH) if wide else door)
    place = TO_TRADITIONAL.convert(place) if traditional else place
    text = f"{before}，{place}{after}"
    found = read(reader, text)
    wanted = range(len(before) + 1, len(before) + 1 + len(place))
    touching = [one for one in found.places if one.start < wanted.stop and wanted.start < one.end]
    assert touching, found.places
    for one in touching:
        # Where a place was read, its ends are those of characters, not beside them.
        assert _bare(clean(one.text).text)
        assert not one.text.startswith((" ", "　", "🙂", "，"))
        assert not one.text.endswith((" ", "　", "🙂", "，"))


def _bare(text: str) -> str:
    return re.sub(r"\W", "", unicodedata.normalize("NFKC", text))


@settings(max_examples=150)
@given(st.text(max_size=60))
def test_any_text_has_its_offsets_in_itself(reader: WholeReader, text: str) -> None:
    if reader.read(text) is not None:
        read(reader, text)


@pytest.mark.parametrize(
    ("file", "column"),
    [("petitions.csv", "body"), ("petitions.csv", "title"), ("sms_chat.csv", "text")],
)
def test_real_texts_have_their_offsets_in_themselves(
    reader: WholeReader, shared: Path, file: str, column: str
) -> None:
    with (shared / "data" / file).open(encoding="utf-8-sig", newline="") as lines:
        texts = [row[column] for row in csv.DictReader(lines)]
    places = 0
    for text in texts[::SAMPLE_EVERY]:
        if reader.read(text) is not None:
            places += len(read(reader, text).places)
    assert places
