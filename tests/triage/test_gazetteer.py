from pathlib import Path

import pytest

from backend.catalogue import load_catalogue
from backend.triage.gazetteer import Gazetteer

DIVISIONS = load_catalogue(Path(__file__).parents[2] / "data" / "catalogue").divisions
GAZETTEER = Gazetteer(DIVISIONS)


def division_of(place: str) -> str | None:
    code = GAZETTEER.resolve(place)
    return DIVISIONS[code].name if code else None


@pytest.mark.parametrize(
    ("written", "division"),
    [
        ("锦秀小区", "锦绣社区"),
        ("绵绣小区", "锦绣社区"),
        ("双合口村", "双河口村"),
        ("马架渡村", "马家渡村"),
        ("牛脚塘", "牛角塘村"),
        ("五里堡村", "五里铺村"),
        ("石侨镇", "石桥镇"),
        ("县一小", "东门社区"),
        ("县医院", "西街社区"),
        ("锦绣花园", "锦绣社区"),
        ("大坪派出所", "大坪镇"),
        ("锦江小区", None),  # another estate, not a slip
        ("青山线", None),
        ("白云山景区", None),
        ("石门县", None),
        ("锦绣路和桃园路交叉口", None),
        ("", None),
    ],
)
def test_names_also_misspelt_or_shortened_have_their_division(
    written: str, division: str | None
) -> None:
    assert division_of(written) == division


def test_a_correct_name_is_no_misspelling() -> None:
    assert list(GAZETTEER.find_misspelt("锦绣小区")) == []
    assert (0, 4) in set(GAZETTEER.find_misspelt("锦秀小区"))
