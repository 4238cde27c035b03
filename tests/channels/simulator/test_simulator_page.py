"""The page in a real Chromium, at the size of a desktop and of a phone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image
from playwright.async_api import expect
from ports_in_memory import FakeClock, RecordingGateway

from backend.ports import Account, ChannelDependencies, Inbound, MediaRef, MessageKind, Outbound
from channels.simulator import SimulatorChannel, create, page_routes

DESKTOP = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 844}
CONFIRM = (
    "我这样记下了，您看对不对？\n\n事情：下水道堵了一个月，没人管\n地点：锦绣小区3号楼\n\n"
    "1 对，就这样\n2 改一下事情\n3 改一下地点\n4 先不报了"
)
DONE = "已经登记，编号 20261123-0007-3。由清河镇住建办办理，11月30日前给您答复。"


class Site:
    """Both accounts and the page on one port; answers go out by the channels' own `send`."""

    def __init__(self, folder: Path, deps: ChannelDependencies) -> None:
        self.wechat = self._channel("wechat", folder, deps)
        self.sms = self._channel("sms", folder, deps)
        self.url = ""
        self._outbox_id = 0

    @staticmethod
    def _channel(persona: str, folder: Path, deps: ChannelDependencies) -> SimulatorChannel:
        options = {"persona": persona, "folder": str(folder)}
        return create(Account(f"simulator-{persona}", "simulator", options), deps)

    async def answer(self, channel: SimulatorChannel, address: str, text: str) -> None:
        self._outbox_id += 1
        await channel.send(Outbound(self._outbox_id, address, text))


@pytest.fixture
async def site(tmp_path: Path, deps: ChannelDependencies, clock: FakeClock) -> AsyncIterator[Site]:
    site = Site(tmp_path, deps)
    app = web.Application(client_max_size=12 * 1024 * 1024)
    for channel in (site.wechat, site.sms):
        app.add_routes(channel.routes())
        await channel.start()
    app.add_routes(page_routes([site.wechat, site.sms]))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    tcp = web.TCPSite(runner, "127.0.0.1", 0)
    await tcp.start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}/simulator/"
    yield site
    for channel in (site.wechat, site.sms):
        await channel.close()
    await runner.cleanup()


@pytest.fixture
def errors(page: Any) -> list[str]:
    """What the browser complains about: script errors, CSP, failed loads."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda m: found.append(m.text) if m.type == "error" else None)
    return found


async def arrived(gateway: RecordingGateway, count: int) -> list[Inbound]:
    async with asyncio.timeout(10):
        while len(gateway.inbounds) < count:
            await asyncio.sleep(0.02)
    return gateway.inbounds


async def shot(page: Any, name: str) -> None:
    """Kept only where a person wants to look: SCREENSHOTS=folder."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        await page.wait_for_timeout(350)
        await page.screenshot(path=str(Path(folder) / f"simulator-{name}.png"))


async def test_a_whole_chat_on_a_desktop(
    site: Site, page: Any, errors: list[str], gateway: RecordingGateway, tmp_path: Path
) -> None:
    await page.set_viewport_size(DESKTOP)
    await page.goto(site.url)
    await page.get_by_role("button", name="李建国").click()
    await page.get_by_label("写消息").fill("锦绣小区3号楼下水道堵了一个月没人管")
    await page.keyboard.press("Enter")
    (first,) = await arrived(gateway, 1)
    assert (first.account, first.address) == ("simulator-wechat", "sim-li-jianguo")
    assert first.text == "锦绣小区3号楼下水道堵了一个月没人管"
    await page.get_by_label("对方正在输入").wait_for()
    await shot(page, "desktop-typing")

    await site.answer(site.wechat, first.address, CONFIRM)
    await page.get_by_role("button", name="1对，就这样").wait_for()
    assert await page.get_by_label("快捷回复").get_by_role("button").count() == 4
    assert await page.get_by_label("对方正在输入").count() == 0
    await shot(page, "desktop-chips")
    await page.get_by_role("button", name="1对，就这样").click()
    assert (await arrived(gateway, 2))[1].text == "1"
    await site.answer(site.wechat, first.address, DONE)
    await page.get_by_text("20261123-0007-3").first.wait_for()

    photo = BytesIO()
    Image.linear_gradient("L").resize((320, 240)).convert("RGB").save(photo, "JPEG")
    await page.get_by_label("更多").click()
    await page.locator("#photo").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}
    )
    picture = (await arrived(gateway, 3))[2]
    (ref,) = picture.media
    assert picture.kind is MessageKind.IMAGE
    assert (await site.wechat.fetch_media(ref)).data == photo.getvalue()
    await page.get_by_role("button", name="位置").click()
    await page.get_by_role("button", name="东河村村委会").click()
    place = (await arrived(gateway, 4))[3].place
    assert place is not None
    assert place.label == "东河村村委会"
    await page.get_by_role("button", name="看大图").wait_for()
    await shot(page, "desktop-wechat")
    # Nothing of what was sent is still on its way, or failed.
    await expect(page.locator(".state")).to_have_count(0)
    assert errors == []


