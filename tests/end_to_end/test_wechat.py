"""From a citizen's signed WeChat message to their rating, over real sockets and real pages."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.end_to_end.conftest import OpenTown
from tests.end_to_end.official import Official, official, shots
from tests.end_to_end.town import NUMBER, PASSWORD, Follower, Town, until

DRAIN = "锦绣小区3号楼下水道堵了一个月没人管\n污水<b>漫</b>到一楼门口了😷 & 老人出不了门"
LAMP = "北关社区门口的路灯坏了半个月，晚上看不见路"
OFFICE = "城关镇规划建设办公室"
CAMERA = "SecretCamera"


def photo() -> bytes:
    """A small JPEG with a camera's name in its EXIF, lying on its side."""
    image = Image.new("RGB", (480, 320), (120, 150, 120))
    ImageDraw.Draw(image).ellipse((140, 120, 340, 260), fill=(40, 34, 30))
    exif = Image.Exif()
    exif[0x010F] = CAMERA
    exif[0x0112] = 6  # turned a quarter
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


async def raise_petition(citizen: Follower, text: str) -> str:
    """The number, read from the passive reply to the confirmation."""
    assert "地点：" in await citizen.say(text)
    delivery = await citizen.wechat.post_message(citizen.openid, "1")
    assert delivery.statuses == [200]
    assert delivery.body.startswith(b"<xml>")
    found = NUMBER.search(delivery.seen or "")
    assert found, f"no number in the reply: {delivery.seen}"
    return found[0]


async def test_the_whole_way(database_url: str, open_town: OpenTown, browser: Any) -> None:
    async with open_town(database_url) as town, official(browser, town.url) as chen:
        once = await town.add_official("chenjing", "陈静", "chengguan", "dispatcher")
        await Follower(town, "o-first-of-all").say("你好")  # whatever loads late has loaded
        citizen = Follower(town, "o-zhang-xiulan")
        number = await raise_petition(citizen, DRAIN)
        assert "照片" in await citizen.send_photo(photo()) or number in citizen.seen[-1]

        await chen.log_in("chenjing", once)
        await chen.choose_password(once, PASSWORD)
        await shots(chen.page, "queue")
        await chen.open(number)
        await shows_what_was_sent(chen, town)
        promised = await handle(chen, town, number)
        assert await citizen.pushed("有答复了") == promised
        assert promised == (
            f"您反映的{number}“{(await town.petition(number)).title}”有答复了：\n"
            f"已经疏通，换了一段管道。\n——{OFFICE}"
        )
        question = await citizen.pushed("问题解决得怎么样")
        assert citizen.seen.index(promised) < citizen.seen.index(question)

        assert "谢谢您的评价" in await citizen.say("还行")
        await chen.open(number, "over")
        assert await chen.fact("群众评价") == "基本满意"
        assert await chen.page.locator(".petition-head").get_by_text("已办结").is_visible()
        await shots(chen.page, "petition-rated")
        row = await town.petition(number)
        assert (row.state, row.rating, row.reopened) == ("closed", 3, 0)


async def shows_what_was_sent(chen: Official, town: Town) -> None:
    """The conversation as written, and the photo upright, without what its camera told."""
    page = chen.page
    said = page.locator(".talk .in .bubble")
    assert await said.first.evaluate("one => one.textContent") == DRAIN
    image = page.locator(".photo img")

    async def is_there() -> bool:
        if await image.count():
            return True
        await page.reload()
        return False

    await until(is_there, "the photo")
    await image.scroll_into_view_if_needed()
    await image.evaluate("one => one.decode()")
    assert await image.evaluate("one => [one.naturalWidth, one.naturalHeight]") == [320, 480]
    shown = await page.request.get(town.url + await image.get_attribute("src"))
    assert shown.status == 200
    assert CAMERA.encode() not in await shown.body()
    await shots(page, "petition")


async def handle(chen: Official, town: Town, number: str) -> str:
    """Every step to the answer; what the citizen was promised to read."""
    before = (await town.petition(number)).domain
    corrected = await chen.correct_domain()
    assert (await town.petition(number)).domain != before
    assert corrected in await chen.page.locator(".petition-head .pills").inner_text()
    await chen.accept()
    await chen.dispatch(OFFICE)
    await chen.start()
    assert (await town.petition(number)).state == "in_progress"
    return await chen.answer("已经疏通，换了一段管道。")


async def test_a_citizen_who_is_not_content(
    sqlite_database_url: str, open_town: OpenTown, browser: Any
) -> None:
    async with open_town(sqlite_database_url) as town, official(browser, town.url) as chen:
        once = await town.add_official("chenjing", "陈静", "chengguan", "dispatcher")
        await Follower(town, "o-first-of-all").say("你好")
        citizen = Follower(town, "o-li-jianguo")
        number = await raise_petition(citizen, LAMP)
        await chen.log_in("chenjing", once)
        await chen.choose_password(once, PASSWORD)
        await chen.open(number)
        await chen.accept()
        await chen.dispatch(OFFICE)
        await chen.answer("已经列入明年的计划。")
        await citizen.pushed("问题解决得怎么样")
        assert "重新办理" in await citizen.say("太差了")

        await chen.open(number)  # back among what is open
        head = chen.page.locator(".petition-head")
        assert await head.get_by_text("重办", exact=True).is_visible()
        assert await head.get_by_text("已派单").is_visible()
        assert await chen.fact("主办") == OFFICE
        assert await chen.page.get_by_text(re.compile("不满意")).first.is_visible()
        await shots(chen.page, "petition-reopened")
        row = await town.petition(number)
        assert (row.state, row.rating, row.reopened) == ("dispatched", 1, 1)


pytestmark = pytest.mark.usefixtures("chromium_path")
