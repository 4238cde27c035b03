"""The deployment's own guide: checked, kept entry by entry, answered from at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backend.conversation.texts import Texts
from backend.deployment import versions
from backend.deployment.difference import changes
from backend.deployment.effective import GUIDE, Effective, effective, own_part
from backend.deployment.guide_entry import GivenEntry, put_entry, shipped_entry
from backend.deployment.refusal import ChangeRefused
from backend.guide.entries import GuideError
from backend.guide.retrieval import entry_asked_for
from tests.deployment.county import SHIPPED, County, codes
from tests.petitions.world import DATA

NOW = effective(SHIPPED, {})
LINES = {
    "who": "",
    "materials": "身份证、银行卡",
    "place": "县林业局一楼窗口",
    "hours": "工作日 9:00–17:00",
    "cost": "不收费",
    "days": "5个工作日",
    "online": "",
}
LOGGING = GivenEntry("采伐证办理", "砍树证、采伐许可", "自家的树能不能砍", LINES, "0999-1234567")


def own(found: Effective) -> dict[str, Any]:
    kept: dict[str, Any] = own_part(SHIPPED, GUIDE, found.contents[GUIDE])
    return kept


def saved(now: Effective, id_: str, given: GivenEntry) -> Effective:
    return effective(SHIPPED, {GUIDE: own_part(SHIPPED, GUIDE, put_entry(now, id_, given)[GUIDE])})


def test_a_new_entry_answers_and_is_all_that_is_kept() -> None:
    found = saved(NOW, "own_1", LOGGING)
    assert list(own(found)) == ["own_1"]
    asked = entry_asked_for(found.guide, "砍树证怎么办")
    assert asked is not None
    assert (asked.id, asked.told("place"), asked.who) == ("own_1", "县林业局一楼窗口", None)
    (change,) = changes(GUIDE, NOW.contents[GUIDE], found.contents[GUIDE])
    assert (change.title, change.way) == ("采伐证办理", "added")


def test_what_a_county_does_not_offer_is_not_answered_and_comes_back() -> None:
    assert entry_asked_for(NOW.guide, "身份证丢了怎么补办") is not None
    held = NOW.contents[GUIDE]["identity_card"]
    lines = {name: held.get(name, "") for name in LINES}
    given = GivenEntry(held["title"], "、".join(held["aliases"]), "", lines, held["phone"], False)
    found = saved(NOW, "identity_card", given)
    assert "identity_card" not in found.guide.entries
    # Its names are free for another entry meanwhile; then the shipped one cannot come back.
    assert shipped_entry(found, SHIPPED, "identity_card")[GUIDE]["identity_card"] == held
    taken = saved(found, "own_1", replace(LOGGING, title="身份证"))
    with pytest.raises(ChangeRefused) as refusal:
        shipped_entry(taken, SHIPPED, "identity_card")
    assert codes(refusal.value.problems) == [("aliases", "name_taken")]


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        (replace(LOGGING, title=""), [("title", "empty")]),
        (replace(LOGGING, title="证"), [("title", "short")]),
        (replace(LOGGING, title="长" * 15), [("title", "long")]),
        (replace(LOGGING, title="身份证办理"), [("title", "name_taken")]),
        (replace(LOGGING, aliases="身份证"), [("aliases", "name_taken")]),
        (replace(LOGGING, aliases="证、" + "长" * 15), [("aliases", "name_length")] * 2),
        (replace(LOGGING, aliases="、".join(f"第{i}种" for i in range(21))),
         [("aliases", "too_many")]),
        (replace(LOGGING, questions="问" * 71), [("questions", "long")]),
        (replace(LOGGING, lines={**LINES, "cost": " "}), [("cost", "empty")]),
        (replace(LOGGING, lines={**LINES, "who": "谁" * 71}), [("who", "long")]),
        (replace(LOGGING, phone="12"), [("phone", "short")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_field(given: GivenEntry, problems: list[tuple[str, str]]) -> None:
    with pytest.raises(ChangeRefused) as refusal:
        put_entry(NOW, "own_1", given)
    assert codes(refusal.value.problems) == problems


def test_all_that_the_form_lets_through_the_loader_takes() -> None:
    longest = GivenEntry(
        "长" * 14,
        "、".join(chr(0x4E00 + i) * 14 for i in range(20)),
        "\n".join("问" * 70 for _ in range(20)),
        dict.fromkeys(LINES, "写" * 70),
        "0" * 24,
    )
    assert saved(NOW, "own_1", longest).guide.entries["own_1"].phone == "0" * 24


def test_a_name_an_update_ships_anew_stays_with_the_own_entry() -> None:
    kept = {GUIDE: own(saved(NOW, "own_1", LOGGING))}
    one = {**SHIPPED.contents[GUIDE]["identity_card"], "aliases": ["砍树证", "新叫法"]}
    contents = {**SHIPPED.contents, GUIDE: {**SHIPPED.contents[GUIDE], "identity_card": one}}
    found = effective(replace(SHIPPED, contents=contents), kept)
    assert found.guide.entries["identity_card"].aliases == ["新叫法"]
    renamed = {**one, "title": "采伐证办理"}
    contents[GUIDE] = {**SHIPPED.contents[GUIDE], "identity_card": renamed}
    found = effective(replace(SHIPPED, contents=contents), kept)
    assert "identity_card" not in found.guide.entries
    assert found.guide.entries["own_1"].title == "采伐证办理"


async def test_saved_it_holds_here_and_in_other_processes(county: County) -> None:
    known: list[Effective] = []
    other = county.process(Texts.load(DATA / "texts" / "replies.yml"), known.append)
    await county.save(lambda now: put_entry(now, "own_1", LOGGING), "林业局来的")
    assert "own_1" in county.deployment.current.guide.entries
    await other.refresh()
    assert known[-1].guide.entries["own_1"].title == "采伐证办理"
    await county.save(lambda now: put_entry(now, "own_1", LOGGING))
    async with county.world.database.read() as connection:
        (version,) = await versions.history(connection, GUIDE)
    assert (version.number, version.note) == (1, "林业局来的")


async def test_what_the_loader_refuses_is_not_saved(county: County) -> None:
    broken = {**NOW.contents[GUIDE], "own_1": {"id": "own_1", "title": "采伐证办理"}}
    with pytest.raises(GuideError, match="own_1"):
        await county.save(lambda _: {GUIDE: broken})
    async with county.world.database.read() as connection:
        assert await versions.newest_id(connection) == 0
