"""The fake platform held to what is published of the real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, FormData, web
from ports_in_memory import FakeClock, MemoryStore, RecordingGateway

from backend.ports import Contact, ContactHistory
from channels.wechat import WechatChannel
from channels.wechat.reply_quota import ReplyQuota
from channels.wechat.shared_state import SharedState
from channels.wechat.testing import FakePlatform, Fault, Wechat
from channels.wechat.testing.callback import SERVICE_DOWN
from tests.services.ports import free_port

MakeChannel = Callable[..., WechatChannel]
Connect = Callable[..., Awaitable[Wechat]]
OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"
HOUR = 3600
SEND = "/cgi-bin/message/custom/send"


async def post(http: ClientSession, url: str, body: Any) -> dict[str, Any]:
    async with http.post(url, json=body) as response:
        assert response.status == 200
        return dict(await response.json())


async def token(http: ClientSession, platform: FakePlatform, **changed: Any) -> dict[str, Any]:
    body = {
        "grant_type": "client_credential",
        "appid": platform.app_id,
        "secret": platform.app_secret,
        "force_refresh": False,
        **changed,
    }
    return await post(http, f"{platform.base_url}/cgi-bin/stable_token", body)


async def send(
    http: ClientSession, platform: FakePlatform, *, access_token: str | None = None, **changed: Any
) -> int:
    if access_token is None:
        access_token = (await token(http, platform))["access_token"]
    url = f"{platform.base_url}/cgi-bin/message/custom/send?access_token={access_token}"
    body = {"touser": OPENID, "msgtype": "text", "text": {"content": "好"}, **changed}
    return int((await post(http, url, body))["errcode"])


async def test_tokens(http: ClientSession, platform: FakePlatform, clock: FakeClock) -> None:
    first = await token(http, platform)
    assert first["expires_in"] == 7200
    assert len(first["access_token"]) <= 512
    await clock.sleep(HOUR)
    again = await token(http, platform)
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], 3600)
    await clock.sleep(HOUR - 200)
    renewed = await token(http, platform)
    assert renewed["access_token"] != first["access_token"]
    platform.follow(OPENID)
    assert await send(http, platform, access_token=first["access_token"]) == 0
    await clock.sleep(201)
    assert await send(http, platform, access_token=first["access_token"]) == 42001
    assert await send(http, platform, access_token=renewed["access_token"]) == 0
    assert await send(http, platform, access_token="made-up") == 40001
    assert await send(http, platform, access_token="") == 41001


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [({"appid": "wx9"}, 40013), ({"secret": "wrong"}, 40125), ({"grant_type": "x"}, 47001)],
)
async def test_wrong_credentials(
    http: ClientSession, platform: FakePlatform, changed: dict[str, str], errcode: int
) -> None:
    assert (await token(http, platform, **changed))["errcode"] == errcode


async def test_forced_refreshes_are_rationed(
    http: ClientSession, platform: FakePlatform, clock: FakeClock
) -> None:
    platform.follow(OPENID)
    old = await token(http, platform)
    assert "access_token" in await token(http, platform, force_refresh=True)
    assert await send(http, platform, access_token=old["access_token"]) == 40001
    assert (await token(http, platform, force_refresh=True))["errcode"] == 45011
    for _ in range(19):
        await clock.sleep(30)
        assert "access_token" in await token(http, platform, force_refresh=True)
    await clock.sleep(30)
    assert (await token(http, platform, force_refresh=True))["errcode"] == 45009
    await clock.sleep(24 * HOUR)
    assert "access_token" in await token(http, platform, force_refresh=True)


async def test_a_message_opens_five_pushes_for_48_hours(
    http: ClientSession, platform: FakePlatform, clock: FakeClock
) -> None:
    platform.enforce_windows = True
    platform.followers.add(OPENID)
    assert await send(http, platform) == 45015
    platform.windows.wrote(OPENID)
    assert [await send(http, platform) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    platform.windows.wrote(OPENID)
    await clock.sleep(48 * HOUR - 1)
    assert await send(http, platform) == 0
    await clock.sleep(2)
    assert await send(http, platform) == 45015


async def test_a_follow_opens_three_pushes_for_a_minute(
    http: ClientSession, platform: FakePlatform, clock: FakeClock
) -> None:
    platform.enforce_windows = True
    platform.follow(OPENID)
    assert [await send(http, platform) for _ in range(4)] == [0, 0, 0, 45047]
    platform.windows.acted(OPENID)
    await clock.sleep(61)
    assert await send(http, platform) == 45015


@pytest.mark.parametrize(
    ("event", "pushes"),
    [
        ("CLICK", 3),
        ("SCAN", 3),
        ("scancode_push", 3),
        ("scancode_waitmsg", 3),
        ("VIEW", 0),
        ("pic_sysphoto", 0),
        ("pic_photo_or_album", 0),
        ("pic_weixin", 0),
        ("location_select", 0),
    ],
)
async def test_of_the_menu_only_clicks_and_scans_open_pushes_and_the_quota_knows_it(
    platform: FakePlatform,
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
    clock: FakeClock,
    event: str,
    pushes: int,
) -> None:
    platform.followers.add(OPENID)
    await (await connect(make_channel())).post_event(OPENID, event, "menu.help")
    (inbound,) = gateway.inbounds
    assert inbound.event is not None
    gateway.history = ContactHistory([Contact(clock.now(), inbound.kind, inbound.event.name)])
    quota = ReplyQuota("town", gateway, SharedState(MemoryStore(clock)), clock)
    assert await quota.left(OPENID, 5) == pushes
    taken = [platform.windows.take(OPENID) for _ in range(4)]
    assert taken == ([0, 0, 0, 45047] if pushes else [45015] * 4)


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"touser": "not-an-openid"}, 40003),
        ({"touser": "oSomebodyElse"}, 45015),
        ({"text": {"content": ""}}, 44004),
        ({"text": {"content": "好" * 683}}, 45002),
        ({"text": {"content": "好" * 682 + "ab"}}, 0),
        ({"msgtype": "sticker"}, 47001),
    ],
)
async def test_what_a_push_is_refused_for(
    http: ClientSession, platform: FakePlatform, changed: dict[str, Any], errcode: int
) -> None:
    platform.follow(OPENID)
    assert await send(http, platform, **changed) == errcode
    assert len(platform.pushed) == (errcode == 0)


async def test_a_push_can_be_waited_for(http: ClientSession, platform: FakePlatform) -> None:
    platform.follow(OPENID)
    waiting = asyncio.create_task(platform.wait_pushed(2))
    for text in ("一", "二"):
        await send(http, platform, text={"content": text})
    assert [pushed.text for pushed in await waiting] == ["一", "二"]
    with pytest.raises(TimeoutError):
        await platform.wait_pushed(3, seconds=0.01)


async def test_unfollowing_ends_it(http: ClientSession, platform: FakePlatform) -> None:
    platform.follow(OPENID)
    platform.unfollow(OPENID)
    assert await send(http, platform) == 45015


async def test_media_are_kept_three_days(
    http: ClientSession, platform: FakePlatform, clock: FakeClock
) -> None:
    access = (await token(http, platform))["access_token"]
    form = FormData()
    form.add_field("media", b"JPEG", filename="a.jpg", content_type="image/jpeg")
    url = f"{platform.base_url}/cgi-bin/media"
    async with http.post(f"{url}/upload?access_token={access}&type=image", data=form) as response:
        media_id = (await response.json())["media_id"]
    get = f"{url}/get?access_token={access}&media_id={media_id}"
    async with http.get(get) as response:
        assert (await response.read(), response.content_type) == (b"JPEG", "image/jpeg")
    await clock.sleep(73 * HOUR)
    access = (await token(http, platform))["access_token"]
    async with http.get(f"{url}/get?access_token={access}&media_id={media_id}") as response:
        assert (await response.json())["errcode"] == 40007


async def test_faults_apply_as_often_as_told(http: ClientSession, platform: FakePlatform) -> None:
    platform.follow(OPENID)
    platform.faults = [Fault("/cgi-bin/message", errcode=-1, times=2)]
    assert [await send(http, platform) for _ in range(3)] == [-1, -1, 0]


Bodies = list[bytes | None]


@pytest.fixture
async def webhook(
    platform: FakePlatform,
) -> AsyncIterator[Callable[[Bodies], Awaitable[Wechat]]]:
    """WeChat's side of a server that answers with the bodies given (None: not in time)."""
    runners: list[web.AppRunner] = []

    async def start(bodies: Bodies) -> Wechat:
        left = list(bodies)

        async def answer(request: web.Request) -> web.Response:
            body = left.pop(0)
            if body is None:
                await asyncio.sleep(1)
            return web.Response(body=body)

        app = web.Application()
        app.router.add_post("/", answer)
        runner = web.AppRunner(app, shutdown_timeout=0.01)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        return Wechat(platform, url, "word", try_seconds=0.1)

    yield start
    for runner in runners:
        await runner.cleanup()


