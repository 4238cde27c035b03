"""Hot issues and merging in Chromium, at a desk and on a phone; axe finds nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.console.accessibility import violations
from tests.console.site import Site
from tests.console.test_browser import SIZES, fits, official
from tests.petitions.meanings import read_all
from tests.petitions.world import reading

LAMPS = (
    "锦绣小区的灯都黑了，没人修",
    "锦绣小区路灯坏了好久，黑灯瞎火的，没人修",
    "锦绣小区门口的路灯不亮，晚上看不见",
)


async def lamps(site: Site) -> list[str]:
    numbers = []
    for text in LAMPS:
        filed = await site.petition(text, reading=reading(domain="utilities", title=text))
        numbers.append(filed.number)
    await read_all(site.world)
    return numbers


@pytest.mark.parametrize("size", list(SIZES))
async def test_from_the_overview_to_one_answer_for_all(site: Site, browser: Any, size: str) -> None:
    numbers = await lamps(site)
    async with official(browser, site, "town", size) as page:
        await page.goto(f"{site.url}/console/overview")
        await expect(page.get_by_role("heading", name="热点")).to_be_visible()
        await page.get_by_role("link", name="看全部").click()
        item = page.locator(".hot-item")
        await expect(item).to_have_count(1)
        await expect(item).to_contain_text("3 人")
        assert await fits(page)
        assert await violations(page) == []
        await page.get_by_role("link", name="近 7 天").click()
        await page.get_by_role("link", name="升温最快").click()
        await expect(page).to_have_url(re.compile("days=7.*order=rising"))
        await item.get_by_role("link").click()
        await expect(page.locator(".item")).to_have_count(3)
        assert await fits(page)
        assert await violations(page) == []
        await page.get_by_role("button", name="合并勾选的").click()
        await expect(page.get_by_role("status")).to_contain_text("合并好了 2 件")
        await expect(page.get_by_text("已并入")).to_have_count(2)
        await page.goto(f"{site.url}/console/petitions/{numbers[0]}")
        await expect(page.locator(".part-together li")).to_have_count(2)
        await expect(page.locator(".part-together")).to_contain_text("3 位居民反映")
        assert await fits(page)
        assert await violations(page) == []


@pytest.mark.parametrize("size", list(SIZES))
async def test_merged_and_apart_on_the_petition_s_page(site: Site, browser: Any, size: str) -> None:
    numbers = await lamps(site)
    async with official(browser, site, "town", size) as page:
        await page.goto(f"{site.url}/console/petitions/{numbers[1]}")
        similar = page.locator(".part-similar")
        await expect(similar).to_contain_text("地点相同")
        await expect(similar).to_contain_text("同一天")
        assert await violations(page) == []
        await similar.get_by_role("button", name=re.compile(LAMPS[0])).click()
        await expect(page.locator("#petition .notice-done")).to_contain_text("已合并")
        await expect(page.locator(".part-together")).to_contain_text("跟着它一起办")
        await expect(page.get_by_text("答复群众")).to_have_count(0)
        assert await fits(page)
        assert await violations(page) == []
        await page.get_by_role("button", name="不是一件事，分开办").click()
        await expect(page.locator("#petition .notice-done")).to_contain_text("已分开")
        await expect(page.locator(".part-together")).to_have_count(0)
