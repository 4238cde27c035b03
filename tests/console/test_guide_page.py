"""办事指南 in 设置, in Chromium: added, used for answers at once, taken out, put back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.console.site import Site
from tests.console.test_account_browser import sound
from tests.console.test_browser import SIZES, official
from tests.conversation.room import readings


@pytest.mark.parametrize("size", list(SIZES))
async def test_an_entry_is_added_and_answered_from(site: Site, browser: Any, size: str) -> None:
    async with official(browser, site, "head", size) as page:
        await page.get_by_role("link", name="设置").click()
        await page.get_by_role("link", name="办事指南").click()
        await page.get_by_role("link", name="增加一项").click()
        await page.get_by_label("名称").fill("身份证")
        await page.get_by_label("群众的叫法").fill("砍树证，采伐许可")
        for label, words in (
            ("带什么", "身份证、山林权证"),
            ("在哪办", "县林业局一楼窗口"),
            ("几点办", "工作日 9:00–17:00"),
            ("费用", "不收费"),
            ("多久", "5个工作日"),
            ("电话", "0999-1234567"),
        ):
            await page.get_by_label(label, exact=True).fill(words)
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#title-bad")).to_contain_text("已经有一个叫“身份证”的了")
        await expect(page.get_by_label("在哪办")).to_have_value("县林业局一楼窗口")
        await sound(page)
        await page.get_by_label("名称").fill("采伐证办理")
        await page.get_by_label("为什么改").fill("林业局来的")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("status")).to_contain_text("已保存")
        await expect(page.locator(".guide-page").first).to_contain_text("【采伐证办理】")
        await sound(page)
        id_ = page.url.rpartition("/")[2].partition("?")[0]
        assert readings().guide_entry("砍树证怎么办") == id_

        await page.get_by_role("link", name="办事指南").click()
        await page.get_by_label("搜索名称和内容").fill("林业局")
        await page.get_by_role("button", name="搜索").click()
        await page.get_by_role("link", name="采伐证办理").click()
        await page.get_by_role("checkbox", name="本县办这一项").uncheck()
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("status")).to_contain_text("已保存")
        await expect(page.locator(".guide-page")).to_have_count(0)
        assert id_ not in readings().guide.entries

        await page.goto(f"{site.url}/console/deployment/history/guide/2")
        await expect(page.locator("del").first).to_contain_text("在用")
        await sound(page)
        await page.goto(f"{site.url}/console/deployment/history/guide/1")
        await page.get_by_role("button", name="换回这一版").click()
        await expect(page.get_by_role("status")).to_contain_text("已换回那一版")
        assert readings().guide_entry("砍树证怎么办") == id_


async def test_a_shipped_entry_is_changed_and_put_back(site: Site, browser: Any) -> None:
    path = f"{site.url}/console/deployment/guide/identity_card"
    async with official(browser, site, "head", "desk") as page:
        await page.goto(path)
        await page.get_by_label("费用").fill("本县免费")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("status")).to_contain_text("已保存")
        assert readings().guide.entries["identity_card"].cost == "本县免费"
        await page.get_by_role("button", name="换回出厂的内容").click()
        await expect(page.get_by_role("status")).to_contain_text("已换回出厂的内容")
        await expect(page.get_by_label("费用")).not_to_have_value("本县免费")
    assert readings().guide.entries["identity_card"].cost != "本县免费"


async def test_only_what_is_there(any_site: Site) -> None:
    async with any_site.logged_in("head") as (client, token):
        headers = {"X-CSRF-Token": token}
        for path in ("/console/deployment/guide/no_such", "/console/deployment/guide/new/back"):
            method = client.post if path.endswith("back") else client.get
            async with method(path, headers=headers) as response:
                assert response.status == 404, path
