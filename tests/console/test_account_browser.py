"""Account and users in Chromium, at a desk and on a phone; without scripts too."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import expect
from sqlalchemy import update

from backend.organisation.tables import user
from tests.console.accessibility import violations
from tests.console.site import PASSWORD, Site

SIZES = {"desk": (1280, 720), "phone": (390, 844)}


@pytest_asyncio.fixture(params=list(SIZES), loop_scope="session")
async def town(site: Site, browser: Any, request: pytest.FixtureRequest) -> Any:
    """The page of an administrator, in a browser that runs no script of ours: all is forms."""
    async with site.world.database.write() as connection:
        await connection.execute(update(user).where(user.c.login == "town").values(role="admin"))
    width, height = SIZES[request.param]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    context.set_default_timeout(15_000)
    await context.route("**/*.js", lambda route: route.abort())
    page = await context.new_page()
    await give_password(page, site)
    await expect(page.get_by_role("heading", name="诉求").first).to_be_visible()
    yield page
    await context.close()


async def give_password(page: Any, site: Site) -> None:
    await page.goto(f"{site.url}/console/")
    await page.get_by_label("账号").fill("town")
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()


async def sound(page: Any) -> None:
    """Nothing sticks out to the right, and axe finds nothing wrong."""
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    assert await violations(page) == [], page.url


async def test_an_app_is_set_up_asked_for_and_switched_off(town: Any, site: Site) -> None:
    page = town
    await page.goto(f"{site.url}/console/account")
    await sound(page)
    await page.get_by_role("link", name="打开动态口令").click()
    await sound(page)
    await page.get_by_role("button", name="开始设置").click()
    await expect(page.locator("svg.qr")).to_be_visible()
    await sound(page)
    app = pyotp.TOTP((await page.locator("code.secret").inner_text()).replace(" ", ""))
    now = int(site.world.now.timestamp())
    await page.get_by_label("手机上的 6 位数字").fill("000000")
    await page.get_by_role("button", name="打开动态口令").click()
    await expect(page.get_by_role("alert")).to_contain_text("这个数字不对")
    await page.get_by_label("手机上的 6 位数字").fill(app.at(now))
    await page.get_by_role("button", name="打开动态口令").click()
    await expect(page.locator(".codes code")).to_have_count(10)
    await sound(page)
    recovery = await page.locator(".codes code").first.inner_text()

    await page.context.clear_cookies()
    await give_password(page, site)
    await expect(page).to_have_title("动态口令 · 乡音")
    await sound(page)
    await page.get_by_label("动态口令").fill(app.at(now))  # it has been used
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("alert")).to_contain_text("已经用过了")
    await page.get_by_label("动态口令").fill(recovery)
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("heading", name="诉求").first).to_be_visible()

    await page.goto(f"{site.url}/console/account/totp")
    await expect(page.get_by_text("还剩 9 个")).to_be_visible()
    await sound(page)
    await page.locator("#off-password").fill(PASSWORD)
    await page.get_by_role("button", name="关闭动态口令").click()
    await expect(page.get_by_role("status")).to_contain_text("动态口令已关闭")


async def test_a_user_is_added_changed_and_disabled(town: Any, site: Site) -> None:
    page = town
    await page.get_by_role("link", name="用户", exact=True).click()
    await expect(page.get_by_role("link", name="王建国")).to_be_visible()
    await sound(page)
    await page.get_by_role("link", name="增加用户").click()
    await sound(page)
    await page.get_by_label("姓名", exact=True).fill("钱进")
    await page.get_by_label("账号", exact=True).fill("qian")
    await page.get_by_label("单位", exact=True).select_option(label="城关镇财政所")
    await page.get_by_role("button", name="增加").click()
    await expect(page.get_by_text("一次性密码", exact=True)).to_be_visible()
    await sound(page)
    await page.get_by_role("link", name="好了").click()
    await sound(page)
    await page.get_by_label("受理员").check()
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("status")).to_contain_text("立即生效")
    await expect(page.get_by_label("受理员")).to_be_checked()
    await page.get_by_role("button", name="停用").click()
    await expect(page.get_by_role("status")).to_contain_text("已停用")
    await page.get_by_role("link", name="用户", exact=True).first.click()
    await expect(page.get_by_role("listitem").filter(has_text="钱进")).to_contain_text("已停用")
