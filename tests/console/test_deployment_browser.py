"""设置 in Chromium, at a desk and on a phone: every page is sound, every kind of change made."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.console.site import Site
from tests.console.test_account_browser import sound
from tests.console.test_browser import SIZES, official

PAGES = (
    "",
    "/offices",
    "/offices/new",
    "/offices/chengguan_finance",
    "/services",
    "/services/sanitation",
    "/services/new",
    "/places",
    "/places/990101101003",
    "/places/new?parent=990101101",
    "/days/2026",
    "/days/2028",
    "/replies",
    "/replies/petition_filed",
    "/guide",
    "/guide/identity_card",
    "/guide/new",
    "/history/replies",
)


@pytest.mark.parametrize("size", list(SIZES))
async def test_every_page_is_sound(site: Site, browser: Any, size: str) -> None:
    async with official(browser, site, "head", size) as page:
        for path in PAGES:
            answer = await page.goto(f"{site.url}/console/deployment{path}")
            assert answer.status == 200, path
            await sound(page)


@pytest.mark.parametrize("size", list(SIZES))
async def test_a_text_is_reworded_and_put_back(site: Site, browser: Any, size: str) -> None:
    async with official(browser, site, "head", size) as page:
        await page.get_by_role("link", name="设置").click()
        await page.get_by_role("link", name="对群众说的话").click()
        await page.get_by_label("搜索话里的字").fill("已经替您提交了")
        await page.get_by_role("button", name="搜索").click()
        await page.get_by_role("link", name="提交了，编号{number}。 由{office}办理").click()
        text, sms = page.get_by_label("微信说法"), page.get_by_label("短信说法")
        await expect(page.locator("#text-preview")).to_contain_text("编号20261123-0001-7")
        await text.fill("办好了：{nummer}")
        await sms.fill("长" * 140)
        await expect(page.locator("#sms-count")).to_contain_text("填满后 140 个字，3 条短信")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#text-bad")).to_contain_text("{nummer} 在这句话里用不了")
        await expect(page.locator("#text-bad")).to_contain_text("一定要有 {number}")
        await expect(text).to_have_value("办好了：{nummer}")
        await sound(page)
        await text.fill("收下了，编号{number}，{office}办，{deadline}前答复您。")
        await sms.fill("")
        await page.get_by_label("为什么改").fill("短一些")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("status")).to_contain_text("已保存")
        assert site.deps.preview("x", "sms", "petition_filed", _FILED).startswith("收下了，编号1")
        await sound(page)

        await page.goto(f"{site.url}/console/deployment/history/replies/1")
        await expect(page.locator("ins").first).to_contain_text("收下了")
        await sound(page)
        await page.goto(f"{site.url}/console/deployment/replies/petition_filed")
        await page.get_by_role("button", name="换回出厂的说法").click()
        await expect(page.get_by_role("status")).to_contain_text("出厂的说法")
        assert site.deps.preview("x", "sms", "petition_filed", _FILED).startswith("已提交")
        await page.goto(f"{site.url}/console/deployment/history/replies/1")
        await page.get_by_role("button", name="换回这一版").click()
        await expect(page.get_by_role("status")).to_contain_text("已换回那一版")
        await expect(page.get_by_role("listitem")).to_have_count(3)
        assert site.deps.preview("x", "sms", "petition_filed", _FILED).startswith("收下了，编号1")


_FILED = {"number": "1", "office": "城关镇", "deadline": "12月1日"}


async def test_an_office_is_added_moved_and_closed(site: Site, browser: Any) -> None:
    await site.petition()
    async with official(browser, site, "head", "desk") as page:
        await page.goto(f"{site.url}/console/deployment/offices/new?parent=chengguan")
        await page.get_by_label("名称").fill("城关镇文化站")
        await page.get_by_label("类型").select_option(label="站所")
        await page.get_by_label("职能").select_option(label="财政所")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#function-bad")).to_contain_text("“城关镇财政所”已经管这项职能")
        await page.get_by_label("职能").select_option(label="一项新的，就是这个单位的名字")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("status")).to_contain_text("已保存")
        await expect(page.get_by_label("职能").locator("option:checked")).to_have_text("文化站")
        await page.get_by_label("上级").select_option(value="liuhe")
        await page.get_by_label("名称").fill("柳河镇文化站")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("heading", name="柳河镇文化站")).to_be_visible()
        await page.get_by_role("checkbox", name="在用").uncheck()
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("checkbox", name="在用")).not_to_be_checked()

        await page.goto(f"{site.url}/console/deployment/offices/chengguan_reception")
        await page.get_by_role("checkbox", name="在用").uncheck()
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#active-bad")).to_contain_text("还有 1 位在用的工作人员")
        await sound(page)


async def test_a_service_a_place_and_a_year_are_changed(site: Site, browser: Any) -> None:
    async with official(browser, site, "head", "desk") as page:
        await page.goto(f"{site.url}/console/deployment/services/sanitation")
        await page.get_by_label("紧急").fill("9")
        await page.get_by_label("一般").fill("十")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#days_normal-bad")).to_contain_text("现在写的是“十”")
        await page.get_by_label("紧急").fill("1")
        await page.get_by_label("一般").fill("6")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("status")).to_contain_text("已保存")
        assert site.deps.rules.catalogue.services["sanitation"].deadline.normal == 6

        await page.goto(f"{site.url}/console/deployment/places/new?parent=990101101")
        await page.get_by_label("区划代码").fill("990101101300")
        await page.get_by_label("名称").fill("新城社区")
        await page.get_by_label("小区、路名、地标").fill("新城花园、迎宾路")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("heading", name="新城社区")).to_be_visible()
        assert site.deps.rules.catalogue.divisions["990101101300"].landmarks[0] == "新城花园"
        await page.goto(f"{site.url}/console/deployment/history/organisation/1")
        await expect(page.get_by_text("城关镇新城社区").first).to_be_visible()

        await page.goto(f"{site.url}/console/deployment/days/2028")
        await page.get_by_role("textbox", name="放假").fill("10月1日至10月8日\n2月30日")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#closed-bad")).to_contain_text("第 2 行“2月30日”看不懂")
        await page.get_by_role("textbox", name="放假").fill("10月1日至10月8日 国庆节")
        await page.get_by_role("button", name="保存").click()
        await expect(page.get_by_role("status")).to_contain_text("已保存")
        await expect(page.get_by_role("textbox", name="放假")).to_have_value("10月1日至10月8日")
