from collections.abc import Sequence

import pytest

from backend.organisation.tree import Org
from backend.petitions.rules import load_petition_rules
from tests.petitions.world import DATA

RULES = load_petition_rules(DATA)


def tree() -> Sequence[Org]:
    orgs: dict[str, Org] = {}
    for number, unit in enumerate(RULES.catalogue.organisation.values(), 1):
        parent = orgs[unit.parent] if unit.parent else None
        path = f"{parent.path if parent else '/'}{number}/"
        orgs[unit.code] = Org(
            number, unit.code, unit.name, unit.type, parent.id if parent else None, path, True
        )
    return list(orgs.values())


ORGS = tree()
PATHS = {org.code: org.path for org in ORGS}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("青禾县教育局不给办入学", {"county_education"}),
        ("县教育局不给办入学", {"county_education"}),
        ("教育局不给办入学", {"county_education"}),
        ("县人社局拖着不办", {"county_human_resources"}),
        ("派出所的人不出警", {"chengguan_police"}),
        ("柳河镇派出所不出警", {"liuhe_police"}),
        ("柳河派出所不出警", {"liuhe_police"}),
        ("柳河镇政府答应修路一直不修", {"liuhe"}),
        ("柳河镇的书记骂人", {"liuhe"}),
        ("锦绣社区居委会乱收费", {"chengguan_003"}),
        ("柳河镇红星村村干部优亲厚友", {"liuhe_209"}),
        ("公安局和城关镇派出所互相推", {"county_police", "chengguan_police"}),
        # Places are not offices.
        ("柳河镇的路坏了", set()),
        ("锦绣社区3号楼下水道堵了", set()),
        ("青禾县政府门口的路灯坏了", set()),
        ("楼上邻居天天吵", set()),
        ("", set()),
    ],
)
def test_who_a_complaint_names(text: str, named: set[str]) -> None:
    found = RULES.naming.named_in(text, ORGS, PATHS["chengguan"])
    assert {one.org.code for one in found} == named


def test_a_bare_station_of_an_unknown_township_is_nobody() -> None:
    assert RULES.naming.named_in("派出所的人不出警", ORGS, PATHS["qinghe"]) == []


def test_every_office_is_found_by_its_own_full_name() -> None:
    for org in ORGS:
        if org.type in RULES.naming.offices:
            found = RULES.naming.named_in(f"{org.name}不作为", ORGS, PATHS["qinghe"])
            assert [one.org.code for one in found] == [org.code]
