"""One message, opened by the link of a text message."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect
from sqlalchemy import select, update

from backend.conversation.addresses import pass_on
from backend.conversation.message_links import MessageLinks
from backend.conversation.tables import outbox
from tests.citizen_pages.portal import OPENID, Portal
from tests.citizen_pages.test_browser import SIZES, looked_at

TEXT = "您好，您反映的下水道已经疏通，换了一段管道。\n<b>满意吗？</b>请回复数字：\n1 满意\n2 不满意"


async def told(portal: Portal, *, state: str = "kept", key: str = "answer_to_petition") -> int:
    person = await portal.person()
    async with portal.world.database.write() as connection:
        added = await connection.execute(
            outbox.insert()
            .values(
                dedupe_key=f"{state}-{key}",
                account_id=portal.world.accounts["wx"],
                address_id=person.address_id,
                citizen_id=person.citizen_id,
                lane="reply",
                key=key,
                text=TEXT,
                state=state,
                due_at=portal.world.now,
                created_at=portal.world.now,
            )
            .returning(outbox.c.id)
        )
        return int(added.scalar_one())


async def state_of(portal: Portal, outbox_id: int) -> tuple[str, str | None]:
    async with portal.world.database.read() as connection:
        found = await connection.execute(
            select(outbox.c.state, outbox.c.route).where(outbox.c.id == outbox_id)
        )
        state, route = found.one()
    return state, route


async def opened(portal: Portal, link: str) -> tuple[int, str]:
    async with portal.browser(None) as client, client.get(link) as response:
        return response.status, await response.text()


async def test_who_has_the_link_reads_the_message_and_it_is_told(any_portal: Portal) -> None:
    portal = any_portal
    queued = await told(portal)
    status, page = await opened(portal, portal.pages.message_links.link(queued))
    assert status == 200
    assert "已经疏通" in page
    assert "&lt;b&gt;满意吗？&lt;/b&gt;" in page
    assert await state_of(portal, queued) == ("delivered", "page")


@pytest.mark.parametrize("state", ["queued", "failed"])
async def test_reading_moves_nothing_that_is_still_on_its_way(portal: Portal, state: str) -> None:
    queued = await told(portal, state=state)
    assert (await opened(portal, portal.pages.message_links.link(queued)))[0] == 200
    assert (await state_of(portal, queued))[0] == state


async def test_who_only_tries_the_link_has_not_read_it(portal: Portal) -> None:
    queued = await told(portal)
    link = portal.pages.message_links.link(queued)
    async with portal.browser(None) as client, client.head(link) as response:
        assert response.status == 405
    assert (await state_of(portal, queued))[0] == "kept"


async def test_nobody_guesses_a_link(portal: Portal) -> None:
    queued = await told(portal)
    link = portal.pages.message_links.link(queued)
    base, _, token = link.rpartition("/")
    id_, _, mark = token.partition("-")
    another = MessageLinks(lambda: b"1" * 32, portal.url).link(queued)
    for wrong in (
        f"{base}/{int(id_) + 1}-{mark}",
        f"{base}/{id_}-{mark[:-1]}{'0' if mark[-1] != '0' else '1'}",
        f"{base}/0{id_}-{mark}",
        f"{base}/{id_}-{mark}0",
        f"{base}/{id_}",
        another,
    ):
        assert (await opened(portal, wrong))[0] == 404, wrong
    assert (await state_of(portal, queued))[0] == "kept"


async def test_a_link_ends(portal: Portal) -> None:
    link = portal.pages.message_links.link(await told(portal))
    portal.world.clock.move(timedelta(days=30, seconds=1))
    assert (await opened(portal, link))[0] == 404


async def test_a_number_that_passed_on_takes_no_messages_along(portal: Portal) -> None:
    queued = await told(portal)
    async with portal.world.database.write() as connection:
        theirs = await connection.scalar(select(outbox.c.address_id))
        await pass_on(connection, int(theirs or 0), portal.world.now)
        await connection.execute(update(outbox).values(state="kept"))
    assert (await opened(portal, portal.pages.message_links.link(queued)))[0] == 404


async def test_a_code_has_no_page(portal: Portal) -> None:
    queued = await told(portal, key="link_code")
    assert (await opened(portal, portal.pages.message_links.link(queued)))[0] == 404


def test_without_an_address_there_is_no_link() -> None:
    assert MessageLinks(lambda: bytes(32), "").link(7) == ""


def test_a_link_fits_into_a_gateways_variable() -> None:
    links = MessageLinks(lambda: bytes(32), "https://xy.example.cn")
    token = links.link(99_999_999_999).rpartition("/")[2]
    assert len(token) <= 35
    assert links.read(token) == 99_999_999_999


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
async def test_the_page_in_a_browser(portal: Portal, browser: Any, size: str, scheme: str) -> None:
    link = portal.pages.message_links.link(await told(portal))
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", color_scheme=scheme
    )
    try:
        page = await context.new_page()
        await page.goto(link)
        await expect(page.get_by_text("已经疏通")).to_be_visible()
        await looked_at(page, f"message-{size}-{scheme}")
    finally:
        await context.close()
    assert OPENID not in link
