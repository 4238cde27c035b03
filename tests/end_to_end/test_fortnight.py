"""A fortnight in a county: written to by WeChat and SMS, worked in by its offices, rated, and
counted at the end.

It begins on Monday, 21 September 2026. Mid-Autumn is from Friday to Sunday, National Day's week
begins on the second Thursday: deadlines must pass over both.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl

from tests.end_to_end.api_client import ApiClient, api_again, api_client
from tests.end_to_end.county_over_days import CountyOverDays, Texting
from tests.end_to_end.town import NUMBER, PASSWORD, Follower

DRAIN = "锦绣小区3号楼下水道堵了一个月没人管，污水都漫到一楼门口了"
LAMP = "北关社区门口的路灯坏了半个月，晚上看不见路"
FEE = "请问合作医疗今年一个人要交多少钱，李家湾村在哪里交"
OFFICE = "chengguan_construction"


async def test_a_fortnight(sqlite_database_url: str, tmp_path: Path) -> None:
    county = CountyOverDays(sqlite_database_url, tmp_path)
    try:
        await county.start()
        await play(county)
    finally:
        await county.stop()


async def play(county: CountyOverDays) -> None:
    zhang, wang = Follower(county, "o-zhang"), Texting(county, "13900000001")
    sun = Follower(county, "o-sun")

    # Monday: two petitions, accepted and dispatched.
    once = await county.add_official("chenjing", "陈静", "chengguan", "supervisor")
    async with api_client(county.url, "chenjing", once, PASSWORD) as chen:
        offices = {one["code"]: one["id"] for one in (await chen.get("orgs"))["items"]}
        drain, lamp = await raised(zhang, DRAIN), await raised(wang, LAMP)
        assert (await chen.get(f"petitions/{drain}"))["due_on"] == "2026-10-08"
        for number in (drain, lamp):
            await chen.step(number, "accept")
            await chen.step(number, "dispatch", lead_org_id=offices[OFFICE])

    # Tuesday: one is not the office's; somebody asks how far it is.
    county.next_day()
    async with api_again(county.url, "chenjing", PASSWORD) as chen:
        await chen.step(drain, "return", reason="排水归综合行政执法队管")
        await chen.step(drain, "dispatch", lead_org_id=offices["chengguan_enforcement"])
        assert "城关镇综合行政执法队" in await zhang.say("查进度")

    # Friday is Mid-Autumn: what comes in is filed, and counts from the next working day.
    county.next_day(3)
    fee = await raised(sun, FEE)
    assert "催办" in await wang.say("路灯的事催一下")

    # The second Monday: answers, and what people think of them.
    county.next_day(3)
    async with api_again(county.url, "chenjing", PASSWORD) as chen:
        reminded = await chen.get(f"petitions/{lamp}")
        assert reminded["reminders"] == 1
        await answer(chen, drain, "已经疏通，换了一段管道，请您再看看。")
        await answer(chen, lamp, "已经列入明年的计划。")
        await zhang.pushed("问题解决得怎么样")
        await wang.got("解决得怎么样")
        assert "谢谢您的评价" in await zhang.say("5")
        assert "重新办理" in await wang.say("根本没解决，天天摸黑")
        assert (await chen.get(f"petitions/{lamp}"))["state"] == "dispatched"

    # Wednesday, the last day before the holidays.
    county.next_day(2)
    async with api_again(county.url, "chenjing", PASSWORD) as chen:
        await answer(chen, lamp, "今天换上了新灯，晚上请再看看。")
        await wang.got("今天换上了新灯")
        await wang.got("解决得怎么样", times=2)
        assert "谢谢您的评价" in await wang.say("这回亮了，满意")

    # Long after the holidays the inquiry is late, and the leaders count.
    county.next_day(23)
    async with api_again(county.url, "chenjing", PASSWORD) as chen:
        assert (await chen.get(f"petitions/{fee}"))["overdue"]
        rows = {row["编号"]: row for row in await exported(chen)}
        assert rows.keys() == {drain, lamp, fee}
        assert [rows[one]["评价"] for one in (drain, lamp, fee)] == ["非常满意", "满意", None]
        assert [rows[one]["按期"] for one in (drain, lamp)] == ["按期答复"] * 2
        assert rows[fee]["按期"] == "超期"
        assert (rows[lamp]["重办次数"], rows[lamp]["催办次数"]) == (1, 1)
        assert rows[lamp]["电话"] == "139****0001"


async def raised(citizen: Follower | Texting, words: str) -> str:
    """The number of the petition that these words, confirmed, become."""
    asked = await citizen.say(words)
    assert "地点：" in asked, asked
    said = await citizen.say("1")
    found = NUMBER.search(said)
    assert found, said
    return found[0]


async def answer(official: ApiClient, number: str, words: str) -> None:
    await official.step(number, "start")
    await official.step(number, "answer", text=words)


async def exported(official: ApiClient) -> list[dict[str, Any]]:
    """The rows of the overview's file, by the names of its columns."""
    form = {"csrf_token": official.token, "from": "2026-09-21", "to": "2026-10-23", "by": "all"}
    async with official.http.post("/console/overview/export", data=form) as response:
        assert response.status == 200, await response.text()
        book = openpyxl.load_workbook(io.BytesIO(await response.read()))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    titles = next(number for number, row in enumerate(rows) if row[0] == "编号")
    return [dict(zip(map(str, rows[titles]), row, strict=True)) for row in rows[titles + 1 :]]
