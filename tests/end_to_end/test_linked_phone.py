"""One citizen on WeChat and by text: the code goes to her phone through Debian's Kannel, what she
said on WeChat she asks after by text, and what WeChat no longer takes reaches her phone."""

from __future__ import annotations

import re

import pytest

from tests.channels.sms.kannel_process import KannelProcess, real_kannel
from tests.end_to_end.api_client import api_client
from tests.end_to_end.conftest import OpenTown
from tests.end_to_end.sms_town import Texter, sms_settings
from tests.end_to_end.town import NUMBER, PASSWORD, Follower

__all__ = ["real_kannel"]

pytestmark = pytest.mark.xdist_group("kannel")

LAMP = "北关社区门口的路灯坏了半个月，晚上看不见路"
OFFICE = "chengguan_construction"
PHONE = "13900000021"
ANSWER = "已经换了新灯，晚上请再看看。"


async def test_a_follower_links_her_phone(
    sqlite_database_url: str, open_town: OpenTown, real_kannel: KannelProcess
) -> None:
    settings = sms_settings(real_kannel)
    async with open_town(sqlite_database_url, settings, real_kannel.callback_port) as town:
        by_wechat = Follower(town, "o-sun-guilan")
        by_phone = Texter(town, real_kannel, PHONE)
        assert "地点：北关社区" in await by_wechat.say(LAMP)
        filed = NUMBER.search(await by_wechat.say("1"))
        assert filed, by_wechat.seen
        number = filed[0]
        assert number not in await by_phone.say("查进度"), "still somebody else"

        assert "请把手机号发给我" in await by_wechat.say("绑定手机")
        assert "139****0021" in await by_wechat.say(PHONE)
        sent = await by_phone.got("验证码")
        code = re.search(r"\d{6}", sent)
        assert code, sent
        wrong = f"{(int(code[0]) + 1) % 1_000_000:06}"
        assert "还可以试4次" in await by_wechat.say(wrong)
        assert "绑定好了" in await by_wechat.say(code[0])
        assert number in await by_phone.say("查进度")

        await by_wechat.wechat.unfollow(by_wechat.openid)
        once = await town.add_official("wangjianguo", "王建国", "chengguan", "dispatcher")
        async with api_client(town.url, "wangjianguo", once, PASSWORD) as official:
            [office] = [
                one["id"] for one in (await official.get("orgs"))["items"] if one["code"] == OFFICE
            ]
            await official.step(number, "dispatch", lead_org_id=office)
            await official.step(number, "start")
            await official.step(number, "answer", text=ANSWER)
        assert number in await by_phone.got("已经换了新灯")
        assert not any(ANSWER in one for one in by_wechat.seen), "told once, by one way"
        await by_phone.got("解决得怎么样")
        assert "谢谢您的评价" in await by_phone.say("5")
        row = await town.petition(number)
        assert (row.state, row.rating) == ("closed", 5)
