"""From a citizen's text message to their rating, through Debian's Kannel and its fake operator;
the officials' side by the JSON API."""

from __future__ import annotations

import pytest

from tests.channels.sms.kannel_process import KannelProcess, real_kannel
from tests.end_to_end.api_client import api_client
from tests.end_to_end.conftest import OpenTown
from tests.end_to_end.sms_town import Texter, sms_settings
from tests.end_to_end.town import NUMBER, PASSWORD, until

__all__ = ["real_kannel"]

pytestmark = pytest.mark.xdist_group("kannel")

LAMP = "北关社区门口的路灯坏了半个月，晚上看不见路😟"
OFFICE = "chengguan_construction"
# One Kannel serves both, and remembers what each phone got.
PHONES = {"sqlite": "13900000017", "postgresql": "13900000018"}


async def test_the_whole_way_by_sms(
    dialect: str, database_url: str, open_town: OpenTown, real_kannel: KannelProcess
) -> None:
    settings = sms_settings(real_kannel)
    async with open_town(database_url, settings, real_kannel.callback_port) as town:
        citizen = Texter(town, real_kannel, PHONES[dialect])
        asked = await citizen.say(LAMP)
        assert "地点：北关社区" in asked
        assert "\n1 " in asked
        filed = await citizen.say("1")
        found = NUMBER.search(filed)
        assert found, filed
        number = found[0]

        once = await town.add_official("wangjianguo", "王建国", "chengguan", "dispatcher")
        async with api_client(town.url, "wangjianguo", once, PASSWORD) as official:
            seen = await official.get(f"petitions/{number}")
            assert seen["said"][0]["text"] == LAMP
            assert (seen["state"], seen["channel"]) == ("received", "sms")
            [office] = [
                one["id"] for one in (await official.get("orgs"))["items"] if one["code"] == OFFICE
            ]
            dispatch = {"version": seen["version"], "lead_org_id": office}
            status, _ = await official.post(f"petitions/{number}/dispatch", dispatch, {})
            assert status == 403, "no change without the CSRF token"
            await official.step(number, "dispatch", lead_org_id=office)
            await official.step(number, "start")
            answered = await official.step(number, "answer", text="已经换了新灯，晚上请再看看。")
            assert answered["state"] == "resolved"

            answer = await citizen.got("已经换了新灯")
            assert answer == f"{number}答复：已经换了新灯，晚上请再看看。\n——城关镇规划建设办公室"
            question = await citizen.got("解决得怎么样")
            assert citizen.received().index(answer) < citizen.received().index(question)
            heard = citizen.received()
            assert "谢谢您的评价" in await citizen.say("5"), [*heard, "5", *citizen.received()]

            rated = await official.get(f"petitions/{number}")
            assert (rated["rating"], rated["state"]) == (5, "closed")
            events = [one["type"] for one in rated["events"]]
            assert events[-1] == "rated", events

        async def all_delivered() -> bool:
            return set(await citizen.states()) == {"delivered"}

        await until(all_delivered, "delivery reports of all texts")
        assert len(await citizen.states()) == len(citizen.received())
