"""Each kind of edit, as rules without a database: what is taken, what is refused and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml

from backend.deployment.days import lines, put_year
from backend.deployment.effective import (
    DIVISIONS,
    ORGANISATION,
    REPLIES,
    SERVICES,
    WORKING_DAYS,
    effective,
)
from backend.deployment.offices import GivenOffice, put_office
from backend.deployment.places import GivenPlace, put_place
from backend.deployment.refusal import ChangeRefused
from backend.deployment.reply_wording import LONGEST_SMS, filled_in, parameters, put_wording
from backend.deployment.services import GivenService, put_service
from tests.deployment.county import SHIPPED, codes
from tests.petitions.world import DATA

NOW = effective(SHIPPED, {})
SERVICE = GivenService(
    name="环境卫生",
    level="township",
    words="垃圾、臭水沟, 公厕",
    days={"low": "10", "normal": "7", "high": "3", "emergency": "1"},
    lead={"township": "enforcement", "county": "urban"},
    assisting={"township": [], "county": ["environment"]},
)
OFFICE = GivenOffice("城关镇文化站", "station", "chengguan", "", "")
PLACE = GivenPlace("990101101300", "新城社区", "990101101", "新城", "新城花园、迎宾路")
FILED = "编号{number}，{office}办，{deadline}前"


def refused(edit: Callable[[], Any]) -> list[tuple[str, str]]:
    with pytest.raises(ChangeRefused) as error:
        edit()
    return codes(error.value.problems)


@pytest.mark.parametrize(
    ("key", "text", "sms", "problems"),
    [
        ("greet", "", "", [("text", "empty")]),
        ("greet", "您好{name}", "", [("text", "no_parameters")]),
        ("petition_filed", FILED + "{title}", "", [("text", "parameter")]),
        ("petition_filed", "编号{number}，{office}办", "", [("text", "parameter_missing")]),
        ("petition_filed", FILED, "编号{number}", [("sms", "parameter_missing")] * 2),
        ("petition_filed", FILED + "{", "", [("text", "braces")]),
        ("petition_filed", FILED + "{number.__class__}", "", [("text", "parameter")]),
        ("petition_filed", FILED + "{number!r}", "", [("text", "parameter")]),
        ("petition_filed", FILED + "{number:>99999}", "", [("text", "parameter")]),
        ("petition_filed", FILED + "{}", "", [("text", "parameter")]),
        ("greet", "长" * 601, "", [("text", "long")]),
        ("greet", "长" * 135, "", [("sms", "sms_missing")]),
        ("greet", "好", "长" * 135, [("sms", "sms_long")]),
    ],
)
def test_a_wording_that_could_not_be_said_is_refused(
    key: str, text: str, sms: str, problems: list[tuple[str, str]]
) -> None:
    assert refused(lambda: put_wording(NOW, SHIPPED, key, text, sms)) == problems


def test_every_shipped_wording_would_be_taken() -> None:
    for key, entry in SHIPPED.contents[REPLIES].items():
        put_wording(NOW, SHIPPED, key, entry["text"], entry.get("sms", ""))
        assert len(filled_in(key, entry.get("sms", entry["text"]))) <= LONGEST_SMS, key


def test_every_text_has_its_group_and_every_parameter_its_name() -> None:
    words = yaml.safe_load((DATA / "texts" / "deployment.yml").read_text(encoding="utf-8"))
    grouped = [key for group in words["reply_groups"] for key in group["keys"]]
    assert sorted(grouped) == sorted(SHIPPED.contents[REPLIES])
    assert all(one.name and one.usual for one in parameters().values())


def test_a_service_is_changed_with_its_rule() -> None:
    changed = put_service(NOW, "sanitation", replace(SERVICE, level="county"))
    found = effective(SHIPPED, {SERVICES: {"sanitation": changed[SERVICES]["sanitation"]}})
    service = found.catalogue.services["sanitation"]
    assert (service.level, service.lead) == ("county", "urban")
    assert service.words == ["垃圾", "臭水沟", "公厕"]
    assert found.catalogue.offices("sanitation", "990101101003").lead == "county_urban"


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"name": " "}, [("name", "empty")]),
        ({"name": "义务教育"}, [("name", "name_taken")]),
        ({"words": "、，"}, [("words", "empty")]),
        ({"words": "长" * 21}, [("words", "word_long")]),
        ({"level": "province"}, [("level", "choose")]),
        ({"days": {**SERVICE.days, "high": "三"}}, [("days_high", "days")]),
        ({"days": {**SERVICE.days, "high": "８"}}, [("days_high", "days")]),
        ({"days": {**SERVICE.days, "low": "181"}}, [("days_low", "days")]),
        ({"days": {**SERVICE.days, "high": "8"}}, [("days_high", "days_order")]),
        ({"lead": {**SERVICE.lead, "county": "nobody"}}, [("county_lead", "choose")]),
        (
            {"assisting": {**SERVICE.assisting, "county": ["urban"]}},
            [("county_assisting", "lead_assists")],
        ),
    ],
)
def test_a_service_that_cannot_be_is_refused(
    change: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    given = replace(SERVICE, **change)
    assert refused(lambda: put_service(NOW, "sanitation", given)) == problems


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"name": ""}, [("name", "empty")]),
        ({"name": "城关镇财政所"}, [("name", "name_taken")]),
        ({"type": "county"}, [("type", "choose")]),
        ({"parent": "nowhere"}, [("parent", "choose")]),
        ({"parent": "chengguan_001"}, [("parent", "not_under")]),
        ({"function": "finance"}, [("function", "function_taken")]),
    ],
)
def test_an_office_that_cannot_be_is_refused(
    change: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    assert refused(lambda: put_office(NOW, "unit_1", replace(OFFICE, **change))) == problems


def test_a_township_with_offices_is_neither_closed_nor_put_below_itself() -> None:
    town = GivenOffice("城关镇", "township", "qinghe", "", "990101101", active=False)
    assert refused(lambda: put_office(NOW, "chengguan", town)) == [("active", "children")]
    below = GivenOffice("城关镇财政所", "office", "chengguan_finance", "finance", "")
    assert ("parent", "not_under") in refused(lambda: put_office(NOW, "chengguan_finance", below))


def test_a_place_comes_with_its_unit_and_is_renamed_with_it() -> None:
    added = effective(SHIPPED, put_place(NOW, PLACE))
    unit = added.catalogue.organisation["place_990101101300"]
    assert (unit.name, unit.type, unit.parent) == ("城关镇新城社区", "community", "chengguan")
    assert added.catalogue.divisions["990101101300"].landmarks == ("新城花园", "迎宾路")
    changed = put_place(added, replace(PLACE, name="新城南社区", parent=""))
    renamed = effective(SHIPPED, {**added.contents, **changed})
    assert renamed.catalogue.organisation["place_990101101300"].name == "城关镇新城南社区"
    assert renamed.catalogue.township_of("990101101300").code == "chengguan"  # type: ignore[union-attr]
    assert set(changed) == {DIVISIONS, ORGANISATION}


@pytest.mark.parametrize("written", ["33.412, 113.598", " 33.412，113.598 ", "33.412 113.598"])
def test_where_a_place_lies_is_kept_changed_and_taken_away(written: str) -> None:
    added = effective(SHIPPED, put_place(NOW, replace(PLACE, at=written)))
    assert added.catalogue.divisions["990101101300"].at == (33.412, 113.598)
    assert added.contents[DIVISIONS]["townships"][0]["villages"][-1]["at"] == [33.412, 113.598]
    emptied = put_place(added, replace(PLACE, parent="", at=""))
    cleared = effective(SHIPPED, {**added.contents, **emptied})
    assert cleared.catalogue.divisions["990101101300"].at is None


def test_the_county_is_renamed_with_its_unit() -> None:
    given = GivenPlace("990101", "望江县", "", "望江", "")
    renamed = effective(SHIPPED, put_place(NOW, given))
    assert renamed.county_name == "望江县"
    assert renamed.catalogue.divisions["990101"].names == ("望江县", "望江")


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"name": ""}, [("name", "empty")]),
        ({"name": "锦绣社区"}, [("name", "name_taken")]),
        ({"code": "99010110130"}, [("code", "division_code")]),
        ({"code": "990101102300"}, [("code", "division_code")]),
        ({"code": "９９0101101300"}, [("code", "division_code")]),
        ({"parent": "990101101003"}, [("parent", "choose")]),
        ({"at": "113.5532, 33.4536"}, [("at", "point")]),
        ({"at": "村口"}, [("at", "point")]),
        ({"landmarks": "长" * 31}, [("landmarks", "word_long")]),
    ],
)
def test_a_place_that_cannot_be_is_refused(
    change: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    assert refused(lambda: put_place(NOW, replace(PLACE, **change))) == problems


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("10月1日", "2026-10-01"),
        ("10-1", "2026-10-01"),
        ("2026-10-01", "2026-10-01"),
        ("2026年10月1日至10月7日 国庆", "2026-10-01..2026-10-07"),
        ("10月1日—10月7日", "2026-10-01..2026-10-07"),
        ("2026-10-01..2026-10-07", "2026-10-01..2026-10-07"),
        ("10.1~10.7", "2026-10-01..2026-10-07"),
    ],
)
def test_days_are_read_as_people_write_them(line: str, kept: str) -> None:
    content = put_year(NOW, 2026, line, "")[WORKING_DAYS]
    assert content["2026"] == {"closed": [kept], "working": []}
    assert put_year(NOW, 2026, lines([kept]), "")[WORKING_DAYS] == content


@pytest.mark.parametrize(
    "line",
    ["明天", "13月1日", "2月30日", "2027-01-01", "10月7日至10月1日", "1月1日至3月1日", "10-1x"],
)
def test_days_that_are_none_are_refused(line: str) -> None:
    assert refused(lambda: put_year(NOW, 2026, line, "")) == [("closed", "day")]


def test_a_day_is_not_both_off_and_worked() -> None:
    both = refused(lambda: put_year(NOW, 2026, "10月1日至10月7日", "10月3日"))
    assert both == [("working", "both")]
