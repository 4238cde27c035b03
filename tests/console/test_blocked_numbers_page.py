"""不打扰名单: kept by administrators of the branch, beside the limits of pushing and the ledger."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from backend.conversation.tables import blocked_number
from tests.console.site import Site
from tests.console.test_account_browser import sound
from tests.console.test_account_pages import post
from tests.console.test_browser import SIZES, official

NUMBER, REASON = "13800000001", "本人来电要求"
PATH = "blocked-numbers"


async def held(site: Site) -> list[Any]:
    async with site.world.database.read() as connection:
        rows = await connection.execute(
            select(blocked_number).where(blocked_number.c.ended_at.is_(None))
        )
        return list(rows.all())


async def test_put_on_the_list_and_taken_off(site: Site) -> None:
    async with site.logged_in("head") as (client, token):
        status, page = await post(client, token, PATH, number=NUMBER, reason=REASON)
        assert (status, "已加入名单" in page, "138****0001" in page) == (200, True, True)
        assert NUMBER not in page
        (entry,) = await held(site)
        assert (entry.number, entry.reason) == (NUMBER, REASON)
        status, page = await post(client, token, f"{PATH}/{entry.id}/remove")
        assert (status, "已移出名单" in page) == (200, True)
        assert await held(site) == []
        assert (await post(client, token, f"{PATH}/{entry.id}/remove"))[0] == 404


@pytest.mark.parametrize("wrong", [{"number": "110"}, {"reason": "因"}])
async def test_a_wrong_entry_is_explained_and_kept_in_the_form(
    site: Site, wrong: dict[str, str]
) -> None:
    given = {"number": NUMBER, "reason": REASON, **wrong}
    async with site.logged_in("head") as (client, token):
        status, page = await post(client, token, PATH, **given)
    assert (status, 'role="alert"' in page) == (422, True)
    assert given["number"] in page
    assert await held(site) == []


@pytest.mark.parametrize("login", ["county", "desk", "handler", "reader"])
async def test_others_keep_no_list(site: Site, login: str) -> None:
    async with site.logged_in(login) as (client, token):
        async with client.get(f"/console/{PATH}") as answer:
            assert answer.status == 403
        assert (await post(client, token, PATH, number=NUMBER, reason=REASON))[0] == 403


@pytest.mark.parametrize("size", list(SIZES))
async def test_the_page_is_sound_and_leads_through(site: Site, browser: Any, size: str) -> None:
    async with official(browser, site, "head", size) as page:
        await page.get_by_role("link", name="设置").click()
        await page.get_by_role("link", name="不打扰名单").click()
        await expect(page.get_by_text("名单是空的")).to_be_visible()
        await expect(page.get_by_text("21:00 到 08:00")).to_be_visible()
        await sound(page)
        await page.get_by_label("手机号").fill(NUMBER)
        await page.get_by_label("为什么").fill(REASON)
        await page.get_by_role("button", name="加入名单").click()
        await expect(page.get_by_text(REASON, exact=True)).to_be_visible()
        await sound(page)
        await page.get_by_role("button", name="移出138****0001").click()
        await expect(page.get_by_text("已移出名单。")).to_be_visible()
