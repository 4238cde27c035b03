"""Who changed since, told once; on both databases."""

from __future__ import annotations

from backend.petitions.counting import newest_event
from backend.petitions.events import MACHINE, record_event
from backend.petitions.news import EventFollower, changed_after
from backend.petitions.queue import Filters, among_queue
from backend.petitions.tables import petition_event
from tests.petitions.world import World


async def newest(world: World) -> int:
    async with world.database.read() as connection:
        return await newest_event(connection)


async def test_a_follower_tells_each_change_once(world: World) -> None:
    old = await world.file()
    follower = EventFollower()

    async def fresh() -> dict[int, int]:
        async with world.database.read() as connection:
            return dict(await follower.fresh(connection))

    assert await fresh() == {}  # what was there before is no news
    town = await world.official("chengguan", "dispatcher")
    new = await world.file()
    await world.done(town, old.number, "accept")
    told = await fresh()
    assert set(told) == {old.petition_id, new.petition_id}
    assert told[old.petition_id] == await newest(world)
    assert await fresh() == {}


async def test_an_event_that_appears_out_of_order_is_told(world: World) -> None:
    filed = await world.file()
    follower = EventFollower()
    async with world.database.write() as connection:
        await follower.fresh(connection)
        late = await record_event(connection, filed.petition_id, "note", MACHINE, world.now)
        await connection.execute(petition_event.delete().where(petition_event.c.id == late))
        await record_event(connection, filed.petition_id, "note", MACHINE, world.now)
        assert set(await follower.fresh(connection)) == {filed.petition_id}
        # Another transaction took its id first and commits last.
        values = {"petition_id": filed.petition_id, "at": world.now, "type": "note"}
        await connection.execute(
            petition_event.insert().values(id=late + 1_000, actor="machine", **values)
        )
        assert dict(await follower.fresh(connection)) == {filed.petition_id: late + 1_000}
        await connection.execute(
            petition_event.insert().values(id=late + 900, actor="machine", **values)
        )
        assert dict(await follower.fresh(connection)) == {filed.petition_id: late + 900}
        assert dict(await follower.fresh(connection)) == {}


async def test_who_was_away_is_told_what_was_missed(world: World) -> None:
    await world.file()
    since = await newest(world)
    new = await world.file()
    async with world.database.read() as connection:
        assert set(await changed_after(connection, since)) == {new.petition_id}
        assert await changed_after(connection, await newest_event(connection)) == {}


async def test_only_what_stands_in_the_official_s_queue(world: World) -> None:
    filed = await world.file()
    town = await world.official("chengguan", "dispatcher")
    elsewhere = await world.official("liuhe", "dispatcher")

    async def among(actor: object, **filters: object) -> frozenset[int]:
        async with world.database.read() as connection:
            return await among_queue(
                connection,
                actor,  # type: ignore[arg-type]
                Filters(**filters),  # type: ignore[arg-type]
                world.now,
                [filed.petition_id, 999_999],
            )

    assert await among(town) == {filed.petition_id}
    assert await among(town, kinds=["praise"]) == frozenset()
    assert await among(elsewhere) == frozenset()
    boss = await world.official("qinghe", "supervisor")
    await world.done(boss, filed.number, "set_subject", org_id=world.orgs["chengguan"].id)
    assert await among(town) == frozenset()
    assert await among(boss) == {filed.petition_id}
