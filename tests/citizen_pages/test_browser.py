"""The pages in Chromium, on a phone and a desk, in light and dark, by axe's rules."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from channels.wechat.testing.web_oauth import BROWSES_AS
from tests.citizen_pages.portal import OPENID, Portal
from tests.console.accessibility import violations
from tests.console.site import NODE_MODULES
from tests.services.required import require_service

SIZES = {"desk": (1280, 720), "phone": (390, 844)}
# Where set, pictures of the pages are kept there to be looked at.
PICTURES = os.environ.get("SCREENSHOTS")


@asynccontextmanager
async def inside_wechat(
    browser: Any, portal: Portal, size: str = "phone", scheme: str = "light"
) -> AsyncIterator[Any]:
    """A page in the citizen's WeChat; nothing may reach its console."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", color_scheme=scheme
    )
    context.set_default_timeout(15_000)
    known = {"name": BROWSES_AS, "value": OPENID, "url": portal.platform.base_url}
    await context.add_cookies([known])
    page = await context.new_page()
    errors: list[str] = []
    page.on("console", lambda one: errors.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
        assert errors == []
    finally:
        await context.close()


async def looked_at(page: Any, name: str) -> None:
    """Nothing sticks out to the right, and axe finds nothing wrong."""
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True, caret="initial")
    require_service(NODE_MODULES.is_dir(), "no node_modules (npm ci)")
    assert await violations(page) == [], name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
async def test_from_the_menu_to_the_rating(
    portal: Portal, browser: Any, size: str, scheme: str
) -> None:
    person = await portal.person()
    drain = await portal.petition(person, photos=1)
    portal.world.clock.move(timedelta(days=1))
    await portal.answer(drain)
    await portal.petition(person, "北关社区门口的路灯坏了半个月，晚上看不见路")
    async with inside_wechat(browser, portal, size, scheme) as page:
        await page.goto(f"{portal.url}/me/wx/")
        await expect(page.get_by_role("heading", name="我的诉求")).to_be_visible()
        await looked_at(page, f"list-{size}-{scheme}")
        await page.get_by_role("link").filter(has_text="下水道").last.click()
        await expect(page.get_by_text("今天已疏通")).to_be_visible()
        photo = page.get_by_role("img", name="您发的照片")
        await photo.scroll_into_view_if_needed()
        await photo.evaluate("one => one.decode()")
        assert await photo.evaluate("one => one.naturalWidth") == 320
        await looked_at(page, f"petition-{size}-{scheme}")
        await page.get_by_role("button", name="满意", exact=True).click()
        await expect(page.get_by_role("status")).to_contain_text("谢谢您的评价")
        await expect(page.get_by_role("button")).to_have_count(0)
        await looked_at(page, f"rated-{size}-{scheme}")
    assert (await portal.world.row(drain.number)).rating == 4


async def test_twice_as_large_letters_still_fit(portal: Portal, browser: Any) -> None:
    filed = await portal.petition(await portal.person())
    await portal.answer(filed)
    async with inside_wechat(browser, portal) as page:
        for path in ("/me/wx/", f"/me/wx/petitions/{filed.number}"):
            await page.goto(portal.url + path)
            await page.evaluate("document.documentElement.style.fontSize = '212%'")
            await looked_at(page, f"large-{path.count('/')}")


async def test_nothing_yet_and_what_went_wrong_are_said(portal: Portal, browser: Any) -> None:
    async with inside_wechat(browser, portal) as page:
        await page.goto(f"{portal.url}/me/wx/")
        await expect(page.get_by_text("还没有在这里反映过事情")).to_be_visible()
        await looked_at(page, "empty")


async def test_a_refused_way_in_can_be_begun_anew(portal: Portal, browser: Any) -> None:
    context = await browser.new_context(locale="zh-CN")
    known = {"name": BROWSES_AS, "value": OPENID, "url": portal.platform.base_url}
    await context.add_cookies([known])
    page = await context.new_page()
    await page.goto(f"{portal.url}/me/wx/entry?code=a&state=b")
    await expect(page.get_by_role("heading", name="没能打开")).to_be_visible()
    await looked_at(page, "refused")
    await page.get_by_role("link", name="重新打开").click()
    await expect(page.get_by_role("heading", name="我的诉求")).to_be_visible()
    await context.close()
