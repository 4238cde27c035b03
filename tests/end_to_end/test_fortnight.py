"""A fortnight in a county: set up by its first administrator, written to by WeChat and SMS, worked
in by its offices, rated, asked in a survey, and counted at the end.

It begins on Monday, 21 September 2026. Mid-Autumn is from Friday to Sunday, National Day's week
begins on the second Thursday: deadlines must pass over both.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.async_api import expect

from tests.console.sheets import COUNTY, OFFICES, STAFF, write
from tests.end_to_end.api_client import ApiClient, api_again, api_client
from tests.end_to_end.county_over_days import CountyOverDays, Texting
from tests.end_to_end.official import Official, official
from tests.end_to_end.town import NUMBER, PASSWORD, Follower

DRAIN = "江口小区3号楼下水道堵了一个月没人管，污水都漫到一楼门口了"
LAMP = "上湾村村口的路灯坏了半个月，晚上看不见路"
FEE = "请问石板村的卫生室周末有没有大夫，几点开门"
ADMINISTRATOR = "望江的水慢慢流过两岸人家"

pytestmark = pytest.mark.usefixtures("chromium_path")


async def test_a_fortnight(sqlite_database_url: str, tmp_path: Path, browser: Any) -> None:
    county = CountyOverDays(sqlite_database_url, tmp_path)
    try:
        # As `make run` does it: the password is there before the app starts.
        first = await county.first_password()
        await county.start()
        async with official(browser, county.url) as administrator:
            passwords = await set_up(administrator, first, tmp_path)
        await work(county, passwords)
        async with official(browser, county.url) as li:
            await survey(county, li)
        await count(county)
    finally:
        await county.stop()


async def set_up(administrator: Official, first: str, folder: Path) -> dict[str, str]:
    """Play the first set-up with three Excel files; one-time passwords by log-in."""
    page = administrator.page
    await administrator.log_in("admin", first)
    await administrator.choose_password(first, ADMINISTRATOR)
    await page.get_by_role("link", name="接着做").click()
    await page.get_by_label("名称").fill("望江县")
    await page.get_by_label("区划代码").fill("990202")
    for sheet, rows in (("乡镇村居", COUNTY), ("单位", OFFICES), ("人员", STAFF)):
        await page.get_by_label("Excel 表").set_input_files(write(folder, sheet, rows))
        await page.get_by_role("button", name="上传").click()
        await expect(page.get_by_label("Excel 表")).to_have_count(0) if sheet == "人员" else None
    once = await page.locator("td code").all_inner_texts()
    await page.get_by_role("link", name="下一步").click()
    await page.get_by_label("群众的话").fill(DRAIN)
    await page.get_by_role("button", name="试一下").click()
    await expect(page.get_by_role("status")).to_contain_text("临江镇综合行政执法队")
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_role("button", name="完成").click()
    await expect(page.locator("#list")).to_be_visible()
    return dict(zip((row[0] for row in STAFF[1:]), once, strict=True))


async def work(county: CountyOverDays, passwords: dict[str, str]) -> None:
    """Two petitions and an inquiry, from the first word to the rating."""
    zhang, wang = Follower(county, "o-zhang"), Texting(county, "13900000001")
    # Monday: both are accepted and dispatched.
    async with api_client(county.url, "limin", passwords["limin"], PASSWORD) as li:
        offices = {one["name"]: one["id"] for one in (await li.get("orgs"))["items"]}
        drain, lamp = await raised(zhang, DRAIN), await raised(wang, LAMP)
        assert (await li.get(f"petitions/{drain}"))["due_on"] == "2026-10-08"
        for number in (drain, lamp):
            await li.step(number, "accept")
            await li.step(number, "dispatch", lead_org_id=offices["临江镇综合行政执法队"])

    # Tuesday: one is not the office's; somebody asks how far it is.
    county.next_day()
    enforcement = passwords["wangqiang"]
    async with api_client(county.url, "wangqiang", enforcement, PASSWORD) as handler:
        await handler.step(lamp, "return", reason="路灯不归执法队管，请转党群服务中心")
    async with api_again(county.url, "limin", PASSWORD) as li:
        await li.step(lamp, "dispatch", lead_org_id=offices["临江镇党群服务中心"])
    assert "临江镇综合行政执法队" in await zhang.say("查进度")

    # Friday is Mid-Autumn: what comes in is filed, and counts from the next working day.
    county.next_day(3)
    await raised(Follower(county, "o-sun"), FEE)
    assert "催办" in await wang.say("路灯的事催一下")

    # The second Monday: answers, and what people think of them.
    county.next_day(3)
    async with api_again(county.url, "limin", PASSWORD) as li:
        assert (await li.get(f"petitions/{lamp}"))["reminders"] == 1
        # A week later WeChat lets nobody be pushed to who has not written since.
        assert drain in await zhang.say("查进度")
        await answer(li, drain, "已经疏通，换了一段管道，请您再看看。")
        await answer(li, lamp, "已经列入明年的计划。")
        await zhang.pushed("问题解决得怎么样")
        await wang.got("解决得怎么样")
        assert "谢谢您的评价" in await zhang.say("5")
        assert "重新办理" in await wang.say("根本没解决，天天摸黑")
        assert (await li.get(f"petitions/{lamp}"))["state"] == "dispatched"

    # Wednesday, the last day before the holidays.
    county.next_day(2)
    async with api_again(county.url, "limin", PASSWORD) as li:
        await answer(li, lamp, "今天换上了新灯，晚上请再看看。")
    await wang.got("解决得怎么样", times=2)
    assert "谢谢您的评价" in await wang.say("这回亮了，满意")


async def survey(county: CountyOverDays, li: Official) -> None:
    """Two questions to all who have written, answered by both channels."""
    page = li.page
    zhang, wang = Follower(county, "o-zhang"), Texting(county, "13900000001")
    await zhang.say("查进度")  # else WeChat would let nobody ask her
    await li.log_in("limin", PASSWORD)
    await page.get_by_role("link", name="调查", exact=True).click()
    await page.get_by_role("link", name="写一份调查").first.click()
    await page.get_by_label("标题").fill("晚上出门亮不亮")
    await page.get_by_role("button", name="＋ 五级题").click()
    await page.locator("#q1-text").fill("您对村里、小区里的路灯满意吗？")
    await page.get_by_role("button", name="满意程度").click()
    await page.get_by_role("button", name="＋ 文字题").click()
    await page.locator("#q2-text").fill("哪里最该添一盏灯？")
    await page.get_by_role("button", name="下一步：选问谁").click()
    await page.get_by_label("江口社区").check()
    await page.get_by_label("上湾村").check()
    await page.get_by_role("button", name="保存", exact=True).click()
    await expect(page.locator("[data-people]")).to_have_text("2")
    await page.get_by_role("button", name="下一步：试一试，打开").click()
    await page.get_by_label("我核对过了").check()
    await page.get_by_role("button", name="打开，开始问 2 人").click()
    await expect(page.get_by_role("status")).to_contain_text("已打开")

    await zhang.pushed("路灯满意吗")
    await wang.got("路灯满意吗")
    assert "哪里最该添一盏灯" in await wang.say("挺好的")
    # A petition in between is handled, and the survey taken up again.
    await raised(zhang, "江口小区门口的垃圾堆了半个月没人清运，臭得很")
    assert "路灯满意吗" in zhang.seen[-1]
    assert "哪里最该添一盏灯" in await zhang.say("2")
    assert "谢谢您" in await zhang.say("3号楼后面那条小路")
    assert "谢谢您" in await wang.say("不想答")
    await expect(page.locator("[data-count=completed]")).to_have_text("2")


async def count(county: CountyOverDays) -> None:
    """Long after the holidays the inquiry is late, and the leaders count."""
    county.next_day(33)
    async with api_again(county.url, "admin", ADMINISTRATOR) as administrator:
        rows = {row["标题"]: row for row in await exported(administrator)}
        drain, lamp, fee, rubbish = (
            next(row for title, row in rows.items() if word in title)
            for word in ("下水道", "路灯", "卫生室", "垃圾")
        )
        assert len(rows) == 4
        assert [one["评价"] for one in (drain, lamp, fee)] == ["非常满意", "满意", None]
        assert [one["按期"] for one in (drain, lamp)] == ["按期答复"] * 2
        assert fee["按期"] == rubbish["按期"] == "超期"
        assert (lamp["重办次数"], lamp["催办次数"]) == (1, 1)
        assert lamp["电话"] == "139****0001"


async def raised(citizen: Follower | Texting, words: str) -> str:
    """The number of the petition that these words, confirmed, become."""
    asked = await citizen.say(words)
    assert "地点：" in asked, asked
    said = await citizen.say("1")
    found = NUMBER.search(said)
    assert found, said
    return found[0]


async def answer(worker: ApiClient, number: str, words: str) -> None:
    await worker.step(number, "start")
    await worker.step(number, "answer", text=words)


async def exported(leader: ApiClient) -> list[dict[str, Any]]:
    """The rows of the overview's file, by the names of its columns."""
    form = {"csrf_token": leader.token, "from": "2026-09-21", "to": "2026-11-02", "by": "all"}
    async with leader.http.post("/console/overview/export", data=form) as response:
        assert response.status == 200, await response.text()
        book = openpyxl.load_workbook(io.BytesIO(await response.read()))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    titles = next(number for number, row in enumerate(rows) if row[0] == "编号")
    return [dict(zip(map(str, rows[titles]), row, strict=True)) for row in rows[titles + 1 :]]
