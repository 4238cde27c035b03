"""The authored material: whole, of the catalogue, and nothing said twice."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from backend.catalogue import load_catalogue
from backend.organisation.roles import Role
from xiangyin.demo.citizens import PHONE_RANGE
from xiangyin.demo.stories import DemoDataError, Material, Placed, load_material
from xiangyin.settings import PROJECT

DATA = PROJECT / "data"
CATALOGUE = load_catalogue(DATA / "catalogue")
KINDS = {"complaint", "request", "suggestion", "inquiry", "report", "praise"}
# Share of common pairs of characters; people who report the same thing still word it differently.
MOST_ALIKE = 0.5
LONG_NUMBER = re.compile(r"\d{7,}")


@pytest.fixture(scope="module")
def material() -> Material:
    return load_material(DATA / "demo", CATALOGUE)


def said(material: Material) -> list[str]:
    return ["".join(placed.story.messages) for placed in material.stories]


def answers(material: Material) -> list[str]:
    stories = [placed.story for placed in material.stories]
    second = [one.again.answer for one in stories if one.again]
    return [text for text in [*(one.answer for one in stories), *second] if text]


def test_every_kind_domain_channel_and_township_is_there(material: Material) -> None:
    stories = [placed.story for placed in material.stories]
    assert len(stories) >= 600
    assert {one.kind for one in stories} == KINDS
    assert {one.channel for one in stories} == {"wechat", "sms"}
    assert {one.domain for one in stories} == set(CATALOGUE.services)
    townships = {one.code for one in CATALOGUE.divisions.values() if one.level == "township"}
    assert {placed.township for placed in material.stories} == townships


def test_what_happens_to_petitions_is_all_there(material: Material) -> None:
    stories = [placed.story for placed in material.stories]
    for happening in ("photo", "adds", "asks", "remind", "human", "returned", "note", "again",
                      "withdraw", "supervised", "who", "hour"):  # fmt: skip
        assert any(getattr(one, happening) for one in stories), happening
    assert {one.rating for one in stories if one.rating} == {1, 2, 3, 4, 5}
    assert sum(one.answer is None for one in stories) >= 100


def test_every_village_writes(material: Material) -> None:
    villages = {
        one.code for one in CATALOGUE.divisions.values() if one.level not in ("county", "township")
    }
    assert villages == {placed.division for placed in material.stories if placed.story.place}


def test_some_write_again_and_again_each_from_one_place_on_one_channel(material: Material) -> None:
    lives: dict[str, list[Placed]] = {}
    for placed in material.stories:
        if placed.story.who:
            lives.setdefault(placed.story.who, []).append(placed)
    assert len(lives) >= 15
    assert max(map(len, lives.values())) >= 8
    for who, theirs in lives.items():
        assert len(theirs) >= 3, who
        assert len({(one.division, one.story.channel) for one in theirs}) == 1, who
        # An answer and its rating come before the next, so that each is told from the other.
        days = sorted(one.story.days for one in theirs)
        assert all(later - sooner >= 4 for sooner, later in pairwise(days)), who


def test_nobody_says_what_another_said(material: Material) -> None:
    for texts in (said(material), answers(material)):
        pairs = [Counter(pairwise(text)) for text in texts]
        for at, one in enumerate(pairs):
            for other_at in range(at):
                other = pairs[other_at]
                common = sum((one & other).values())
                alike = 2 * common / (sum(one.values()) + sum(other.values()))
                assert alike < MOST_ALIKE, (texts[at], texts[other_at])


def test_no_number_could_be_somebodys(material: Material) -> None:
    for text in [*said(material), *answers(material)]:
        assert all(number.startswith(PHONE_RANGE) for number in LONG_NUMBER.findall(text)), text


def test_officials_are_enough(material: Material) -> None:
    assert {official.role for official in material.officials} == set(Role)
    desks = {one.org for one in material.officials if one.role is Role.DISPATCHER}
    towns = {one.code for one in CATALOGUE.organisation.values() if one.type == "township"}
    assert towns <= desks
    names = [*(official.name for official in material.officials), *material.names]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("file", sorted((DATA / "demo").rglob("*.yml")), ids=lambda file: file.name)
def test_files_stay_short(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) < 400


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ("{days: 3, kind: complaint, domain: nothing, sms: 路坏了}", "no domain nothing"),
        ("{days: 3, kind: complaint, domain: other, place: 无名村, sms: 路坏了}", "无名村"),
        ("{days: 3, kind: complaint, domain: other}", "exactly one"),
        ("{days: 3, kind: anger, domain: other, sms: 路坏了}", "kind"),
        ("{days: 3, kind: complaint, domain: other, sms: 路坏了, rating: 5}", "needs an answer"),
        ("{days: 91, kind: complaint, domain: other, sms: 路坏了}", "days"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, entry: str, named: str) -> None:
    (tmp_path / "petitions").mkdir()
    (tmp_path / "petitions" / "town.yml").write_text(
        f"township: 柳河镇\npetitions:\n  - {entry}\n", encoding="utf-8"
    )
    (tmp_path / "officials.yml").write_text("officials: []\nnames: []\n", encoding="utf-8")
    with pytest.raises(DemoDataError, match=named):
        load_material(tmp_path, CATALOGUE)
