"""The webhook over real sockets: the five seconds, and everything that is not a message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
import wechatpy
from aiohttp import ClientError, ClientSession, web
from ports_in_memory import Answer, FakeClock, RecordingGateway
from yarl import URL

from backend.ports import MessageKind
from channels.wechat import WechatChannel, request_body, texts
from channels.wechat.testing import FakePlatform, Wechat
from channels.wechat.testing.callback import SERVICE_DOWN

MakeChannel = Callable[..., WechatChannel]
Connect = Callable[..., Awaitable[Wechat]]
OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"
NUMBER = "已收到您的诉求，编号 20261123-0007-3。"


def written(gateway: RecordingGateway) -> list[tuple[str, bool]]:
    return [(reply.text, ok) for reply, ok in gateway.written]


async def test_an_answer_in_time_rides_back(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    gateway.answer = Answer(NUMBER, after=1.0)
    wechat = await connect(make_channel())
    delivery = await wechat.post_message(OPENID, "路灯坏了")
    assert delivery.statuses == [200]
    assert delivery.seen == NUMBER
    assert written(gateway) == [(NUMBER, True)]
    assert [within for _, within, _ in gateway.accepts] == [4.5]
    assert gateway.waits == [(1, 4.5)]


async def test_the_reply_is_wechats_xml(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway, clock: FakeClock
) -> None:
    gateway.answer = Answer("a]]>b <&> 👴\x00\ud800")
    wechat = await connect(make_channel())
    delivery = await wechat.post_message(OPENID, "您好")
    fields = {child.tag: child.text for child in fromstring(delivery.body)}
    assert fields == {
        "ToUserName": OPENID,
        "FromUserName": wechat.account_id,
        "CreateTime": str(int(clock.now().timestamp())),
        "MsgType": "text",
        "Content": "a]]>b <&> 👴",
    }
    assert wechatpy.parse_message(delivery.body).content == "a]]>b <&> 👴"


async def test_a_json_push_is_answered_in_json(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    gateway.answer = Answer(NUMBER)
    wechat = await connect(make_channel(), format="json")
    delivery = await wechat.post_message(OPENID, "路灯坏了")
    assert delivery.body[:1] == b"{"
    assert delivery.seen == NUMBER


async def test_a_late_answer_is_left_to_the_push(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway, clock: FakeClock
) -> None:
    gateway.answer = Answer(NUMBER, after=60.0)
    began = clock.now()
    wechat = await connect(make_channel())
    delivery = await wechat.post_message(OPENID, "路灯坏了")
    assert (delivery.statuses, delivery.body) == ([200], b"success")
    assert (clock.now() - began).total_seconds() == 4.5
    assert gateway.written == []


async def test_zero_wait_acknowledges_at_once(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    gateway.answer = Answer(NUMBER)
    wechat = await connect(make_channel(reply_wait_seconds=0))
    assert (await wechat.post_message(OPENID, "路灯坏了")).body == b"success"
    assert gateway.accepts[0][1] == 0.0
    assert gateway.waits == []


async def test_without_push_the_second_try_carries_the_answer(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    gateway.answer = Answer(NUMBER, after=7.0)
    wechat = await connect(make_channel(can_push=False))
    delivery = await wechat.post_message(OPENID, "路灯坏了")
    assert delivery.statuses == [0, 200]
    assert delivery.seen == NUMBER
    assert written(gateway) == [(NUMBER, True)]
    assert [within for _, within, _ in gateway.accepts] == [14.5] * 2


async def test_without_push_the_third_try_says_received(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    gateway.answer = Answer(NUMBER, after=600.0)
    wechat = await connect(make_channel(can_push=False))
    delivery = await wechat.post_message(OPENID, "路灯坏了")
    assert delivery.statuses == [0, 0, 200]
    assert delivery.seen == texts.RECEIVED
    assert len(gateway.inbounds) == 1
    assert [within for _, within, _ in gateway.accepts] == [14.5] * 3
    assert gateway.written == []


async def test_without_push_and_nothing_to_say_it_acknowledges(
    make_channel: MakeChannel, connect: Connect
) -> None:
    wechat = await connect(make_channel(can_push=False))
    delivery = await wechat.post_message(OPENID, "谢谢")
    assert (delivery.statuses, delivery.body) == ([200], b"success")


async def test_a_first_try_seen_by_another_process_counts(
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
) -> None:
    gateway.answer = Answer(NUMBER, after=600.0)
    one, other = [await connect(make_channel(can_push=False)) for _ in range(2)]
    body = one.body(OPENID, {"MsgType": "text", "Content": "灯", "MsgId": "77"})
    assert await post(one, body) == 0
    assert await post(other, body) == 0
    assert await post(one, body) == 200
    assert len(gateway.inbounds) == 1


async def post(wechat: Wechat, body: bytes) -> int:
    try:
        async with ClientSession() as http, http.post(wechat.signed_url(), data=body) as response:
            await response.read()
            return response.status
    except ClientError:
        return 0


async def test_a_retry_gets_the_same_text(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    gateway.answer = Answer(NUMBER)
    wechat = await connect(make_channel())
    body = wechat.body(OPENID, {"MsgType": "text", "Content": "灯", "MsgId": "77"})
    for _ in range(2):
        async with ClientSession() as http, http.post(wechat.signed_url(), data=body) as response:
            assert NUMBER in await response.text()
    assert len(gateway.inbounds) == 1
    assert len({reply.outbox_id for reply, _ in gateway.written}) == 1


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ({"MsgType": "event", "Event": "unsubscribe"}, "unsubscribe"),
        ({"MsgType": "event", "Event": "VIEW", "EventKey": "http://e.cn/"}, "other"),
        ({"MsgType": "event", "Event": "scancode_push", "EventKey": "k"}, "menu"),
        ({"MsgType": "event", "Event": "pic_sysphoto", "EventKey": "k"}, "other"),
        ({"MsgType": "event", "Event": "pic_photo_or_album", "EventKey": "k"}, "other"),
        ({"MsgType": "event", "Event": "pic_weixin", "EventKey": "k"}, "other"),
        ({"MsgType": "event", "Event": "location_select", "EventKey": "k"}, "other"),
    ],
)
async def test_what_nobody_waits_for_is_stored_and_acknowledged(
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
    content: dict[str, str],
    name: str,
) -> None:
    gateway.answer = Answer(NUMBER)
    wechat = await connect(make_channel())
    assert (await wechat.post(OPENID, content)).body == b"success"
    (inbound,) = gateway.inbounds
    assert inbound.kind is MessageKind.EVENT
    assert inbound.event is not None
    assert inbound.event.name == name
    assert gateway.accepts[0][1] == 0.0
    assert gateway.waits == []


async def test_an_answer_too_long_for_a_reply_is_left_whole_to_the_push(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    text = "镇里已经安排人员到现场查看。" * 100
    gateway.answer = Answer(text)
    wechat = await connect(make_channel())
    assert (await wechat.post_message(OPENID, "路灯坏了")).body == b"success"
    assert [reply.text for reply in gateway.declined] == [text]
    assert gateway.written == []


@pytest.mark.parametrize(("can_push", "seen"), [(True, None), (False, texts.RECEIVED)])
async def test_a_spooled_message_is_acknowledged_without_waiting(
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
    can_push: bool,
    seen: str | None,
) -> None:
    gateway.spooling = True
    wechat = await connect(make_channel(can_push=can_push))
    delivery = await wechat.post_message(OPENID, "路灯坏了")
    assert delivery.statuses == [200]
    assert delivery.seen == seen


@pytest.mark.parametrize("can_push", [True, False])
async def test_only_without_push_a_long_answer_is_asked_for_in_parts(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway, can_push: bool
) -> None:
    gateway.answer = Answer("镇里已经安排人员到现场查看。")
    wechat = await connect(make_channel(can_push=can_push))
    await wechat.post_message(OPENID, "路灯坏了")
    assert gateway.in_parts == [not can_push]


async def test_an_answer_of_exactly_2048_bytes_rides_back(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    gateway.answer = Answer("好" * 682 + "ab")
    wechat = await connect(make_channel())
    assert (await wechat.post_message(OPENID, "路灯坏了")).seen == "好" * 682 + "ab"


@pytest.mark.parametrize("can_push", [True, False])
async def test_a_reply_wechat_no_longer_waits_for_is_pushed_or_told_as_not_written(
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
    clock: FakeClock,
    can_push: bool,
) -> None:
    clock.auto = False
    gateway.answer = Answer(NUMBER, after=3.0)
    wechat = await connect(make_channel(can_push=can_push), try_seconds=0.05)
    delivery = await wechat.post_message(OPENID, "路灯坏了")
    assert delivery.statuses == [0, 0, 0]
    assert delivery.seen == SERVICE_DOWN
    await clock.advance(3.0)
    async with asyncio.timeout(5):
        while len(gateway.declined if can_push else gateway.written) < 3:
            await asyncio.sleep(0.01)
    assert [reply.text for reply in gateway.declined] == ([NUMBER] * 3 if can_push else [])
    assert written(gateway) == ([] if can_push else [(NUMBER, False)] * 3)


async def test_a_cancelled_handler_still_tells_what_became_of_the_reply(
    make_channel: MakeChannel, gateway: RecordingGateway, platform: FakePlatform
) -> None:
    gateway.answer = Answer(NUMBER)
    channel = make_channel()
    writing = asyncio.Event()

    async def never_ready(request: web.Request, response: web.StreamResponse) -> None:
        writing.set()
        await asyncio.Event().wait()

    app = web.Application()
    app.add_routes(channel.routes())
    app.on_response_prepare.append(never_ready)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    wechat = Wechat(platform, f"http://127.0.0.1:{port}/channels/wechat/town", "word")
    wechat.token = "word-agreed-with-wechat"
    posting = asyncio.create_task(wechat.post_message(OPENID, "路灯坏了"))
    async with asyncio.timeout(5):
        await writing.wait()
        posting.cancel()
        await gateway.told.wait()
    assert written(gateway) == [(NUMBER, False)]
    await runner.cleanup()


async def test_without_an_inbox_wechat_gets_no_answer_and_tries_again(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway, clock: FakeClock
) -> None:
    gateway.unavailable = True
    began = clock.now()
    wechat = await connect(make_channel())
    assert (await wechat.post_message(OPENID, "路灯坏了")).statuses == [0, 0, 0]
    assert (clock.now() - began).total_seconds() >= 3 * 5
    gateway.unavailable = False
    assert (await wechat.post_message(OPENID, "路灯坏了")).statuses == [200]


async def test_the_url_is_verified(
    make_channel: MakeChannel, connect: Connect, http: ClientSession
) -> None:
    wechat = await connect(make_channel())
    signed = wechat.signed_url()
    async with http.get(signed.update_query(echostr="4375120948345356249")) as response:
        assert (response.status, await response.text()) == (200, "4375120948345356249")
        assert response.content_type == "text/plain"
    async with http.get(signed) as response:
        assert response.status == 400
    async with http.get(URL(wechat.webhook_url).with_query(echostr="1")) as response:
        assert response.status == 403
    async with http.put(signed) as response:
        assert response.status == 405


async def test_the_golden_vectors_verify_over_http(
    golden: Callable[..., list[dict[str, Any]]],
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
    http: ClientSession,
    clock: FakeClock,
) -> None:
    for vector in golden("url_verify", "plain_push"):
        clock.set(datetime.fromtimestamp(int(vector["timestamp"]), UTC))
        wechat = await connect(make_channel(token=vector["token"]))
        names = ("signature", "timestamp", "nonce", "echostr")
        query = {name: vector[name] for name in names if name in vector}
        url = URL(wechat.webhook_url).with_query(query)
        if "body" in vector:
            async with http.post(url, data=vector["body"].encode()) as response:
                assert (response.status, await response.read()) == (200, b"success")
            assert gateway.inbounds[-1].raw == vector["body"].encode()
        else:
            async with http.get(url) as response:
                assert await response.text() == vector["expect_body"]


async def send_raw(wechat: Wechat, head: str, body: bytes) -> bytes:
    url = wechat.signed_url()
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"POST {url.raw_path_qs} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode() + body)
    await writer.drain()
    async with asyncio.timeout(5):
        answer = await reader.read(200)
    writer.close()
    return answer


async def test_broken_transfers_are_refused(
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wechat = await connect(make_channel())
    answer = await send_raw(wechat, "Transfer-Encoding: chunked", b"zz\r\n<xml>\r\n0\r\n\r\n")
    assert answer.split()[1] == b"400"
    answer = await send_raw(wechat, "Transfer-Encoding: chunked", b"11170\r\n" + b"a" * 70_000)
    assert answer.split()[1] == b"413"
    monkeypatch.setattr(request_body, "MAX_SECONDS", 0.05)
    answer = await send_raw(wechat, "Content-Length: 100", b"<xml>")
    assert answer.split()[1] == b"408"
    assert gateway.accepts == []
