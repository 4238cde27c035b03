"""What an administrator saves in the console holds in running processes, without a restart."""

from __future__ import annotations

from typing import Any

from playwright.async_api import expect

from tests.end_to_end.conftest import OpenTown
from tests.end_to_end.official import official
from tests.end_to_end.town import PASSWORD, Follower


async def test_a_saved_text_is_said_by_the_next_turn(
    sqlite_database_url: str, open_town: OpenTown, browser: Any
) -> None:
    async with open_town(sqlite_database_url) as town, official(browser, town.url) as sun:
        once = await town.add_official("sunjing", "孙静", "qinghe", "admin")
        citizen = Follower(town, "o-zhang-xiulan")
        assert "不再给您发通知和调查" in await citizen.say("退订")
        await sun.log_in("sunjing", once)
        await sun.choose_password(once, PASSWORD)
        await sun.page.goto(f"{town.url}/console/deployment/replies/opted_out")
        await sun.page.get_by_label("微信说法").fill("望江县的通知不再发给您了。")
        await sun.page.get_by_role("button", name="保存").click()
        await expect(sun.page.get_by_role("status")).to_contain_text("已保存")
        assert await citizen.say("退订") == "望江县的通知不再发给您了。"
