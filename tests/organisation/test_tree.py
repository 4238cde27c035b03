from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.catalogue import load_catalogue
from backend.database.engine import Database
from backend.organisation.accounts import AccountError, ensure_accounts
from backend.organisation.tree import (
    Org,
    TreeChanges,
    TreeError,
    all_orgs,
    branch,
    move_org,
    org_by_code,
    rename_org,
    root_path,
    set_org_active,
    sync_tree,
)

DATA = Path(__file__).parents[2] / "data"


@dataclass(frozen=True)
class Entry:
    code: str
    name: str
    type: str
    parent: str | None


COUNTY = Entry("county", "县", "county", None)
TOWN = Entry("town", "镇", "township", "county")
OTHER = Entry("other", "乡", "township", "county")
TEAM = Entry("team", "队", "office", "town")
SQUAD = Entry("squad", "组", "office", "team")
ENTRIES = (COUNTY, TOWN, OTHER, TEAM, SQUAD)


async def sync(database: Database, entries: Sequence[Entry]) -> TreeChanges:
    async with database.write() as connection:
        return await sync_tree(connection, entries)


async def orgs(database: Database) -> dict[str, Org]:
    async with database.read() as connection:
        found = {one.code: one for one in await all_orgs(connection)}
    by_id = {one.id: one for one in found.values()}
    for one in found.values():
        parent = by_id[one.parent_id].path if one.parent_id else "/"
        assert one.path == f"{parent}{one.id}/"
    return found


async def test_the_example_organisation_loads_once(database: Database) -> None:
    units = load_catalogue(DATA / "catalogue").organisation.values()
    async with database.write() as connection:
        first = await sync_tree(connection, units)
    before = await orgs(database)
    async with database.write() as connection:
        again = await sync_tree(connection, units)
    assert len(first.added) == len(units) == len(before)
    assert again == TreeChanges([], [], [], [])
    assert await orgs(database) == before
    assert before["qinghe"].depth == 1
    assert before["chengguan_001"].path.startswith(before["chengguan"].path)


async def test_order_of_the_entries_does_not_matter(database: Database) -> None:
    await sync(database, ENTRIES[::-1])
    assert set(await orgs(database)) == {entry.code for entry in ENTRIES}


async def test_names_and_places_follow_the_entries(database: Database) -> None:
    await sync(database, ENTRIES)
    changed = (
        COUNTY,
        Entry("town", "新镇", "township", "county"),
        OTHER,
        Entry("team", "队", "office", "other"),
        Entry("extra", "站", "station", "squad"),
        SQUAD,
    )
    changes = await sync(database, changed)
    assert changes == TreeChanges(["extra"], ["town"], ["team"], [])
    found = await orgs(database)
    assert found["squad"].path.startswith(found["other"].path)
    assert found["town"].name == "新镇"


async def test_what_is_no_longer_listed_stays_and_is_told(database: Database) -> None:
    await sync(database, ENTRIES)
    assert (await sync(database, ENTRIES[:3])).missing == ["squad", "team"]
    assert len(await orgs(database)) == 5


@pytest.mark.parametrize(
    "entries",
    [
        (COUNTY, Entry("a", "甲", "office", "b"), Entry("b", "乙", "office", "a")),
        (COUNTY, Entry("a", "甲", "office", "nowhere")),
    ],
)
async def test_trees_that_cannot_be(database: Database, entries: Sequence[Entry]) -> None:
    with pytest.raises(TreeError):
        await sync(database, entries)
    assert await orgs(database) == {}


async def test_two_offices_swap_places(database: Database) -> None:
    await sync(database, ENTRIES)
    swapped = (
        COUNTY,
        TOWN,
        OTHER,
        Entry("squad", "组", "office", "town"),
        Entry("team", "队", "office", "squad"),
    )
    await sync(database, swapped)
    found = await orgs(database)
    assert found["team"].path.startswith(found["squad"].path)


async def test_moving_takes_the_branch_along(database: Database) -> None:
    await sync(database, ENTRIES)
    found = await orgs(database)
    async with database.write() as connection:
        await move_org(connection, found["team"].id, found["other"].id)
    moved = await orgs(database)
    assert moved["squad"].path.startswith(moved["other"].path)
    async with database.write() as connection:
        with pytest.raises(TreeError):
            await move_org(connection, found["other"].id, found["squad"].id)
        with pytest.raises(TreeError):
            await move_org(connection, found["other"].id, found["other"].id)
        with pytest.raises(KeyError):
            await move_org(connection, found["other"].id, 999_999)
    assert await orgs(database) == moved


async def test_a_branch_is_parents_first_and_whole(database: Database) -> None:
    await sync(database, ENTRIES)
    found = await orgs(database)
    async with database.write() as connection:
        await rename_org(connection, found["team"].id, "大队")
        await set_org_active(connection, found["squad"].id, False)
        town = await branch(connection, found["town"].path)
        everything = await branch(connection, found["town"].path, active_only=False)
        assert await org_by_code(connection, "nobody") is None
    assert [(one.code, one.name) for one in town] == [("town", "镇"), ("team", "大队")]
    assert [one.code for one in everything] == ["town", "team", "squad"]
    assert root_path(found["squad"].path) == found["county"].path


async def test_accounts_are_kept_once(database: Database) -> None:
    await sync(database, ENTRIES)
    async with database.write() as connection:
        first = await ensure_accounts(connection, [("wx", "wechat", "county")])
        again = await ensure_accounts(
            connection, [("wx", "wechat", "town"), ("sms", "sms", "county")]
        )
        assert again["wx"] == first["wx"]
        with pytest.raises(AccountError, match="wx"):
            await ensure_accounts(connection, [("wx", "sms", "county")])
        with pytest.raises(AccountError, match="nowhere"):
            await ensure_accounts(connection, [("x", "sms", "nowhere")])
