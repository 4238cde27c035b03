"""The fake platform's notices held to what is published of the real ones."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import ClientSession
from ports_in_memory import FakeClock

from channels.wechat.testing import FakePlatform

OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"
DATA = {"thing1": {"value": "路灯"}, "time2": {"value": "2026年11月23日 09:00"}}


@pytest.fixture
def noticing(platform: FakePlatform) -> FakePlatform:
    platform.follow(OPENID)
    platform.notices.templates["T"] = set(DATA)
    platform.notices.subscribe_templates["S"] = set(DATA)
    return platform


async def send(
    http: ClientSession, platform: FakePlatform, path: str, **changed: Any
) -> dict[str, Any]:
    token, _ = platform.tokens.ask(force=False)  # type: ignore[misc]
    template = "T" if path == "template/send" else "S"
    body = {"touser": OPENID, "template_id": template, "data": DATA, **changed}
    url = f"{platform.base_url}/cgi-bin/message/{path}?access_token={token}"
    async with http.post(url, json=body) as response:
        assert response.status == 200
        return dict(await response.json())


async def test_a_notice_has_an_id_of_its_own(http: ClientSession, noticing: FakePlatform) -> None:
    answers = [await send(http, noticing, "template/send", url="https://a/b") for _ in range(2)]
    assert [each["errcode"] for each in answers] == [0, 0]
    assert [notice.message_id for notice in noticing.notices.sent] == [
        each["msgid"] for each in answers
    ]
    first = noticing.notices.sent[0]
    assert (first.link, first.fields["thing1"]) == ("https://a/b", "路灯")


@pytest.mark.parametrize("path", ["template/send", "subscribe/bizsend"])
@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"touser": "nobody"}, 40003),
        ({"template_id": "other"}, 40037),
        ({"data": {}}, 47003),
        ({"data": {**DATA, "thing9": {"value": "多"}}}, 47003),
        ({"data": {**DATA, "thing1": {"value": "长" * 21}}}, 47003),
        ({"data": {**DATA, "thing1": {"value": ""}}}, 47003),
        ({"data": {**DATA, "time2": {"value": "明天"}}}, 47003),
        ({"data": {**DATA, "thing1": "路灯"}}, 47003),
        ({"data": {**DATA, "thing1": {"value": "长" * 20}}}, 0),
    ],
)
async def test_what_a_notice_is_refused_for(
    http: ClientSession, noticing: FakePlatform, path: str, changed: dict[str, Any], errcode: int
) -> None:
    noticing.notices.accept(OPENID, "S")
    assert (await send(http, noticing, path, **changed))["errcode"] == errcode
    assert len(noticing.notices.sent) == (errcode == 0)


async def test_only_followers_get_template_messages(
    http: ClientSession, noticing: FakePlatform
) -> None:
    noticing.unfollow(OPENID)
    assert (await send(http, noticing, "template/send"))["errcode"] == 43004


async def test_a_repeat_is_refused_for_ten_minutes(
    http: ClientSession, noticing: FakePlatform, clock: FakeClock
) -> None:
    async def errcode(**changed: Any) -> int:
        answer = await send(http, noticing, "template/send", **changed)
        return int(answer["errcode"])

    assert await errcode(client_msg_id="1") == 0
    assert await errcode(client_msg_id="1") == 45065
    assert await errcode(client_msg_id="2") == 0
    await clock.sleep(599)
    assert await errcode(client_msg_id="1") == 45065
    await clock.sleep(2)
    assert await errcode(client_msg_id="1") == 0


async def test_one_permission_is_one_notice(http: ClientSession, noticing: FakePlatform) -> None:
    async def errcode() -> int:
        return int((await send(http, noticing, "subscribe/bizsend"))["errcode"])

    assert await errcode() == 43101
    noticing.notices.accept(OPENID, "S")
    noticing.notices.accept(OPENID, "S")
    assert [await errcode() for _ in range(3)] == [0, 0, 43101]
    noticing.notices.accept(OPENID, "S")
    noticing.notices.reject(OPENID, "S")
    assert await errcode() == 43101


async def test_who_leaves_and_follows_again_has_only_the_new_window(
    http: ClientSession, noticing: FakePlatform
) -> None:
    noticing.windows.wrote(OPENID)
    noticing.unfollow(OPENID)
    noticing.follow(OPENID)
    assert [noticing.windows.take(OPENID) for _ in range(4)] == [0, 0, 0, 45047]
