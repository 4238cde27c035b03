from datetime import timedelta

import pytest

from backend.petitions.queue import BadCursor, Filters, QueueItem, queue_counts, queue_page
from tests.petitions.world import LIUHE_HONGXING, World, reading


async def items(world: World, filters: Filters, office: str = "qinghe") -> list[str]:
    actor = await world.official(office, "dispatcher")
    async with world.database.read() as connection:
        page = await queue_page(connection, actor, filters, world.now)
    return [item.number for item in page.items]


@pytest.mark.parametrize("order", ["newest", "due"])
async def test_pages_hold_still_while_new_ones_come(world: World, order: str) -> None:
    actor = await world.official("qinghe", "dispatcher")
    urgencies = ("normal", "high", "low", "emergency", "normal", "normal", "high")
    for urgency in urgencies:
        await world.file(reading=reading(urgency=urgency))
    seen: list[QueueItem] = []
    after = None
    for turn in range(10):
        async with world.database.read() as connection:
            page = await queue_page(
                connection, actor, Filters(), world.now, order=order, after=after, limit=3
            )
        seen.extend(page.items)
        after = page.next_cursor
        if after is None:
            break
        if turn == 0:
            late = await world.file(reading=reading(urgency="emergency"))
    numbers = [item.number for item in seen]
    assert late.number not in numbers
    assert len(set(numbers)) == len(numbers) == len(urgencies)
    if order == "due":
        assert [item.due_on for item in seen] == sorted(item.due_on or late.due_on for item in seen)
    else:
        assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize("cursor", ["x", "-1", "2026-01-01_", "_3", "1 OR 1=1", "9" * 30, "２"])
@pytest.mark.parametrize("order", ["newest", "due"])
async def test_cursors_that_are_none(world: World, order: str, cursor: str) -> None:
    actor = await world.official("qinghe", "dispatcher")
    async with world.database.read() as connection:
        with pytest.raises(BadCursor):
            await queue_page(connection, actor, Filters(), world.now, order=order, after=cursor)


async def test_filters(world: World) -> None:
    drain = (await world.file()).number
    road = (
        await world.file(
            kind="complaint",
            text="村口的路塌了100%_没人修",
            place="红星村",
            place_code=LIUHE_HONGXING,
            reading=reading(domain="roads_traffic", urgency="high", title="路塌了"),
        )
    ).number
    cases = [
        (Filters(), {drain, road}),
        (Filters(kinds=("complaint",)), {road}),
        (Filters(domains=("sanitation", "other")), {drain}),
        (Filters(urgencies=("high",)), {road}),
        (Filters(states=("received",)), {drain, road}),
        (Filters(states=("closed",)), set()),
        (Filters(org_id=world.orgs["liuhe"].id), {road}),
        (Filters(org_id=world.orgs["qinghe"].id), {drain, road}),
        (Filters(text="路塌了"), {road}),
        (Filters(text="100%_没"), {road}),
        (Filters(text="%"), set()),
        (Filters(channels=("wechat",)), {drain, road}),
        (Filters(channels=("sms",)), set()),
        (Filters(place_codes=(LIUHE_HONGXING,)), {road}),
        (Filters(text="红星"), {road}),
        (Filters(text=drain), {drain}),
        (Filters(text=drain.replace("-", "")), {drain}),
        (Filters(text="20261123-0002"), {road}),
        (Filters(text="没有\x00"), set()),
        (Filters(text="路塌了", kinds=("request",)), set()),
    ]
    for filters, wanted in cases:
        assert set(await items(world, filters)) == wanted, filters


async def test_moods_are_filtered_and_told(world: World) -> None:
    filed = {
        mood: (await world.file(reading=reading(sentiment=mood))).number
        for mood in ("angry", "desperate", "calm", None)
    }
    assert set(await items(world, Filters(sentiments=("angry", "desperate")))) == {
        filed["angry"],
        filed["desperate"],
    }
    assert await items(world, Filters(sentiments=("grateful",))) == []
    actor = await world.official("qinghe", "supervisor")
    async with world.database.read() as connection:
        page = await queue_page(connection, actor, Filters(), world.now)
        counts = await queue_counts(connection, actor, Filters(sentiments=("angry",)), world.now)
    assert {item.number: item.sentiment for item in page.items} == {
        number: mood for mood, number in filed.items()
    }
    assert counts.total == 1


async def test_overdue_and_counts(world: World) -> None:
    late = await world.file(reading=reading(urgency="high"))
    answered = await world.file(reading=reading(urgency="high"))
    desk = await world.official("chengguan", "dispatcher")
    await world.done(desk, answered.number, "accept")
    await world.done(desk, answered.number, "answer", "好了")
    assert late.due_on is not None
    world.clock.move(timedelta(days=3))  # the last day is still in time
    assert late.due_on.day == 26
    assert await items(world, Filters(overdue=True)) == []
    world.clock.move(timedelta(days=1))
    assert await items(world, Filters(overdue=True)) == [late.number]
    async with world.database.read() as connection:
        counts = await queue_counts(connection, desk, Filters(states=("received",)), world.now)
        none = await queue_counts(connection, desk, Filters(text="没有这件事"), world.now)
        page = await queue_page(connection, desk, Filters(), world.now)
    assert (counts.by_state, counts.overdue) == ({"received": 1, "resolved": 1}, 1)
    assert counts.total == 2
    assert (none.by_state, none.overdue) == ({}, 0)
    assert {item.number: item.overdue for item in page.items} == {
        late.number: True,
        answered.number: False,
    }
