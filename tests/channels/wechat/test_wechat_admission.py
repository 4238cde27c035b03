"""What is let in: the modes, the window, replays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession
from ports_in_memory import Answer, FakeClock, MemoryStore, RecordingGateway
from yarl import URL

from channels.wechat import WechatChannel, signature
from channels.wechat.admission import Admission, Refused
from channels.wechat.encryption import EncodingKey, MessageCipher, Seal
from channels.wechat.signature import sign
from channels.wechat.testing import Wechat

Golden = Callable[..., list[dict[str, Any]]]
MakeChannel = Callable[..., WechatChannel]
Connect = Callable[..., Awaitable[Wechat]]
OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"
KEY = "kQ7ZrXw2bN9mLp4TgVyC8dHsJf6aUe3RiOxP1qMzB5E"
OLD_KEY = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0U1v"
TOKEN, NEW_TOKEN = "word-agreed-with-wechat", "word-agreed-from-now-on"
MODES: dict[str, dict[str, Any]] = {
    "plain": {},
    "compatible": {"aes_key": KEY, "compatible": True},
    "safe": {"aes_key": KEY},
}
ANSWER = "已收到您的诉求，编号 20261123-0007-3。"


@pytest.mark.parametrize("format_", ["xml", "json"])
@pytest.mark.parametrize("compatible", [False, True])
async def test_an_encrypted_push_is_answered_encrypted(
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
    format_: str,
    compatible: bool,
) -> None:
    gateway.answer = Answer(ANSWER)
    wechat = await connect(
        make_channel(encoding_aes_key=KEY), aes_key=KEY, format=format_, compatible=compatible
    )
    delivery = await wechat.post_message(OPENID, "路灯坏了")
    assert delivery.seen == ANSWER
    assert ANSWER.encode() not in delivery.body
    assert gateway.inbounds[-1].text == "路灯坏了"
    assert b"Encrypt" not in gateway.inbounds[-1].raw


async def test_success_is_not_encrypted(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    gateway.answer = Answer(ANSWER, after=60.0)
    wechat = await connect(make_channel(encoding_aes_key=KEY), aes_key=KEY)
    assert (await wechat.post_message(OPENID, "路灯坏了")).body == b"success"


async def test_while_the_key_changes_each_is_answered_with_its_own(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    gateway.answer = Answer(ANSWER)
    channel = make_channel(encoding_aes_key=KEY, previous_encoding_aes_key=OLD_KEY)
    wechat = await connect(channel, aes_key=OLD_KEY)
    assert (await wechat.post_message(OPENID, "路灯坏了")).seen == ANSWER
    wechat.aes_key = KEY
    assert (await wechat.post_message(OPENID, "井盖没了")).seen == ANSWER


@pytest.mark.parametrize("format_", ["xml", "json"])
@pytest.mark.parametrize("mode", MODES)
async def test_while_the_token_changes_each_is_answered_with_its_own(
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
    mode: str,
    format_: str,
) -> None:
    gateway.answer = Answer(ANSWER)
    keys = {"encoding_aes_key": KEY} if "aes_key" in MODES[mode] else {}
    channel = make_channel(token=NEW_TOKEN, previous_token=TOKEN, **keys)
    wechat = await connect(channel, format=format_, **MODES[mode])
    for token in (TOKEN, NEW_TOKEN):
        wechat.token = token
        # WeChat's side shows no reply that another token signed.
        assert (await wechat.post_message(OPENID, "路灯坏了")).seen == ANSWER
    wechat.token = "a-word-nobody-agreed-on"
    assert (await wechat.post_message(OPENID, "假的")).statuses == [403]
    assert "假的" not in [inbound.text for inbound in gateway.inbounds]


async def test_once_the_previous_token_is_taken_out_it_opens_nothing(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    wechat = await connect(make_channel(token=NEW_TOKEN, previous_token=""))
    assert (await wechat.post_message(OPENID, "路灯坏了")).statuses == [403]
    assert gateway.inbounds == []


async def test_token_and_key_change_each_for_itself(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    gateway.answer = Answer(ANSWER)
    keys = {"encoding_aes_key": KEY, "previous_encoding_aes_key": OLD_KEY}
    channel = make_channel(token=NEW_TOKEN, previous_token=TOKEN, **keys)
    wechat = await connect(channel, aes_key=KEY)
    for wechat.token, wechat.aes_key in ((TOKEN, KEY), (NEW_TOKEN, OLD_KEY), (TOKEN, OLD_KEY)):
        assert (await wechat.post_message(OPENID, "路灯坏了")).seen == ANSWER


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize(
    ("token", "status"), [(TOKEN, 200), (NEW_TOKEN, 200), ("a-word-nobody-agreed-on", 403)]
)
async def test_the_url_is_verified_with_either_token(
    make_channel: MakeChannel,
    connect: Connect,
    http: ClientSession,
    encrypted: bool,
    token: str,
    status: int,
) -> None:
    channel = make_channel(token=NEW_TOKEN, previous_token=TOKEN, encoding_aes_key=KEY)
    wechat = await connect(channel)
    wechat.token = token
    url, echo = wechat.signed_url(), "4375120948345356249"
    query = {**url.query, "echostr": echo}
    if encrypted:
        key = EncodingKey(KEY)
        sealed = MessageCipher(wechat.platform.app_id, [key]).encrypt(echo.encode(), key)
        signed = sign(token, query["timestamp"], query["nonce"], sealed)
        query |= {"echostr": sealed, "msg_signature": signed}
    async with http.get(url.with_query(query)) as response:
        assert response.status == status
        assert (await response.text() == echo) == (status == 200)


@pytest.mark.parametrize("tokens", [(NEW_TOKEN,), (NEW_TOKEN, TOKEN)])
@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("by", [NEW_TOKEN, TOKEN])
def test_the_previous_token_costs_nothing_where_the_current_one_signed(
    monkeypatch: pytest.MonkeyPatch, tokens: tuple[str, ...], encrypted: bool, by: str
) -> None:
    now, key = datetime(2026, 11, 23, tzinfo=UTC), EncodingKey(KEY)
    cipher = MessageCipher("wx1", [key])
    query = {"timestamp": str(int(now.timestamp())), "nonce": "7"}
    body = b"<xml/>"
    if encrypted:
        sealed = cipher.encrypt(body, key)
        body = f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()
        query["msg_signature"] = sign(by, *query.values(), sealed)
        query["encrypt_type"] = "aes"
    else:
        query["signature"] = sign(by, *query.values())
    hashed: list[str] = []

    def counted(token: str, *parts: str) -> str:
        hashed.append(token)
        return sign(token, *parts)

    monkeypatch.setattr(signature, "sign", counted)
    admission = Admission(tokens, cipher)
    if by in tokens:
        assert admission.open(query, body, now).seal == (Seal(by, key) if encrypted else None)
    else:
        with pytest.raises(Refused, match="signature"):
            admission.open(query, body, now)
    assert hashed == ([NEW_TOKEN] if by == NEW_TOKEN else list(tokens))


def test_a_seal_shows_neither_token_nor_key() -> None:
    shown = repr(Seal(TOKEN, EncodingKey(KEY)))
    assert TOKEN not in shown
    assert KEY not in shown


async def test_the_golden_vectors_over_http(
    golden: Golden,
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
    http: ClientSession,
    clock: FakeClock,
) -> None:
    for vector in golden("decrypt", "negative"):
        clock.set(datetime.fromtimestamp(int(vector["timestamp"]), UTC))
        channel = make_channel(
            token=vector["token"],
            app_id=vector["appid"],
            encoding_aes_key=vector["encoding_aes_key"],
        )
        wechat = await connect(channel)
        url = wechat.signed_url().with_query(
            timestamp=vector["timestamp"],
            nonce=vector["nonce"],
            msg_signature=vector["msg_signature"],
            encrypt_type="aes",
        )
        body = f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{vector['encrypt']}</Encrypt></xml>"
        before = len(gateway.inbounds)
        async with http.post(url, data=body.encode()) as response:
            if vector["kind"] == "negative":
                assert response.status in (400, 403), vector["id"]
                assert len(gateway.inbounds) == before
                continue
            known = "FromUserName" in _plain_of(vector)
            assert response.status == (200 if known else 400), vector["id"]
            assert len(gateway.inbounds) == before + known


def _plain_of(vector: dict[str, Any]) -> str:
    return str(vector["expect"]["msg"] if "expect" in vector else vector["plaintext"])


async def test_the_golden_encrypted_echo(
    golden: Golden, make_channel: MakeChannel, connect: Connect, http: ClientSession
) -> None:
    for vector in golden("echostr"):
        channel = make_channel(
            token=vector["token"],
            app_id=vector["appid"],
            encoding_aes_key=vector["encoding_aes_key"],
        )
        names = ("timestamp", "nonce", "msg_signature")
        query = {name: vector[name] for name in names} | {"echostr": vector["encrypt"]}
        wechat = await connect(channel)
        async with http.get(wechat.signed_url().with_query(query)) as response:
            assert (response.status, await response.text()) == (200, vector["expect_echo"])
        query["msg_signature"] = "0" * 40
        async with http.get(wechat.signed_url().with_query(query)) as response:
            assert response.status == 403


@pytest.mark.parametrize(
    ("options", "mode", "told"),
    [
        ({}, {"aes_key": KEY}, "encoding_aes_key"),
        ({"encoding_aes_key": KEY}, {}, "安全模式"),
        ({"encoding_aes_key": KEY}, {"aes_key": OLD_KEY}, "不一致"),
    ],
    ids=["no key here", "plain there", "another key"],
)
async def test_a_mode_that_does_not_fit_is_refused_and_the_operator_told(
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
    options: dict[str, Any],
    mode: dict[str, Any],
    told: str,
) -> None:
    channel = make_channel(**options)
    wechat = await connect(channel, **mode)
    assert (await wechat.post_message(OPENID, "您好")).statuses[-1] == 400
    assert gateway.inbounds == []
    health = await channel.health()
    assert (health["ok"], told in health["detail"]) == (False, True)
    wechat.aes_key = options.get("encoding_aes_key", "")
    assert (await wechat.post_message(OPENID, "您好")).statuses == [200]
    assert (await channel.health())["ok"] is True


async def test_plain_is_taken_beside_a_key_where_allowed(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    wechat = await connect(make_channel(encoding_aes_key=KEY, accept_plain=True))
    assert (await wechat.post_message(OPENID, "您好")).statuses == [200]
    assert len(gateway.inbounds) == 1


@pytest.mark.parametrize("late", [timedelta(minutes=6), timedelta(minutes=-6)])
async def test_a_request_of_another_time_is_refused_and_the_operator_told(
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
    clock: FakeClock,
    http: ClientSession,
    late: timedelta,
) -> None:
    channel = make_channel()
    wechat = await connect(channel)
    body = wechat.body(OPENID, {"MsgType": "text", "Content": "您好", "MsgId": "1"})
    url, body = wechat.request(body)
    clock.set(clock.now() + late)
    async with http.post(url, data=body) as response:
        assert response.status == 403
    assert gateway.inbounds == []
    assert "相差 6 分钟" in (await channel.health())["detail"]


async def test_a_retry_bears_the_same_nonce_but_no_other_message_does(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway, http: ClientSession
) -> None:
    wechat = await connect(make_channel())
    url = wechat.signed_url()
    statuses = []
    for text, message_id in (
        ("路灯坏了", "1"),
        ("路灯坏了", "1"),
        ("假的", "2"),
        ("路灯坏了", "1"),
    ):
        content = {"MsgType": "text", "Content": text, "MsgId": message_id}
        async with http.post(url, data=wechat.body(OPENID, content)) as response:
            statuses.append(response.status)
    assert statuses == [200, 200, 403, 200]
    assert "假的" not in [inbound.text for inbound in gateway.inbounds]


async def test_a_nonce_seen_by_one_process_is_a_replay_to_all(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway, http: ClientSession
) -> None:
    one, other = [await connect(make_channel()) for _ in range(2)]
    url = one.signed_url()
    statuses = []
    for wechat, text, message_id in (
        (one, "路灯坏了", "1"),
        (other, "路灯坏了", "1"),
        (other, "假的", "2"),
        (one, "假的", "2"),
    ):
        content = {"MsgType": "text", "Content": text, "MsgId": message_id}
        to = URL(wechat.webhook_url).with_query(url.query)
        async with http.post(to, data=wechat.body(OPENID, content)) as response:
            statuses.append(response.status)
    assert statuses == [200, 200, 403, 403]
    assert {inbound.text for inbound in gateway.inbounds} == {"路灯坏了"}


async def test_without_the_shared_store_each_process_still_knows_its_own(
    make_channel: MakeChannel, connect: Connect, store: MemoryStore, http: ClientSession
) -> None:
    store.broken = True
    wechat = await connect(make_channel())
    url = wechat.signed_url()
    statuses = []
    for message_id in ("1", "1", "2"):
        content = {"MsgType": "text", "Content": "路灯坏了", "MsgId": message_id}
        async with http.post(url, data=wechat.body(OPENID, content)) as response:
            statuses.append(response.status)
    assert statuses == [200, 200, 403]


async def test_a_push_signed_whole_costs_the_shared_store_nothing(
    make_channel: MakeChannel, connect: Connect, store: MemoryStore
) -> None:
    wechat = await connect(make_channel(encoding_aes_key=KEY), aes_key=KEY)
    assert (await wechat.post_message(OPENID, "路灯坏了")).statuses == [200]
    assert not any("nonce" in key for key in store.values)


@pytest.mark.parametrize("timestamp", ["", "x", "1e9", "-1", "9" * 30, "１７９５４００"])
async def test_a_timestamp_that_is_none_is_refused(
    make_channel: MakeChannel, connect: Connect, http: ClientSession, timestamp: str
) -> None:
    wechat = await connect(make_channel())
    signed = sign(wechat.token, timestamp, "7")
    url = wechat.signed_url().with_query(timestamp=timestamp, nonce="7", signature=signed)
    async with http.post(url, data=wechat.body(OPENID, {"MsgType": "text"})) as response:
        assert response.status == 403