REPLY = (
    b"<xml><ToUserName>o</ToUserName><FromUserName>gh</FromUserName><CreateTime>1</CreateTime>"
    b"<MsgType>text</MsgType><Content>%s</Content></xml>"
)


@pytest.mark.parametrize(
    ("bodies", "statuses", "seen"),
    [
        ([b"success"], [200], None),
        ([b""], [200], None),
        ([REPLY % "好".encode()], [200], "好"),
        ([None, REPLY % b"ok"], [0, 200], "ok"),
        ([None, None, None], [0, 0, 0], SERVICE_DOWN),
        ([b"<html>oops</html>"], [200], SERVICE_DOWN),
        ([b"not xml"], [200], SERVICE_DOWN),
        ([REPLY % (b"a" * 2049)], [200], SERVICE_DOWN),
        ([REPLY % (b"a" * 2048)], [200], "a" * 2048),
    ],
)
async def test_what_a_citizen_sees(
    webhook: Any,
    platform: FakePlatform,
    bodies: Bodies,
    statuses: list[int],
    seen: str | None,
) -> None:
    wechat = await webhook(bodies)
    delivery = await wechat.post_message(OPENID, "您好")
    assert delivery.statuses == statuses
    assert delivery.seen == seen
    assert platform.seen.get(OPENID, []) == ([] if seen is None else [seen])


async def test_a_call_can_be_done_and_its_answer_lost(
    http: ClientSession, platform: FakePlatform
) -> None:
    platform.follow(OPENID)
    platform.faults = [Fault(SEND, drop=True, done=True, times=1), Fault(SEND, drop=True, times=1)]
    for _ in range(2):
        with pytest.raises(ClientError):
            await send(http, platform)
    assert await send(http, platform) == 0
    assert platform.seen[OPENID] == ["好", "好"]


async def test_each_try_goes_to_the_next_process(webhook: Any) -> None:
    one, other = await webhook([None, REPLY % b"third"]), await webhook([None])
    one.other_urls = [other.webhook_url]
    delivery = await one.post_message(OPENID, "您好")
    assert (delivery.statuses, delivery.seen) == ([0, 0, 200], "third")


async def test_a_patient_wechat_lets_a_refused_try_last_its_time(
    platform: FakePlatform,
) -> None:
    wechat = Wechat(platform, f"http://127.0.0.1:{free_port()}/", "word", try_seconds=0.1)
    wechat.patient = True
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert (await wechat.post_message(OPENID, "您好")).statuses == [0, 0, 0]
    assert loop.time() - began >= 0.3
