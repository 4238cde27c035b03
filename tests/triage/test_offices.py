from pathlib import Path

import pytest

from backend.catalogue import load_catalogue
from backend.triage.offices import OfficeBook, load_office_patterns

DATA = Path(__file__).parents[2] / "data"
PATTERNS = load_office_patterns(DATA / "rules")
BOOK = OfficeBook(PATTERNS, load_catalogue(DATA / "catalogue").organisation)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("教育局不管", [("教育局", "county_education")]),
        ("县人社局推给青禾县医疗保障局",
         [("县人社局", "county_human_resources"),
          ("青禾县医疗保障局", "county_medical_insurance")]),
        ("找过城关镇政府三次", [("城关镇政府", "chengguan")]),
        ("大坪派出所不立案", [("大坪派出所", "daping_police")]),
        ("李家湾村委会收钱", [("李家湾村委会", "chengguan_207")]),
        ("派出所来了,居委会没来", [("派出所", None), ("居委会", None)]),
        ("新民村村委会", [("新民村村委会", None)]),
        ("路灯坏了", []),
    ],
)  # fmt: skip
def test_offices_of_the_deployment_and_general_ones(
    text: str, named: list[tuple[str, str | None]]
) -> None:
    assert [(text[o.start : o.end], o.code) for o in BOOK.find(text)] == named


def test_without_an_organisation_offices_have_no_unit() -> None:
    assert [o.code for o in OfficeBook(PATTERNS, {}).find("教育局不管")] == [None]
