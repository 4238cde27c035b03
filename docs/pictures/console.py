"""What officials see: the queue, one petition, the overview."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, Page, expect

from docs.pictures.county import County

DESK: Any = {"width": 1280, "height": 800}
# A petition with a photo, an addition and neighbours who say the same.
STORY = "跟茶一样"
# Issues are found in the background, the newest petitions' first: so many looks, a moment apart,
# until one of four weeks ago is there too.
LOOKS, MOMENT, FOUND_LAST = 300, 2_000, "弯道石头"
SURVEY = "村卫生室看病方便不方便"


async def official(browser: Browser, county: County, login: str) -> Page:
    """The queue of someone who has logged in by the form."""
    context = await browser.new_context(
        viewport=DESK,
        device_scale_factor=1.5,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(f"{county.url}/console/")
    await page.get_by_label("账号").fill(login)
    await page.get_by_label("密码").fill(county.password)
    await page.get_by_role("button", name="登录").click()
    await page.get_by_role("heading", name="诉求").first.wait_for()
    return page


async def queue(browser: Browser, county: County) -> bytes:
    """What is still to be done in the county, the latest due first."""
    return await _taken(await official(browser, county, "zhihui"))


async def petition(browser: Browser, county: County) -> bytes:
    """One petition: conversation, next step, the machine's reading."""
    page = await official(browser, county, "chengguan")
    await page.get_by_placeholder("搜索").fill(STORY)
    await page.get_by_placeholder("搜索").press("Enter")
    await expect(page.locator(".item")).to_have_count(1)
    await page.locator(".item").get_by_role("link").first.click()
    photo = page.locator(".photo img").first
    await photo.evaluate("one => (one.loading = 'eager', one.decode())")
    return await _taken(page)


async def overview(browser: Browser, county: County) -> bytes:
    """The last thirty days of the county."""
    page = await official(browser, county, "xianzhang")
    await page.get_by_role("link", name="总览").click()
    await page.set_viewport_size({"width": 1280, "height": 1160})
    await expect(page.locator("canvas, svg[width]").first).to_be_visible()
    return await _taken(page)


async def hot(browser: Browser, county: County) -> bytes:
    """What many people speak of, once all of it is found."""
    page = await official(browser, county, "xianzhang")
    await page.get_by_role("link", name="热点").click()
    await page.get_by_role("heading", name="热点").wait_for()
    for _ in range(LOOKS):
        if await page.locator(".hot-item", has_text=FOUND_LAST).count():
            return await _taken(page)
        await page.wait_for_timeout(MOMENT)
        await page.reload()
    raise ValueError(f"the hot list shows nobody's {FOUND_LAST}")


async def survey(browser: Browser, county: County) -> bytes:
    """What the county's people answered about their village clinics."""
    page = await official(browser, county, "xianzhang")
    await page.get_by_role("link", name="调查").click()
    await page.get_by_role("link", name=SURVEY).click()
    await page.set_viewport_size({"width": 1280, "height": 1770})
    await expect(page.locator(".chart canvas, .chart svg")).to_have_count(5)
    return await _taken(page)


async def _taken(page: Page) -> bytes:
    await page.wait_for_load_state("networkidle")
    picture = await page.screenshot()
    await page.context.close()
    return picture
