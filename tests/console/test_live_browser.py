"""The quiet bar of a page that is no longer the newest, in Chromium."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from backend.console import live_feed
from tests.console.accessibility import violations
from tests.console.site import Site
from tests.console.test_browser import SIZES, fits, official

STALE = "这一件刚刚有了新的变化，点这里看最新的"


@pytest.fixture(autouse=True)
def _frequent_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_feed, "POLL_SECONDS", 0.05)


@pytest.mark.parametrize("size", list(SIZES))
async def test_the_queue_says_so_and_moves_only_when_asked(
    site: Site, browser: Any, size: str
) -> None:
    for _ in range(12):
        await site.petition()
    last = await site.petition()
    async with official(browser, site, "town", size) as page:
        items = page.locator("#list .item")
        await page.goto(f"{site.url}/console/?channel=wechat")
        await expect(items).to_have_count(13)
        line = page.locator("#list a.title").last
        await line.focus()
        await line.scroll_into_view_if_needed()
        stood = (await line.bounding_box())["y"]
        await site.petition()
        await site.petition("想问一下医保怎么报销", channel="sms")  # not in this list
        await site.petition()
        bar = page.get_by_role("button", name="2 件有更新，点这里刷新")
        await expect(bar).to_be_visible()
        await expect(items).to_have_count(13)
        assert (await line.bounding_box())["y"] == stood
        await expect(line).to_be_focused()
        assert await fits(page)
        assert await violations(page) == []
        await bar.click()
        await expect(items).to_have_count(15)
        await expect(bar).to_be_hidden()
        await expect(page.locator("#tabs a").first).to_have_text("待办 15")
        same = items.filter(has_text=last.number).locator("a.title")
        await expect(same).to_be_focused()
        assert abs((await same.bounding_box())["y"] - stood) < 2
        assert page.url.endswith("?channel=wechat")
        # And again, from the keyboard.
        await site.world.done(
            await site.world.official("qinghe", "supervisor"), last.number, "accept"
        )
        await expect(page.get_by_role("button", name="1 件有更新")).to_be_visible()
        await page.keyboard.press("r")
        await expect(items.filter(has_text=last.number)).to_contain_text("待派单")
        await expect(same).to_be_focused()


async def test_filters_chosen_later_are_followed(site: Site, browser: Any) -> None:
    await site.petition()
    async with official(browser, site, "town", "desk") as page:
        await page.get_by_label("渠道").select_option("sms")
        await expect(page.get_by_text("没有找到")).to_be_visible()
        await site.petition()
        await site.petition("想问一下医保怎么报销", channel="sms")
        await page.get_by_role("button", name="1 件有更新").click()
        await expect(page.locator("#list .item")).to_have_count(1)


@pytest.mark.parametrize("size", list(SIZES))
async def test_a_petition_s_page_says_so_and_keeps_what_is_typed(
    site: Site, browser: Any, size: str
) -> None:
    filed = await site.petition()
    boss = await site.world.official("qinghe", "supervisor")
    org_id = site.world.orgs["chengguan_construction"].id
    await site.world.done(boss, filed.number, "dispatch", org_id)
    async with official(browser, site, "handler", size) as page:
        await page.goto(f"{site.url}/console/petitions/{filed.number}")
        answer = page.get_by_label("答复群众")
        await answer.fill("正在处理，明天完工。")
        await site.world.done(boss, filed.number, "note", "请尽快，老人出行不便")
        bar = page.get_by_role("button", name=STALE)
        await expect(bar).to_be_visible()
        await expect(page.get_by_text("老人出行不便")).to_have_count(0)
        await expect(answer).to_be_focused()
        assert await fits(page)
        assert await violations(page) == []
        await bar.click()
        await expect(page.get_by_text("请尽快，老人出行不便")).to_be_visible()
        await expect(bar).to_be_hidden()
        await expect(answer).to_have_value("正在处理，明天完工。")
        await expect(answer).to_be_focused()
        await page.get_by_role("button", name="发出答复").click()
        await expect(page.get_by_role("status").filter(has_text="送达情况")).to_be_visible()


async def test_one_s_own_step_is_no_news(site: Site, browser: Any) -> None:
    filed = await site.petition()
    async with official(browser, site, "town", "desk") as page:
        await page.goto(f"{site.url}/console/petitions/{filed.number}")
        # Every bar that was ever shown is remembered.
        await page.evaluate(
            "window.shown = 0; new MutationObserver((all) => { window.shown += all.filter("
            "(one) => !one.target.hidden).length; })"
            ".observe(document.querySelector('#live button'), {attributeFilter: ['hidden']})"
        )
        async with page.expect_response(re.compile("/accept$")):
            await page.get_by_role("button", name="受理", exact=True).click()
        await expect(page.get_by_role("status").filter(has_text="已受理")).to_be_visible()
        boss = await site.world.official("qinghe", "supervisor")
        await site.world.done(boss, filed.number, "note", "记一笔")
        await expect(page.get_by_role("button", name=STALE)).to_be_visible()
        assert await page.evaluate("window.shown") == 1


async def test_who_may_not_see_it_any_more_is_led_back(site: Site, browser: Any) -> None:
    filed = await site.petition()
    boss = await site.world.official("qinghe", "supervisor")
    async with official(browser, site, "town", "desk") as page:
        async with page.expect_response(re.compile(r"/live\?since")):
            await page.goto(f"{site.url}/console/petitions/{filed.number}")
        org_id = site.world.orgs["chengguan"].id
        await site.world.done(boss, filed.number, "set_subject", org_id=org_id)
        await page.get_by_role("link", name="这一件现在不归您看了").click()
        await expect(page.get_by_role("status")).to_contain_text("已回到列表")
        await expect(page.locator("#list .item")).to_have_count(0)


async def test_the_end_of_the_session_is_said(site: Site, browser: Any) -> None:
    async with official(browser, site, "town", "desk") as page:
        await expect(page.get_by_text("还没有诉求")).to_be_visible()
        site.world.clock.move(timedelta(hours=3))
        await page.get_by_role("link", name="登录已经结束").click()
        await expect(page.get_by_label("账号")).to_be_visible()
