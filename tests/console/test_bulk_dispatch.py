"""Dispatching what was ticked in the queue: the pages on both databases, and in Chromium."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.console.accessibility import violations
from tests.console.bulk import asked, fields
from tests.console.site import Site
from tests.console.test_browser import SIZES, fits, official
from tests.petitions.world import LIUHE_HONGXING

FORM = "/console/dispatch"


async def test_the_form_suggests_and_the_result_tells_of_each(any_site: Site) -> None:
    site = any_site
    drain, other, given = [await site.petition() for _ in range(3)]
    boss = await site.world.official("qinghe", "supervisor")
    police = site.world.orgs["chengguan_police"]
    await site.world.done(boss, given.number, "dispatch", police.id)
    async with site.logged_in("town") as (client, _):
        page = await asked(
            client, FORM, drain.number, other.number, given.number, "20261123-9999-0"
        )
        assert "都派给 <b>城关镇综合行政执法队</b>" in page
        assert "已经派给城关镇派出所了" in page
        assert "有 1 件找不到" in page
        form = fields(page)
        assert len([name for name, _ in form if name == "pick"]) == 2
        await site.world.done(boss, other.number, "accept")
        form += [("lead", "suggested"), ("reason", "请一并处理"), ("back", "channel=wechat&x=1")]
        for _again in range(2):  # the browser's reload posts it once more
            async with client.post(FORM, data=form) as response:
                page = await response.text()
                assert response.status == 200
            assert "派出 1 件" in page
            assert "1 件没有派" in page
            assert "这一件有了新的变化，请打开看过再说" in page
            assert 'href="/console/?channel=wechat"' in page
            assert f'href="/console/petitions/{drain.number}"' in page
    assert (await site.current(drain.number)).state == "dispatched"
    assert (await site.current(other.number)).state == "accepted"


async def test_where_the_catalogue_names_several_each_goes_to_its_own(any_site: Site) -> None:
    site = any_site
    here = await site.petition()
    there = await site.petition("路塌了", place_code=LIUHE_HONGXING)
    async with site.logged_in("county") as (client, _):
        page = await asked(client, FORM, here.number, there.number)
        assert "<b>各派给目录建议的单位</b>" in page
        async with client.post(FORM, data=[*fields(page), ("lead", "suggested")]) as response:
            page = await response.text()
        assert "城关镇综合行政执法队" in page
        assert "柳河镇综合行政执法队" in page
    async with site.logged_in("elsewhere") as (client, _):
        # Beyond one's branch a number is no more than a number, on the form and when posted.
        page = await asked(client, FORM, here.number)
        assert here.number not in page
        assert here.title not in page
    async with site.logged_in("elsewhere") as (client, token):
        form = {"csrf_token": token, "token": "t" * 22, "lead": "suggested"}
        async with client.post(FORM, data={**form, "pick": f"{here.number}.2"}) as response:
            page = await response.text()
        assert "找不到，或者现在不归您看了" in page
        assert here.title not in page
    assert (await site.current(here.number)).version == 2


async def test_what_is_posted_is_not_trusted(site: Site) -> None:
    filed = await site.petition()
    many = [("pick", f"20261123-{one:04}-0") for one in range(101)]
    async with site.logged_in("town") as (client, token):
        for params, words in (
            ([], "还没有勾选"),
            (many, "一次最多 100 件"),
            ([("pick", "<b>")], ""),
        ):
            async with client.get(FORM, params=params) as response:
                assert response.status == 422, params[:1]
                assert words in await response.text()
        good = {"csrf_token": token, "token": "t" * 22, "lead": "suggested"}
        good["pick"] = f"{filed.number}.1"
        for name, value in (
            ("pick", filed.number),
            ("pick", f"{filed.number}.1.1"),
            ("token", "short"),
            ("token", "t" * 65),
            ("lead", ""),
            ("lead", "-1"),
            ("reason", "长" * 1_001),
        ):
            async with client.post(FORM, data={**good, name: value}) as response:
                assert response.status == 422, (name, value[:30])
        lead = str(site.world.orgs["liuhe_police"].id + 10_000)
        async with client.post(FORM, data={**good, "lead": lead}) as response:
            assert "“主办单位”不在可选的范围里" in await response.text()
    for login in ("handler", "reader"):
        async with site.logged_in(login) as (client, token):
            async with client.get(FORM, params={"pick": filed.number}) as response:
                assert response.status == 403
            async with client.post(FORM, data={**good, "csrf_token": token}) as response:
                assert response.status == 403
            async with client.get("/console/") as response:
                assert 'name="pick"' not in await response.text()
    assert (await site.current(filed.number)).state == "received"


@pytest.mark.parametrize("size", list(SIZES))
async def test_tick_dispatch_and_read_the_result(site: Site, browser: Any, size: str) -> None:
    for _ in range(3):
        await site.petition()
    boss = await site.world.official("qinghe", "supervisor")
    async with official(browser, site, "town", size) as page:
        await page.get_by_label("渠道").select_option("wechat")
        send = page.get_by_role("button", name="批量派单")
        await expect(send).to_be_disabled()
        await page.get_by_label("全选本页").check()
        await expect(page.locator(".bulk-count")).to_have_text("已选 3 件")
        boxes = page.locator("#list input[name=pick]")
        await boxes.nth(2).uncheck()
        await expect(page.locator(".bulk-count")).to_have_text("已选 2 件")
        assert await fits(page)
        assert await violations(page) == []
        await send.click()
        await expect(page.get_by_role("heading", name="批量派单")).to_be_visible()
        await expect(page.get_by_label("都派给 城关镇综合行政执法队")).to_be_checked()
        assert await fits(page)
        assert await violations(page) == []
        await page.get_by_label("查找单位").fill("派出所")
        await page.get_by_label("城关镇派出所主办").check()
        await page.get_by_label("给主办单位的话").fill("请一并处理")
        changed = (await page.locator("input[name=pick]").first.input_value()).split(".")[0]
        await site.world.done(boss, changed, "accept")
        await page.get_by_role("button", name="派出这 2 件").click()
        await expect(page.get_by_role("status")).to_have_text(
            "派出 1 件，主办单位现在能看到了。1 件没有派，原因在下面。"
        )
        assert await fits(page)
        assert await violations(page) == []
        await page.reload()  # asks to post again; nothing is done twice
        await expect(page.get_by_role("status")).to_contain_text("派出 1 件")
        await page.get_by_role("link", name="回到列表").click()
        await expect(page.locator("#list .item")).to_have_count(3)
        assert page.url.endswith("?channel=wechat")
        await expect(page.locator("#list input[name=pick]")).to_have_count(3)


async def test_ticked_by_keys_and_kept_over_a_refresh(site: Site, browser: Any) -> None:
    for _ in range(5):
        await site.petition()
    async with official(browser, site, "town", "desk") as page:
        boxes = page.locator("#list input[name=pick]")
        count = page.locator(".bulk-count")
        await page.keyboard.press("x")  # on no line: nothing
        await page.keyboard.press("j")
        await page.keyboard.press("x")
        await expect(boxes.nth(0)).to_be_checked()
        await expect(count).to_have_text("已选 1 件")
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.keyboard.press("Shift+X")
        await expect(count).to_have_text("已选 3 件")
        await page.keyboard.press("x")
        await expect(boxes.nth(2)).not_to_be_checked()
        await expect(count).to_have_text("已选 2 件")
        # One Tab stop before the line; the keys go on from the box.
        await expect(page.locator("#list input[name=pick][tabindex='0']")).to_have_count(1)
        await page.keyboard.press("Shift+Tab")
        await expect(boxes.nth(2)).to_be_focused()
        await page.keyboard.press("j")
        await expect(page.locator("#list a.title").nth(3)).to_be_focused()
        await boxes.nth(4).click(modifiers=["Shift"])
        await expect(count).to_have_text("已选 5 件")
        await boxes.nth(0).uncheck()
        await boxes.nth(3).click(modifiers=["Shift"])  # a range is unticked like one
        await expect(count).to_have_text("已选 1 件")
        kept = await boxes.nth(4).input_value()
        await site.petition()
        await page.get_by_role("button", name="1 件有更新").click()
        await expect(boxes).to_have_count(6)
        await expect(page.locator(f"input[value='{kept}']")).to_be_checked()
        await expect(count).to_have_text("已选 1 件")


async def test_without_scripts(site: Site, browser: Any) -> None:
    filed = await site.petition()
    context = await browser.new_context(locale="zh-CN", java_script_enabled=False)
    try:
        page = await context.new_page()
        async with site.logged_in("town") as (client, _):
            cookies = [
                {"name": one.key, "value": one.value, "url": site.url} for one in client.cookie_jar
            ]
        await context.add_cookies(cookies)
        await page.goto(f"{site.url}/console/")
        await expect(page.get_by_label("全选本页")).to_be_hidden()
        await page.get_by_label(f"勾选 {filed.number}").check()
        await page.get_by_role("button", name="批量派单").click()
        await page.get_by_role("button", name="派出这 1 件").click()
        await expect(page.get_by_role("status")).to_contain_text("派出 1 件")
    finally:
        await context.close()
    assert (await site.current(filed.number)).state == "dispatched"
