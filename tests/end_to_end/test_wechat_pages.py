"""From a QR code on the wall to the citizen's own page, over real processes."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from channels.wechat.testing.web_oauth import BROWSES_AS
from tests.end_to_end.conftest import OpenTown
from tests.end_to_end.town import NUMBER, Follower

OPENID = "o-zhang-xiulan"
JINXIU = "place:990101101003"


async def test_the_code_on_the_wall_knows_the_village_and_the_menu_the_petition(
    sqlite_database_url: str, open_town: OpenTown, browser: Any
) -> None:
    async with open_town(sqlite_database_url) as town:
        citizen = Follower(town, OPENID)
        delivery = await citizen.wechat.follow(OPENID, JINXIU)
        assert delivery.seen is not None
        assert "城关镇锦绣社区" in delivery.seen
        assert "地点：城关镇锦绣社区" in await citizen.say("门口的路灯坏了半个月，晚上看不见路")
        found = NUMBER.search(await citizen.say("1"))
        assert found is not None
        assert (await town.petition(found[0])).place_code == "990101101003"
        clicked = await citizen.wechat.post_event(OPENID, "CLICK", "menu.progress")
        assert found[0] in (clicked.seen or "")

        context = await browser.new_context(locale="zh-CN")
        known = {"name": BROWSES_AS, "value": OPENID, "url": town.platform.base_url}
        await context.add_cookies([known])
        page = await context.new_page()
        await page.goto(f"{town.url}/me/town/")
        await page.get_by_role("link").filter(has_text="路灯").click()
        await expect(page.get_by_text(found[0])).to_be_visible()
        await expect(page.get_by_text("城关镇锦绣社区")).to_be_visible()
        await context.close()

        await citizen.wechat.unfollow(OPENID)
        assert OPENID not in town.log.read_text("utf-8")


pytestmark = pytest.mark.usefixtures("chromium_path")
