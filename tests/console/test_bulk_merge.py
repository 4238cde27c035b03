"""Merging what was ticked in the queue: the pages on both databases, and in Chromium."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.console.accessibility import violations
from tests.console.bulk import asked, fields
from tests.console.site import Site
from tests.console.test_browser import SIZES, fits, official
from tests.petitions.world import reading

FORM = "/console/merge"


def preferred(page: str) -> str:
    """The main one that is ticked already."""
    found = re.search(r'name="main" value="([^"]+)" required checked', page)
    assert found
    return found[1]


async def test_the_form_proposes_and_the_result_tells_of_each(any_site: Site) -> None:
    site = any_site
    first, further, changed, over = [await site.petition() for _ in range(4)]
    secret = await site.petition(reading=reading(kind="report"))
    boss = await site.world.official("qinghe", "supervisor")
    await site.world.done(boss, further.number, "dispatch", site.world.orgs["chengguan_police"].id)
    await site.world.done(boss, over.number, "accept")
    await site.world.done(boss, over.number, "answer", "修好了")
    picked = [one.number for one in (first, further, changed, over, secret)]
    async with site.logged_in("county") as (client, _):
        page = await asked(client, FORM, *picked, "20261123-9999-0")
        assert "保密的诉求不能合并" in page
        assert "有 1 件找不到" in page
        assert preferred(page) == further.number
        form = fields(page)
        assert len([name for name, _ in form if name == "pick"]) == 3
        await site.world.done(boss, changed.number, "accept")
        form += [("main", first.number), ("back", "channel=wechat&x=1")]
        for _again in range(2):  # the browser's reload posts it once more
            async with client.post(FORM, data=form) as response:
                page = await response.text()
                assert response.status == 200
            assert "1 件并进去了" in page
            assert "1 件没有合并" in page
            assert "请打开看过再说" in page
            assert 'href="/console/?channel=wechat"' in page
    joined = await site.current(further.number)
    assert (joined.state, joined.main_id) == ("joined", (await site.current(first.number)).id)
    assert (await site.current(changed.number)).state == "accepted"


async def test_beyond_ones_branch_a_number_is_no_more_than_a_number(site: Site) -> None:
    one, other = await site.petition(), await site.petition()
    async with site.logged_in("elsewhere") as (client, token):
        page = await asked(client, FORM, one.number, other.number)
        assert one.title not in page
        assert "没有能合并的" in page
        form = [("csrf_token", token), ("pick", f"{one.number}.1"), ("pick", f"{other.number}.1")]
        async with client.post(FORM, data=[*form, ("main", one.number)]) as response:
            assert "找不到，或者现在不归您看了" in await response.text()
    for login in ("handler", "reader"):
        async with site.logged_in(login) as (client, token):
            async with client.get(FORM, params={"pick": one.number}) as response:
                assert response.status == 403
            form[0] = ("csrf_token", token)
            async with client.post(FORM, data=[*form, ("main", one.number)]) as response:
                assert response.status == 403
    assert (await site.current(other.number)).state == "received"


async def test_what_is_posted_is_not_trusted(site: Site) -> None:
    one, other = await site.petition(), await site.petition()
    picks = [("pick", f"{one.number}.1"), ("pick", f"{other.number}.1")]
    async with site.logged_in("town") as (client, token):
        for posted in (
            [("main", one.number)],
            picks,
            [*picks, ("main", "20261123-9999-0")],
            [picks[0], ("main", one.number)],
            [("pick", one.number), picks[1], ("main", one.number)],
            [
                *picks,
                *(("pick", f"20261123-{i}-0.1") for i in range(1000, 1099)),
                ("main", one.number),
            ],
        ):
            async with client.post(FORM, data=[("csrf_token", token), *posted]) as response:
                assert response.status == 422, posted[:3]
        async with client.post(FORM, data=[*picks, ("main", one.number)]) as response:
            assert response.status == 403
    assert (await site.current(other.number)).state == "received"


@pytest.mark.parametrize("size", list(SIZES))
async def test_tick_choose_the_main_one_and_read_the_result(
    site: Site, browser: Any, size: str
) -> None:
    filed = [await site.petition() for _ in range(3)]
    async with official(browser, site, "town", size) as page:
        merge = page.get_by_role("button", name="合并", exact=True)
        boxes = page.locator("#list input[name=pick]")
        await boxes.nth(0).check()
        await expect(merge).to_be_disabled()
        await page.get_by_label("全选本页").check()
        await expect(merge).to_be_enabled()
        assert await fits(page)
        assert await violations(page) == []
        await merge.click()
        await expect(page.get_by_role("heading", name="合并", exact=True)).to_be_visible()
        lines = page.get_by_role("radio", name=re.compile("以这件为主"))
        await expect(lines.nth(0)).to_be_checked()
        assert await fits(page)
        assert await violations(page) == []
        await page.get_by_role("radio", name=filed[1].number).check()
        await page.get_by_role("button", name="把这 3 件合并").click()
        await expect(page.get_by_role("status")).to_have_text(
            "2 件并进去了，以后一起办、一起答复。"
        )
        assert await fits(page)
        assert await violations(page) == []
        await page.get_by_role("link", name="回到列表").click()
        await expect(page.locator("#list input[name=pick]")).to_have_count(1)
    main = await site.current(filed[1].number)
    assert {(await site.current(filed[i].number)).main_id for i in (0, 2)} == {main.id}
