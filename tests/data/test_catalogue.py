import re
import shutil
from pathlib import Path

import pytest

from backend.catalogue import FILES, CatalogueError, load_catalogue

FOLDER = Path(__file__).parents[2] / "data" / "catalogue"

DOMAINS = re.findall(
    r"\S+",
    "义务教育 劳动就业 社会保险 社会救助与社会福利 养老与残疾人服务 农民工与困境儿童等权益 "
    "医疗卫生与计划生育 公共文化体育 文物古村落保护 农业农村经济 农民经济权益 环境卫生 "
    "环境保护与生态建设 食品安全 社会治安 矛盾纠纷化解 扶贫济困 未成年人保护 消防与安全生产 "
    "农村危房改造与住房 规划建设与市政 物业与小区管理 道路交通 水电气与通信 市场价格与消费维权 "
    "商贸旅游 国防动员与退役军人 村务财务公开 干部作风 其他",
)


def test_the_catalogue_is_whole() -> None:
    catalogue = load_catalogue(FOLDER)
    assert sorted(s.name for s in catalogue.services.values()) == sorted(DOMAINS)
    for service in catalogue.services.values():
        days = service.deadline
        assert days.low >= days.normal >= days.high >= days.emergency >= 0
        assert days.days("high") == days.high


def test_every_domain_finds_its_offices_from_every_village() -> None:
    catalogue = load_catalogue(FOLDER)
    for domain, service in catalogue.services.items():
        for division in catalogue.divisions.values():
            offices = catalogue.offices(domain, division.code)
            assert offices.lead in catalogue.organisation
            assert offices.lead not in offices.assisting
            if service.level == "township" and division.level != "county":
                township = catalogue.township_of(division.code)
                assert township is not None
                assert catalogue.organisation[offices.lead].parent == township.code


def test_offices_by_level() -> None:
    catalogue = load_catalogue(FOLDER)
    village = next(d for d in catalogue.divisions.values() if d.name == "李家湾村")
    assert catalogue.offices("sanitation", village.code).lead == "chengguan_enforcement"
    assert catalogue.offices("sanitation", village.code, "county").lead == "county_urban"
    assert catalogue.offices("sanitation", None).lead == "county_urban"
    assert catalogue.offices("compulsory_education", village.code).lead == "county_education"
    with pytest.raises(KeyError):
        catalogue.offices("nothing", None)


def test_divisions_and_units_belong_together() -> None:
    catalogue = load_catalogue(FOLDER)
    villages = [d for d in catalogue.divisions.values() if d.level == "village"]
    assert len([d for d in catalogue.divisions.values() if d.level == "township"]) == 6
    assert len(villages) >= 60
    served = {unit.division for unit in catalogue.organisation.values()}
    assert {d.code for d in catalogue.divisions.values()} <= served
    # No province begins with 99: these codes can never be a real place's.
    assert all(code.startswith("99") for code in catalogue.divisions)


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("services.yml", "name: 义务教育", "title: 义务教育", "compulsory_education"),
        ("services.yml", "level: county\n    lead: education", "level: city\n    lead: education",
         "compulsory_education.level"),
        ("services.yml", "lead: education", "lead: health", "compulsory_education"),
        ("services.yml", "code: employment", "code: compulsory_education", "used twice"),
        ("services.yml", "normal: 10", "normal: ten", "deadline.normal"),
        ("services.yml", "services:", "services: [", "services.yml"),
        ("dispatch.yml", "lead: education", "lead: school", "compulsory_education.county"),
        ("dispatch.yml", "  other:", "  others:", "other"),
        ("organisation.yml", "parent: chengguan, function: reception",
         "parent: chenguan, function: reception", "chengguan_reception"),
        ("organisation.yml", "division: '990101101'}", "division: '990101199'}", "chengguan"),
        ("organisation.yml", "function: general}", "function: discipline}", "two units"),
        ("organisation.yml", "{code: qinghe, name: 青禾县, type: county,",
         "{code: qinghe, name: 青禾县, type: county, parent: chengguan,", "without a parent"),
        ("divisions.yml", "'990101101002'", "'990101101001'", "990101101001"),
        ("divisions.yml", "'990101101002'", "'x'", "code"),
    ],
)  # fmt: skip
def test_errors_name_file_and_entry(
    tmp_path: Path, file: str, old: str, new: str, named: str
) -> None:
    for name in FILES:
        shutil.copy(FOLDER / name, tmp_path / name)
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(tmp_path)
    assert file in str(caught.value)
    assert named in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"services\.yml"):
        load_catalogue(tmp_path)


def test_loading_is_cached_until_a_file_changes(tmp_path: Path) -> None:
    for name in FILES:
        shutil.copy(FOLDER / name, tmp_path / name)
    first = load_catalogue(tmp_path)
    assert load_catalogue(tmp_path) is first
    file = tmp_path / "services.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("name: 其他", "name: 其它"))
    assert load_catalogue(tmp_path).services["other"].name == "其它"