async def test_a_reload_and_a_restart_keep_the_conversation(
    site: Site, page: Any, gateway: RecordingGateway, tmp_path: Path, deps: ChannelDependencies
) -> None:
    await page.set_viewport_size(DESKTOP)
    await page.goto(site.url)
    await page.get_by_label("写消息").fill("路灯坏了")
    await page.get_by_role("button", name="发送").click()
    await arrived(gateway, 1)
    await site.answer(site.wechat, "sim-zhang-guilan", DONE)
    await page.get_by_text("清河镇住建办").first.wait_for()
    await page.reload()
    await page.locator(".message.mine", has_text="路灯坏了").wait_for()
    assert await page.locator(".message:not(.mine)").count() == 1
    again = Site(tmp_path, deps)
    await again.wechat.start()
    messages = again.wechat.journal.messages("sim-zhang-guilan")
    assert [message["text"] for message in messages] == ["路灯坏了", DONE]


async def test_sms_on_a_phone(
    site: Site, page: Any, errors: list[str], gateway: RecordingGateway
) -> None:
    await page.set_viewport_size(PHONE)
    await page.goto(site.url)
    await shot(page, "phone-list")
    await page.get_by_role("tab", name="短信").click()
    await page.get_by_role("button", name="赵大爷").click()
    await page.get_by_label("写消息").fill("东河村的路灯坏了半个月，晚上看不见路")
    await page.get_by_role("button", name="发送").click()
    (inbound,) = await arrived(gateway, 1)
    assert (inbound.account, inbound.address) == ("simulator-sms", "19900000101")
    await site.answer(site.sms, inbound.address, CONFIRM)
    await page.get_by_role("button", name="2改一下事情").wait_for()
    await shot(page, "phone-sms")
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    await page.get_by_label("返回").click()
    await page.get_by_role("button", name="赵大爷").wait_for()
    await page.get_by_role("tab", name="微信").click()
    await page.get_by_role("button", name="王小雨").click()
    await page.get_by_label("写消息").fill("学校门口没有斑马线😟\n孩子过马路很危险")
    await page.get_by_role("button", name="发送").click()
    await arrived(gateway, 2)
    await site.answer(site.wechat, "sim-wang-xiaoyu", CONFIRM)
    await page.get_by_role("button", name="2改一下事情").wait_for()
    await shot(page, "phone-wechat")
    assert errors == []


async def test_new_citizens_follow_and_starting_over_makes_a_stranger(
    site: Site, page: Any, gateway: RecordingGateway
) -> None:
    await page.set_viewport_size(DESKTOP)
    await page.goto(site.url)
    await page.get_by_role("button", name="换一个新人").click()
    await page.get_by_label("名字").fill("刘大姐")
    await shot(page, "desktop-sheet")
    await page.get_by_role("button", name="开始聊").click()
    (followed,) = await arrived(gateway, 1)
    assert followed.event is not None
    assert followed.event.name == "subscribe"
    await page.get_by_text("已关注公众号").first.wait_for()
    await page.get_by_label("写消息").fill("您好")
    await page.keyboard.press("Enter")
    before = (await arrived(gateway, 2))[1].address
    await page.get_by_role("button", name="清空重来", exact=True).first.click()
    await page.locator("#restart-sheet").get_by_role("button", name="清空重来").click()
    await page.locator("#restart-sheet").wait_for(state="hidden")
    await page.get_by_label("写消息").fill("您好")
    await page.keyboard.press("Enter")
    after = (await arrived(gateway, 3))[2].address
    assert after != before
    await page.locator(".message.mine").first.wait_for()
    assert await page.locator(".message.mine").count() == 1
    assert await page.get_by_role("button", name="刘大姐").count() == 1


async def test_what_could_not_be_taken_is_marked_and_sent_again_once(
    site: Site, page: Any, gateway: RecordingGateway
) -> None:
    await page.set_viewport_size(DESKTOP)
    await page.goto(site.url)
    gateway.unavailable = True
    await page.get_by_label("写消息").fill("水管爆了")
    await page.keyboard.press("Enter")
    failed = page.get_by_role("button", name="暂时收不下")
    await failed.wait_for()
    assert gateway.inbounds == []
    gateway.unavailable = False
    await failed.click()
    await arrived(gateway, 1)
    await failed.wait_for(state="detached")
    assert await page.locator(".message.mine").count() == 1


async def test_polling_takes_over_where_events_do_not_get_through(
    site: Site, page: Any, gateway: RecordingGateway
) -> None:
    await page.route("**/live?*", lambda route: route.abort())
    await page.goto(site.url)
    await site.answer(site.wechat, "sim-zhang-guilan", DONE)
    await page.get_by_text("清河镇住建办").first.wait_for()


async def test_nothing_foreign_is_loaded(site: Site, page: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    response = await page.goto(site.url)
    policy = response.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    origin = site.url.removesuffix("/simulator/")
    assert asked
    assert all(url.startswith(origin) for url in asked)


async def test_text_is_never_markup(site: Site, page: Any, errors: list[str]) -> None:
    await page.goto(site.url)
    hostile = "<img src=x onerror=alert(1)><b>粗</b> & \u202e反"
    await site.answer(site.wechat, "sim-zhang-guilan", hostile)
    await page.locator(".bubble", has_text="<b>粗</b>").first.wait_for()
    assert await page.locator(".bubble b").count() == 0
    assert errors == []


async def test_media_of_another_kind_is_gone(site: Site) -> None:
    from backend.ports import MediaUnavailable

    with pytest.raises(MediaUnavailable):
        await site.wechat.fetch_media(MediaRef(MessageKind.IMAGE, "../simulator-wechat.jsonl"))
