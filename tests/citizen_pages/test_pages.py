"""A citizen's own petitions, and nobody else's; the rating is the chat's."""

from __future__ import annotations

import asyncio
import io
import re
from html import unescape

from aiohttp import ClientSession
from PIL import Image
from sqlalchemy import select, update

from backend.conversation import outbox
from backend.conversation.addresses import merge_citizens
from backend.conversation.tables import outbox as told
from backend.petitions.filing import Filed
from tests.citizen_pages.portal import STRANGER, TEXT, Portal


async def page(client: ClientSession, path: str, status: int = 200) -> str:
    async with client.get(path) as response:
        assert response.status == status, await response.text()
        return unescape(await response.text())


def path_of(filed: Filed) -> str:
    return f"/me/wx/petitions/{filed.number}"


async def token(client: ClientSession, filed: Filed) -> str:
    """What the form of the rating bears."""
    shown = await page(client, path_of(filed))
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', shown)
    assert found is not None
    return found[1]


async def tap(client: ClientSession, filed: Filed, level: int, bears: str) -> tuple[int, str]:
    """(status of the page it leads to, its words)."""
    form = {"level": str(level), "csrf_token": bears}
    async with client.post(f"{path_of(filed)}/rating", data=form) as response:
        return response.status, await response.text()


async def rate(client: ClientSession, filed: Filed, level: int) -> tuple[int, str]:
    return await tap(client, filed, level, await token(client, filed))


async def test_own_petitions_newest_first_with_how_they_stand(any_portal: Portal) -> None:
    portal = any_portal
    person = await portal.person()
    drain = await portal.petition(person)
    lamp = await portal.petition(person, "路灯坏了")
    others = await portal.petition(await portal.person(STRANGER))
    await portal.answer(drain)
    async with portal.browser() as client:
        shown = await page(client, "/me/wx/")
        assert shown.index(lamp.number) < shown.index(drain.number)
        assert others.number not in shown
        assert "已收到" in shown
        assert "已答复" in shown
        assert "今天已疏通" in shown
        assert "城关镇规划建设办公室" in shown


async def test_one_petition_tells_its_story_as_it_was_written(any_portal: Portal) -> None:
    portal = any_portal
    filed = await portal.petition(await portal.person(), photos=1)
    official = await portal.world.official("qinghe", "supervisor", "周敏")
    await portal.world.done(official, filed.number, "note", "内部的话")
    await portal.answer(filed)
    async with portal.browser() as client:
        async with client.get(path_of(filed)) as response:
            raw = await response.text()
        assert "&lt;b&gt;老人&lt;/b&gt;" in raw
        shown = unescape(raw)
        assert TEXT in shown
        for words in ("收到您的诉求", "已受理", "交给城关镇规划建设办公室办理", "有了答复"):
            assert words in shown
        assert "内部的话" not in shown
        assert "周敏" not in shown
        [photo] = await portal.media_ids()
        async with client.get(f"/me/wx/media/{photo}") as response:
            assert response.headers["Cache-Control"].startswith("private")
            picture = await response.read()
        assert max(Image.open(io.BytesIO(picture)).size) == 320
        assert b"SecretCamera" not in picture


async def test_what_was_kept_about_it_is_told_by_the_page(any_portal: Portal) -> None:
    portal = any_portal
    person = await portal.person()
    drain, lamp = await portal.petition(person), await portal.petition(person, "路灯坏了")
    async with portal.world.database.write() as connection:
        for filed in (drain, lamp):
            kept = {
                "address_id": person.address_id,
                "account_id": person.account_id,
                "citizen_id": person.citizen_id,
                "petition_id": filed.petition_id,
                "lane": "notice",
                "key": "answer_to_petition",
                "created_at": portal.world.now,
            }
            row = await outbox.queue(
                connection, dedupe_key=filed.number, text="答复", due_at=portal.world.now, **kept
            )
            await connection.execute(update(told).where(told.c.id == row).values(state="kept"))
    async with portal.browser() as client:
        await page(client, path_of(drain))
    async with portal.world.database.read() as connection:
        states = dict(
            (await connection.execute(select(told.c.petition_id, told.c.state))).tuples().all()
        )
    assert states == {drain.petition_id: "delivered", lamp.petition_id: "kept"}


async def test_what_is_anothers_is_not_there(any_portal: Portal) -> None:
    portal = any_portal
    filed = await portal.petition(await portal.person(), photos=1)
    [photo] = await portal.media_ids()
    await portal.answer(filed)
    async with portal.browser(STRANGER) as client:
        shown = await page(client, "/me/wx/")
        assert "还没有在这里反映过事情" in shown
        for path in (path_of(filed), f"/me/wx/media/{photo}"):
            assert filed.title not in await page(client, path, 404)


async def test_what_was_said_by_a_linked_number_is_there_too(any_portal: Portal) -> None:
    portal = any_portal
    person = await portal.person()
    by_sms = await portal.world.citizen("sms", "13812345678")
    filed = await portal.world.file(by_sms)
    async with portal.browser() as client:
        shown = await page(client, "/me/wx/")
        assert filed.number not in shown
        assert "还没有绑定手机" in shown
        async with portal.world.database.write() as connection:
            await merge_citizens(connection, by_sms.citizen_id, person.citizen_id, portal.world.now)
        shown = await page(client, "/me/wx/")
        assert filed.number in shown
        assert "138****5678" in shown


async def test_a_rating_is_the_chats_own_act_and_counts_once(any_portal: Portal) -> None:
    portal = any_portal
    filed = await portal.petition(await portal.person())
    async with portal.browser() as client:
        assert "解决得怎么样" not in await page(client, path_of(filed))
        await portal.answer(filed)
        status, shown = await rate(client, filed, 4)
        assert (status, "谢谢您的评价" in shown) == (200, True)
    row = await portal.world.row(filed.number)
    assert (row.state, row.rating) == ("closed", 4)
    rated = [one for one in await portal.world.events(filed.number) if one.type == "rated"]
    assert [(one.actor, one.detail["level"]) for one in rated] == [("citizen", 4)]


async def test_two_taps_at_once_are_one_rating(any_portal: Portal) -> None:
    portal = any_portal
    filed = await portal.petition(await portal.person())
    await portal.answer(filed)
    async with portal.browser() as client:
        bears = await token(client, filed)
        taps = [tap(client, filed, 2, bears) for _ in range(2)]
        shown = await asyncio.gather(*taps)
        assert [status for status, _ in shown] == [200, 200]
    row = await portal.world.row(filed.number)
    assert (row.state, row.rating, row.reopened) == ("dispatched", 2, 1)
    rated = [one for one in await portal.world.events(filed.number) if one.type == "rated"]
    assert len(rated) == 1


async def test_who_is_not_content_sees_that_it_goes_on(portal: Portal) -> None:
    filed = await portal.petition(await portal.person())
    await portal.answer(filed)
    async with portal.browser() as client:
        _, shown = await rate(client, filed, 1)
        assert "已经退回重新办理" in shown
        assert "您不满意，重新办理" in shown
        assert "上一次的答复" in shown


async def test_levels_that_are_none_are_refused(portal: Portal) -> None:
    filed = await portal.petition(await portal.person())
    await portal.answer(filed)
    async with portal.browser() as client:
        for level in (0, 6):
            assert (await rate(client, filed, level))[0] == 400
    assert (await portal.world.row(filed.number)).rating is None
