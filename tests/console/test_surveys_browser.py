"""Officials write a survey, choose whom to ask, open it and read its results in Chromium."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from backend.surveys.tables import survey, survey_recipient
from tests.console.accessibility import violations
from tests.console.site import Site
from tests.console.test_browser import SIZES, fits, official
from tests.surveys.clinic import SHANGLIU, XIALIU, answered, drafted, opened, villager


async def checked(page: Any) -> None:
    """Nothing sticks out, and the accessibility rules hold."""
    assert await fits(page), page.url
    assert await violations(page) == [], page.url


@pytest.mark.parametrize("size", list(SIZES))
async def test_from_a_blank_page_to_an_open_survey(site: Site, browser: Any, size: str) -> None:
    from playwright.async_api import expect

    for number in range(3):
        await villager(site.world, SHANGLIU)
        await villager(site.world, XIALIU, "sms", f"1380000001{number}")
    async with official(browser, site, "elsewhere", size) as page:
        await page.get_by_role("link", name="调查", exact=True).click()
        await expect(page.get_by_role("heading", name="还没有调查")).to_be_visible()
        await checked(page)
        await page.get_by_role("link", name="写一份调查").first.click()
        await page.get_by_label("标题").fill("村卫生室看病方便不方便")
        await page.get_by_label("开头的话").fill("镇里打算给村卫生室添药、添人，先听听大家的。")
        await page.get_by_role("button", name="＋ 单选题").click()
        await expect(page.locator("#q1-text")).to_be_focused()
        await page.locator("#q1-text").fill("您有个头疼脑热，一般先去哪儿看？")
        await page.locator("#q1-options").fill("村卫生室\n镇卫生院\n县里的医院\n自己买药")
        await page.get_by_role("button", name="＋ 五级题").click()
        await page.locator("#q2-text").fill("您觉得村卫生室看病方便吗？")
        await page.get_by_role("button", name="方便程度").click()
        await expect(page.locator("#q2-options")).to_have_value(
            "很不方便\n不太方便\n一般\n比较方便\n非常方便"
        )
        await page.get_by_role("button", name="＋ 数字题").click()
        await page.locator("#q3-text").fill("从您家走到村卫生室要多少分钟？")
        await page.get_by_label("单位").fill("分钟")
        # The preview follows what is typed, before anything is stored.
        await expect(
            page.locator("#preview .bubble").filter(has_text="从您家走到村卫生室").first
        ).to_contain_text("（单位：分钟）")
        await page.get_by_role("button", name="下一步：选问谁").click()
        await checked(page)

        await page.get_by_label("上柳村").check()
        await page.get_by_label("下柳村").check()
        await page.get_by_role("button", name="保存", exact=True).click()
        await expect(page.locator("[data-people]")).to_have_text("6")
        await page.get_by_label("上传名单").set_input_files(
            {
                "name": "老人.csv",
                "mimeType": "text/csv",
                "buffer": "姓名,手机号\n张大爷,13900000001\n李婆婆,1390\n王叔,13800000010".encode(),
            }
        )
        await page.get_by_role("button", name="上传", exact=True).click()
        await expect(page.get_by_role("status")).to_contain_text("第 3 行：不是 11 位手机号")
        await expect(page.locator("[data-people]")).to_have_text("7")
        await checked(page)
        await page.get_by_role("button", name="下一步：试一试，打开").click()

        await expect(page.locator("[data-people]")).to_have_text("7")
        await checked(page)
        await page.get_by_label("我核对过了").check()
        await page.get_by_role("button", name="打开，开始问 7 人").click()
        await expect(page.get_by_role("status")).to_contain_text("已打开")
        await expect(page.locator("[data-count=recipients]")).to_have_text("7")
        await page.get_by_role("link", name="调查", exact=True).first.click()
        await expect(page.locator(".survey-counts")).to_contain_text("要问7")
        await checked(page)
    async with site.world.database.read() as connection:
        row = (await connection.execute(select(survey))).one()
        assert (row.state, row.title) == ("open", "村卫生室看病方便不方便")
        rows = await connection.execute(select(survey_recipient.c.id))
        assert len(rows.all()) == 7


@pytest.mark.parametrize("size", list(SIZES))
async def test_results_come_as_people_answer(site: Site, browser: Any, size: str) -> None:
    from playwright.async_api import expect

    world = site.world
    author = await world.official("liuhe", "dispatcher", "周海燕")
    people = [await villager(world, SHANGLIU, name="张秀兰") for _ in range(6)]
    people += [await villager(world, XIALIU, "sms", f"1380000000{n}") for n in range(4)]
    found = await opened(world, author, [SHANGLIU, XIALIU])
    await answered(world, found, people[:7])
    async with official(browser, site, "elsewhere", size) as page:
        await page.goto(f"{site.url}/console/surveys/{found.id}")
        await expect(page.locator("[data-count=completed]")).to_have_text("7")
        await expect(page.locator(".chart canvas")).to_have_count(3)
        panel = page.locator("[data-chart]").first
        await panel.get_by_role("button", name="看表格").click()
        await expect(panel.locator("table")).to_be_visible()
        await checked(page)
        # Fresh counts leave a field that is being used alone, so the button is let go first.
        await panel.get_by_role("button", name="看图").evaluate("one => one.blur()")
        await answered(world, found, people[7:])
        await expect(page.locator("[data-count=completed]")).to_have_text("10")
        await expect(panel.locator("table")).to_be_visible()

        await page.get_by_label("渠道").select_option("sms")
        await page.get_by_role("button", name="查看").click()
        await expect(page.locator("[data-count=recipients]")).to_have_text("4")
        await page.get_by_label("渠道").select_option("")
        await page.get_by_role("button", name="查看").click()
        await page.get_by_role("link", name="看全部").click()
        await page.get_by_label("搜索回答").fill("每天")
        await page.keyboard.press("Enter")
        await expect(page.locator(".survey-said").first).to_contain_text("希望每天都有人在")
        await checked(page)
        await page.get_by_role("link", name="这位群众的记录").first.click()
        await expect(page.get_by_role("heading", name="联系过来的方式")).to_be_visible()

        await page.goto(f"{site.url}/console/surveys/{found.id}")
        await page.get_by_role("button", name="暂停").click()
        await expect(page.get_by_role("status")).to_contain_text("已暂停")
        await page.get_by_text("现在结束").click()
        await page.get_by_role("button", name="确定结束").click()
        await expect(page.get_by_role("status")).to_contain_text("已结束")
        await expect(page.locator("[data-live]")).to_have_count(0)
        await page.get_by_role("button", name="复制一份").click()
        await expect(page.get_by_label("标题")).to_have_value("村卫生室看病方便不方便（副本）")
        await checked(page)


@pytest.mark.parametrize("size", list(SIZES))
async def test_a_draft_is_deleted_after_a_second_word(site: Site, browser: Any, size: str) -> None:
    from playwright.async_api import expect

    author = await site.world.official("liuhe", "dispatcher", "周海燕")
    draft = await drafted(site.world, author)
    async with official(browser, site, "elsewhere", size) as page:
        await page.goto(f"{site.url}/console/surveys/{draft.id}")
        sure = page.get_by_role("button", name="确定删除")
        await expect(sure).to_be_hidden()
        await page.get_by_text("删除草稿").focus()
        await page.keyboard.press("Enter")
        await expect(sure).to_be_visible()
        await checked(page)
        await page.keyboard.press("Tab")
        await expect(sure).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_have_text("草稿已删除。")
        await expect(page.get_by_role("heading", name="还没有调查")).to_be_visible()
        await checked(page)


async def test_a_survey_is_written_by_keyboard_alone(site: Site, browser: Any) -> None:
    from playwright.async_api import expect

    async def tab_to(page: Any, wanted: str) -> None:
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await page.evaluate(f"document.activeElement.matches('{wanted}')"):
                return
        raise AssertionError(f"no way to {wanted} by the Tab key")

    async with official(browser, site, "elsewhere", "desk") as page:
        await page.goto(f"{site.url}/console/surveys/new")
        await tab_to(page, "#title")
        await page.keyboard.type("路灯亮不亮")
        for type_, words in (("text", "哪里的路灯不亮？"), ("number", "您家门口有几盏路灯？")):
            await tab_to(page, f'[value="add:{type_}"]')
            await page.keyboard.press("Enter")
            field = page.locator("[autofocus]")
            await expect(field).to_be_focused()
            await page.keyboard.type(words)
        await tab_to(page, "#q2-up")
        await page.keyboard.press("Enter")
        await expect(page.locator("#q1-text")).to_have_value("您家门口有几盏路灯？")
        await expect(page.locator("#q1-up")).to_be_disabled()
        await tab_to(page, '[value="remove:2"]')
        await page.keyboard.press("Enter")
        await expect(page.locator("#q2-text")).to_have_count(0)
        # Enter in a field stores the draft and does nothing else.
        await tab_to(page, "#title")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("已保存")
        await expect(page.locator(".survey-question")).to_have_count(1)


async def test_writing_needs_no_scripts(site: Site, browser: Any) -> None:
    from playwright.async_api import expect

    context = await browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = await context.new_page()
    async with site.logged_in("elsewhere") as (client, _token):
        for cookie in client.cookie_jar:
            await context.add_cookies(
                [{"name": cookie.key, "value": cookie.value, "url": site.url}]
            )
        await page.goto(f"{site.url}/console/surveys/new")
        await page.get_by_role("button", name="＋ 单选题").click()
        await page.locator("#q1-options").fill("是\n是")
        await page.get_by_role("button", name="下一步：选问谁").click()
        await expect(page.locator("#title-flaw")).to_contain_text("“标题”还没有写")
        await expect(page.locator("#q1-text-flaw")).to_be_visible()
        await expect(page.locator("#q1-options-flaw")).to_contain_text("有重复的")
        await page.get_by_label("标题").fill("一题")
        await page.locator("#q1-text").fill("好不好？")
        await page.locator("#q1-options").fill("好\n不好")
        await page.get_by_role("button", name="下一步：选问谁").click()
        await page.get_by_label("全部都选").check()
        await page.get_by_role("button", name="保存", exact=True).click()
        await expect(page.get_by_label("红星村")).to_be_checked()
    await context.close()
