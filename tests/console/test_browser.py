"""Officials at work in Chromium, at a desk and on a phone. No script or style breaks the CSP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select

from backend.conversation.tables import message, outbox
from backend.organisation.tables import audit
from backend.petitions.tables import petition_reading
from tests.console.accessibility import violations
from tests.console.site import PASSWORD, TEXT, Site

ANSWERS = re.compile(r"\((Conflict|Unprocessable Entity)\)")
SIZES = {"desk": (1280, 720), "phone": (390, 844)}


@asynccontextmanager
async def official(browser: Any, site: Site, login: str, size: str) -> AsyncIterator[Any]:
    """A page of someone who has logged in by the form; no error may reach its console."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    context.set_default_timeout(15_000)
    page = await context.new_page()
    errors: list[str] = []
    # Chromium calls every 409 and 422 an error; here they are answers like others.
    page.on(
        "console",
        lambda one: (
            errors.append(one.text)
            if one.type == "error" and not ANSWERS.search(one.text)
            else None
        ),
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(f"{site.url}/console/")
    await page.get_by_label("账号").fill(login)
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.get_by_role("heading", name="诉求").first.wait_for()
    try:
        yield page
        assert errors == []
    finally:
        await context.close()


async def fits(page: Any) -> bool:
    """Nothing sticks out to the right."""
    return bool(
        await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    )


@pytest.mark.parametrize("size", list(SIZES))
async def test_from_queue_to_answer(site: Site, browser: Any, size: str) -> None:
    filed = await site.petition(photos=1)
    async with official(browser, site, "town", size) as page:
        assert await fits(page)
        await page.get_by_role("link", name=filed.title, exact=True).click()
        # The citizen's words, as written, and their photo.
        assert await page.locator(".talk .bubble").first.inner_text() == TEXT
        photo = page.locator(".photo img")
        await photo.scroll_into_view_if_needed()
        await photo.evaluate("one => one.decode()")
        assert await photo.evaluate("one => one.naturalWidth") == 640
        assert await fits(page)

        await page.get_by_role("button", name=re.compile("把领域改成.*物业与小区管理")).click()
        await page.get_by_role("status").filter(has_text="已改好").wait_for()
        assert await page.get_by_text("原判断：环境卫生").is_visible()

        await page.get_by_role("button", name="受理", exact=True).click()
        await page.get_by_role("status").filter(has_text="已受理").wait_for()

        await page.get_by_label("派给谁办").fill("派出所")
        await page.get_by_label("城关镇派出所协办").check()
        assert not await page.get_by_label("城关镇财政所主办").is_visible()
        await page.get_by_role("button", name="派单", exact=True).click()
        await page.get_by_role("status").filter(has_text="已派单").wait_for()
        assert await page.get_by_text("城关镇派出所").first.is_visible()

        await page.get_by_role("button", name="开始办理").click()
        await page.get_by_role("status").filter(has_text="已开始办理").wait_for()

        await page.get_by_label("答复群众").fill("今天已疏通，换了一段管道。")
        preview = page.locator("#preview .bubble")
        await preview.filter(has_text="今天已疏通").wait_for()
        promised = await preview.inner_text()
        assert await fits(page)
        await page.get_by_role("button", name="发出答复").click()
        await page.get_by_role("status").filter(has_text="送达情况").wait_for()
        assert await page.get_by_text("等待发送").last.is_visible()

    row = await site.current(filed.number)
    assert (row.state, row.domain, row.answer) == (
        "resolved",
        "property",
        "今天已疏通，换了一段管道。",
    )
    async with site.world.database.read() as connection:
        query = select(outbox.c.text).where(outbox.c.key == "answer_to_petition")
        assert (await connection.execute(query)).scalar_one() == promised
        asked = select(message.c.detail).where(message.c.kind == "internal")
        assert (await connection.execute(asked)).scalar_one()["type"] == "ask_rating"
        learnt = select(petition_reading.c.corrected_to).where(petition_reading.c.field == "domain")
        assert (await connection.execute(learnt)).scalar_one() == "property"


async def test_a_change_by_someone_else_is_told_and_nothing_typed_is_lost(
    site: Site, browser: Any
) -> None:
    filed = await site.petition()
    boss = await site.world.official("qinghe", "supervisor")
    town = site.world.orgs["chengguan_construction"]
    await site.world.done(boss, filed.number, "dispatch", town.id)
    async with official(browser, site, "handler", "desk") as page:
        await page.goto(f"{site.url}/console/petitions/{filed.number}")
        await page.get_by_label("答复群众").fill("正在处理，明天完工。")
        await page.locator("#preview .bubble").filter(has_text="明天完工").wait_for()
        await site.world.done(boss, filed.number, "dispatch", town.id, reason="请尽快")
        await page.get_by_role("button", name="发出答复").click()
        await page.get_by_role("alert").filter(has_text="有了新的变化").wait_for()
        assert await page.get_by_label("答复群众").input_value() == "正在处理，明天完工。"
        await page.get_by_role("button", name="发出答复").click()
        await page.get_by_role("status").filter(has_text="送达情况").wait_for()
    assert (await site.current(filed.number)).state == "resolved"


async def test_phone_is_shown_on_demand_and_audited(site: Site, browser: Any) -> None:
    filed = await site.petition()
    async with official(browser, site, "town", "desk") as page:
        await page.goto(f"{site.url}/console/petitions/{filed.number}")
        assert "13812345678" not in await page.content()
        assert await page.get_by_text("138****5678").is_visible()
        await page.get_by_role("button", name="显示完整号码").click()
        await page.get_by_text("13812345678").wait_for()
    async with site.world.database.read() as connection:
        rows = await connection.execute(select(audit).where(audit.c.action == "phone_shown"))
        [row] = rows.all()
    assert (row.subject, row.detail) == (filed.number, None)


async def test_queue_is_searched_and_filtered_as_one_types(site: Site, browser: Any) -> None:
    drain = await site.petition()
    await site.petition("想问一下医保怎么报销", channel="sms", place="西街社区")
    async with official(browser, site, "town", "desk") as page:
        items = page.locator("#list .item")
        assert await items.count() == 2
        await page.get_by_label("搜索编号或内容").fill("医保")
        await items.nth(1).wait_for(state="detached")
        assert await items.count() == 1
        assert "q=%E5%8C%BB%E4%BF%9D" in page.url
        await page.get_by_label("搜索编号或内容").fill(drain.number)
        await items.filter(has_text=drain.number).wait_for()
        await page.get_by_label("搜索编号或内容").fill("没有这样的事")
        await page.get_by_text("没有找到").wait_for()
        await page.get_by_label("搜索编号或内容").fill("")
        await items.nth(1).wait_for()
        await page.get_by_role("link", name="办理中").click()
        await page.get_by_text("都办完了").wait_for()


async def test_by_keyboard_alone(site: Site, browser: Any) -> None:
    filed = await site.petition()
    async with official(browser, site, "town", "desk") as page:
        await page.goto(f"{site.url}/console/petitions/{filed.number}")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.textContent") == "跳到正文"
        await page.keyboard.press("Enter")
        for _ in range(12):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.textContent.trim() === '受理'"):
                break
        await page.keyboard.press("Enter")
        await page.get_by_role("status").filter(has_text="已受理").wait_for()
    assert (await site.current(filed.number)).state == "accepted"


async def test_network_failure_is_said(site: Site, browser: Any) -> None:
    filed = await site.petition()
    context = await browser.new_context(locale="zh-CN")
    page = await context.new_page()
    async with site.logged_in("town") as (client, _token):
        for cookie in client.cookie_jar:
            await context.add_cookies(
                [{"name": cookie.key, "value": cookie.value, "url": site.url}]
            )
        await page.goto(f"{site.url}/console/petitions/{filed.number}")
        await context.set_offline(True)
        await page.get_by_role("button", name="受理", exact=True).click()
        await page.get_by_text("网络不通").wait_for(timeout=10_000)
    await context.close()


@pytest.mark.parametrize("size", list(SIZES))
async def test_accessibility_rules_hold(site: Site, browser: Any, size: str) -> None:
    filed = await site.petition(photos=1)
    await site.petition("锦绣小区3号楼下水道还是堵着，污水漫出来，一个月没人管")
    own = f"/console/petitions/{filed.number}"
    async with official(browser, site, "head", size) as page:
        for path in ("/console/", own, f"{own}/citizen", "/console/health", "/console/password"):
            await page.goto(site.url + path)
            assert await fits(page), path
            assert await violations(page) == [], path
