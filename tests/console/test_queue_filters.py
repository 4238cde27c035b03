"""The queue's filters and saved views, on both databases and in Chromium."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from tests.console.accessibility import violations
from tests.console.site import Site, reading
from tests.console.test_browser import SIZES, fits, official
from tests.petitions.world import JINXIU, LIUHE_HONGXING


async def listed(client: Any, **query: str) -> list[str]:
    async with client.get("/console/", params=query) as response:
        assert response.status == 200
        page = await response.text()
    return sorted(re.findall(r'soft small number">([\d-]+)<', page))


async def test_each_filter_and_its_counts(any_site: Site) -> None:
    site = any_site
    drain = (await site.petition(place_code=JINXIU)).number
    road = (await site.petition("路塌了", channel="sms", place_code=LIUHE_HONGXING)).number
    liuhe = str(site.world.orgs["liuhe"].id)
    cases: list[tuple[dict[str, str], list[str]]] = [
        ({}, [drain, road]),
        ({"place": LIUHE_HONGXING}, [road]),
        ({"place": "990101102"}, [road]),
        ({"place": "990101"}, [drain, road]),
        ({"office": liuhe}, [road]),
        ({"channel": "sms"}, [road]),
        ({"kind": "praise"}, []),
        ({"due": "overdue"}, []),
        ({"due": "later"}, [drain, road]),
        ({"q": "5678"}, [drain, road]),
        ({"place": "nowhere", "office": "-1", "channel": "fax", "due": "x"}, [drain, road]),
    ]
    async with site.logged_in("county") as (client, _token):
        for query, wanted in cases:
            assert await listed(client, **query) == sorted(wanted), query
        async with client.get("/console/", params={"channel": "sms"}) as response:
            assert "待办 <b>1</b>" in await response.text()
        due_on = (await site.current(drain)).due_on
        ahead = due_on - site.world.now.date()
        site.world.clock.move(ahead - timedelta(hours=12))
    async with site.logged_in("county") as (client, _token):
        assert drain in await listed(client, due="soon")
        site.world.clock.move(timedelta(days=2))
    async with site.logged_in("county") as (client, _token):
        assert drain in await listed(client, due="overdue")


async def test_strong_moods_are_marked_and_filtered(any_site: Site) -> None:
    moods = ("angry", "desperate", "calm")
    filed = {
        mood: (await any_site.petition(reading=reading(sentiment=mood))).number for mood in moods
    }
    angry, desperate = filed["angry"], filed["desperate"]
    cases = {"strong": [angry, desperate], "angry": [angry], "desperate": [desperate]}
    async with any_site.logged_in("county") as (client, _token):
        for asked, wanted in cases.items():
            assert await listed(client, mood=asked) == sorted(wanted), asked
        for asked in ("calm", "jolly"):
            assert await listed(client, mood=asked) == sorted(filed.values()), asked
        async with client.get("/console/") as response:
            page = await response.text()
    assert page.count('pill-amber">气愤<') == page.count('pill-red">绝望<') == 1
    assert '">平静<' not in page


async def test_a_phone_does_not_find_for_a_reader(any_site: Site) -> None:
    filed = await any_site.petition()
    async with any_site.logged_in("town") as (client, _token):
        assert await listed(client, q="5678") == [filed.number]
    async with any_site.logged_in("reader") as (client, _token):
        assert await listed(client, q="5678") == []


async def test_saved_views_are_one_s_own(any_site: Site) -> None:
    site = any_site
    async with site.logged_in("town") as (client, token):
        form = {"csrf_token": token, "name": "<b>短信</b>", "channel": "sms", "kind": "bad"}
        async with client.post("/console/views", data=form) as response:
            page = await response.text()
            assert str(response.url).endswith("channel=sms&done=view_saved")
        assert "&lt;b&gt;短信" in page
        [view] = re.findall(r"/console/views/(\d+)/rename", page)
        for name, status in (("", 422), ("长" * 21, 422), ("短信", 200), ("短信\x00", 200)):
            data = {"csrf_token": token, "name": name}
            path = f"/console/views/{view}/rename"
            async with client.post(path, data=data) as response:
                assert response.status == status, name
        for number in range(19):
            form = {"csrf_token": token, "name": f"第{number}个", "channel": "sms"}
            async with client.post("/console/views", data=form) as response:
                assert response.status == 200
        async with client.post("/console/views", data={**form, "name": "又一个"}) as response:
            assert response.status == 422
            assert "最多存 20 个" in await response.text()
        async with client.post("/console/views", data=form) as response:
            assert response.status == 200  # the same name: replaced
        data = {"csrf_token": token, "name": "第3个"}
        async with client.post(f"/console/views/{view}/rename", data=data) as response:
            assert response.status == 422
    async with site.logged_in("county") as (client, token):
        for step in ("rename", "delete"):
            data = {"csrf_token": token, "name": "我的"}
            async with client.post(f"/console/views/{view}/{step}", data=data) as response:
                assert response.status == 404, step
        async with client.get("/console/") as response:
            assert "第3个" not in await response.text()
    async with site.logged_in("town") as (client, token):
        path = f"/console/views/{view}/delete"
        async with client.post(path, data={"csrf_token": token}) as response:
            assert f"/views/{view}/" not in await response.text()


@pytest.mark.parametrize("size", list(SIZES))
async def test_filter_save_and_open_again(site: Site, browser: Any, size: str) -> None:
    await site.petition()
    sms = await site.petition("想问一下医保怎么报销", channel="sms")
    async with official(browser, site, "town", size) as page:
        items = page.locator("#list .item")
        await page.get_by_label("渠道").select_option("sms")
        await expect(items).to_have_count(1)
        await expect(page.locator("#tabs a").first).to_have_text("待办 1")
        await page.get_by_text("把现在的条件存成视图").click()
        await page.get_by_label("视图的名字").fill("短信来的")
        assert await fits(page)
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("status")).to_contain_text("视图已保存")
        await page.goto(f"{site.url}/console/")
        await expect(items).to_have_count(2)
        await page.get_by_role("link", name="短信来的").click()
        await expect(items).to_have_count(1)
        await expect(items).to_contain_text(sms.number)
        await page.get_by_text("整理视图").click()
        assert await violations(page) == []
        await page.get_by_role("button", name="删除短信来的").click()
        await expect(page.get_by_role("status")).to_contain_text("视图已删除")
        await expect(page.get_by_role("link", name="短信来的")).to_have_count(0)


async def test_by_single_keys(site: Site, browser: Any) -> None:
    for _ in range(3):
        await site.petition()
    async with official(browser, site, "town", "desk") as page:
        lines = page.locator("#list a.title")
        await page.keyboard.press("j")
        await expect(lines.nth(0)).to_be_focused()
        await page.keyboard.press("j")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("j")
        await expect(lines.nth(2)).to_be_focused()
        await expect(page.locator("#list a.title[tabindex='0']")).to_have_count(1)
        await page.keyboard.press("k")
        await expect(lines.nth(1)).to_be_focused()
        await page.keyboard.press("/")
        search = page.get_by_label("搜索编号或内容")
        await expect(search).to_be_focused()
        await page.keyboard.type("jk?")
        await expect(search).to_have_value("jk?")
        await search.fill("")
        await search.blur()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
        await page.get_by_label("使用单键快捷键").uncheck()
        await page.keyboard.press("Escape")
        await page.keyboard.press("/")
        await expect(search).not_to_be_focused()
        await page.reload()
        await page.keyboard.press("j")
        await expect(lines.nth(0)).not_to_be_focused()
        await page.get_by_role("button", name="快捷键").click()
        await page.get_by_label("使用单键快捷键").check()
        await page.get_by_role("button", name="知道了").click()
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("link", name="← 诉求列表")).to_be_visible()


async def test_back_to_the_list_as_it_was_left(site: Site, browser: Any) -> None:
    for _ in range(3):
        await site.petition()
    await site.petition("想问一下医保怎么报销", channel="sms")
    async with official(browser, site, "town", "desk") as page:
        await page.goto(f"{site.url}/console/?channel=wechat")
        titles = page.locator("#list a.title")
        await expect(titles).to_have_count(3)
        for key in ("j", "j", "Enter"):
            await page.keyboard.press(key)
        await expect(page.get_by_role("button", name="受理", exact=True)).to_be_visible()
        await page.wait_for_load_state()  # until then keys are not listened to
        await page.keyboard.press("n")
        await expect(page.get_by_role("button", name="受理", exact=True)).to_be_focused()
        await page.keyboard.press("u")
        await expect(titles).to_have_count(3)
        assert page.url.endswith("?channel=wechat")
        await page.wait_for_load_state()
        await page.keyboard.press("j")
        await expect(titles.nth(1)).to_be_focused()
        # One that has left the list: its place is kept.
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/console/petitions/*")  # waits for the keys, too
        boss = await site.world.official("qinghe", "supervisor")
        await site.world.done(boss, page.url.rsplit("/", 1)[1], "accept")
        await site.world.done(boss, page.url.rsplit("/", 1)[1], "answer", "修好了，请放心。")
        await page.keyboard.press("u")
        await expect(titles).to_have_count(2)
        await page.wait_for_load_state()
        await page.keyboard.press("j")
        await expect(titles.nth(1)).to_be_focused()


async def test_a_long_list_of_offices_is_few_tab_stops(site: Site, browser: Any) -> None:
    filed = await site.petition()
    boss = await site.world.official("qinghe", "supervisor")
    await site.world.done(boss, filed.number, "accept")
    async with official(browser, site, "town", "desk") as page:
        await page.goto(f"{site.url}/console/petitions/{filed.number}")
        await page.get_by_label("派给谁办").focus()
        reason = page.get_by_label("给主办单位的话")
        for _ in range(4):  # the list, who leads, who assists, the reason
            await page.keyboard.press("Tab")
        await expect(reason).to_be_focused()
        await page.keyboard.press("Shift+Tab")
        boxes = page.locator(".offices input[type=checkbox]")
        first = await boxes.evaluate_all("all => all.indexOf(document.activeElement)")
        assert first >= 0
        await page.keyboard.press("ArrowDown")
        await expect(boxes.nth(first + 1)).to_be_focused()
        await page.keyboard.press("Space")
        await expect(boxes.nth(first + 1)).to_be_checked()
        # What is ticked stays, whatever is looked for; Tab leads to the first that is.
        await page.get_by_label("派给谁办").fill("派出所")
        for _ in range(3):
            await page.keyboard.press("Tab")
        await expect(boxes.nth(first)).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await expect(boxes.nth(first + 1)).to_be_focused()
