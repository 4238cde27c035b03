"""Small conversations, really held: by citizens on the simulator's page, by an official in the
console."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Browser, Page, expect

from docs.pictures.console import official
from docs.pictures.county import County
from xiangyin.demo.pictures import draw

NUMBER = re.compile(r"\d{8}-\d{4,}-\d")
WRITER = "张桂兰"
ANSWER = (
    "两盏灯都修好了，是控制箱进水跳了闸，刚试过，亮着。电工把村里9盏都查了一遍，"
    "箱子换成了防水的。摔着的老人要紧不要紧？村医明早去看看。"
)


async def wechat(browser: Browser, county: County) -> bytes:
    """One who writes, sends a photo, confirms, and gets a number, an office and a date."""
    phone = await _phone(browser, county, "微信", WRITER, 1130)
    await _say(phone, "李家湾村口两盏路灯又不亮了，老人晚上出门看不见，摔了一个")
    await expect(_log(phone)).to_contain_text("我这样记，您看对不对")
    await phone.locator("#more").click()
    await phone.locator("#photo").set_input_files(
        {"name": "lamp.jpg", "mimeType": "image/jpeg", "buffer": draw("lamp", 3)}
    )
    await expect(_log(phone).locator("img[alt]").last).to_be_visible()
    await expect(_log(phone)).to_contain_text("照片收到了")
    await phone.locator("#more").click()
    await _say(phone, "对的，就是这样")
    await expect(_log(phone)).to_contain_text("已经替您提交了")
    return await _taken(phone)


async def answer(browser: Browser, county: County) -> bytes:
    """The same citizen, answered by the front desk, says whether it helped."""
    phone = await _phone(browser, county, "微信", WRITER, 1130)
    await expect(_log(phone)).to_contain_text("已经替您提交了")
    number = NUMBER.findall(await _log(phone).inner_text())[-1]
    await _answered(browser, county, number)
    await expect(_log(phone)).to_contain_text("问题解决得怎么样")
    await _say(phone, "非常满意，真的亮了")
    await expect(_log(phone)).to_contain_text("谢谢您的评价")
    return await _taken(phone)


async def sms(browser: Browser, county: County) -> bytes:
    """One who texts without a full stop, joins a neighbour, asks what becomes of it, is told."""
    phone = await _phone(browser, county, "短信", "赵大爷", 1000)
    await _say(phone, "柳河镇马家渡村渡船早上不开 上学迟到")
    await expect(_log(phone)).to_contain_text("1 对，提交")
    await _say(phone, "1")
    await expect(_log(phone)).to_contain_text("1 加入，一起办")
    await _say(phone, "1")
    await expect(_log(phone)).to_contain_text(NUMBER)
    await _say(phone, "办得咋样了")
    await expect(_log(phone)).to_contain_text("正在办")
    return await _taken(phone)


async def _phone(browser: Browser, county: County, channel: str, citizen: str, height: int) -> Page:
    """As high as the conversation that is to be seen."""
    context = await browser.new_context(
        viewport={"width": 390, "height": height},
        device_scale_factor=2,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(f"{county.url}/simulator/")
    await page.get_by_role("tab", name=channel).click()
    await page.locator("#citizens").get_by_role("button", name=citizen).click()
    return page


def _log(page: Page) -> Any:
    return page.get_by_role("log")


async def _say(page: Page, text: str) -> None:
    await page.get_by_label("写消息").fill(text)
    await page.get_by_role("button", name="发送").click()
    await expect(_log(page)).to_contain_text(text)


async def _taken(page: Page) -> bytes:
    await page.get_by_label("写消息").blur()
    picture = await page.screenshot()
    await page.context.close()
    return picture


async def _answered(browser: Browser, county: County, number: str) -> None:
    """The front desk accepts the petition and answers it."""
    page = await official(browser, county, "chengguan")
    await page.goto(f"{county.url}/console/petitions/{number}")
    await page.get_by_role("button", name="受理", exact=True).click()
    await page.get_by_role("status").filter(has_text="已受理").wait_for()
    await page.get_by_text("能当场说清楚的，直接答复").click()
    await page.get_by_label("答复群众").fill(ANSWER)
    await page.get_by_role("button", name="发出答复").click()
    await page.get_by_role("status").filter(has_text="送达情况").wait_for()
    await page.context.close()
