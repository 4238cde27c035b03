"""What the answers of cloud gateways mean, and what the account does about them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

import pytest
import yaml
from aiohttp import ClientSession
from contract import Serve
from ports_in_memory import FakeClock, RecordingGateway

from backend.ports import (
    About,
    Account,
    Channel,
    ChannelDependencies,
    DeliveryReceipt,
    Noticed,
    Outbound,
    ReceiptState,
    Rejected,
    Retry,
    Sent,
    Unknown,
    Unreachable,
)
from channels.sms import create
from channels.sms.cloud.codes import Code
from channels.sms.cloud.hold import Hold
from channels.sms.testing import FakeAliyun, FakeTencent
from channels.sms.testing.cloud import KEY

TO = "13800138000"
LINK = "https://xy.example/m/abc-123"
ABOUT = About("20261123-0007-3", "路灯不亮")
RESULTS = {
    "sent": Sent,
    "back_off": Retry,
    "stop": Retry,
    "later": Retry,
    "refused": Rejected,
    "unknown": Unknown,
}
Fake = FakeAliyun | FakeTencent


@pytest.fixture(params=[FakeAliyun, FakeTencent], ids=["aliyun", "tencent"])
async def fake(request: pytest.FixtureRequest) -> AsyncIterator[Fake]:
    gateway = request.param()
    await gateway.open()
    yield gateway
    await gateway.close()


def make(fake: Fake, deps: ChannelDependencies, **changed: Any) -> Channel:
    return create(Account("county", "sms", fake.options() | changed), deps)


def codes(fake: Fake) -> dict[str, Code]:
    package = f"channels.sms.{fake.options()['provider']}"
    lines = yaml.safe_load(files(package).joinpath("codes.yml").read_text(encoding="utf-8"))
    return {name: Code(**fields) for name, fields in lines.items()}


async def test_every_code_has_its_result(
    fake: Fake, deps: ChannelDependencies, serve: Serve, clock: FakeClock
) -> None:
    channel = make(fake, deps)
    await serve(channel)
    for name, code in codes(fake).items():
        fake.code = name
        clock.set(clock.now().replace(year=clock.now().year + 1))  # nothing is held any more
        result = await channel.send(Outbound(1, TO, "您好"))
        if code.outcome == "sent":
            continue
        assert isinstance(result, RESULTS[code.outcome]), name
        assert name in result.reason
        health = await channel.health()
        if code.operator:
            assert health["detail"] == code.operator
        assert name in health["last_error"]


async def test_what_stops_an_account_is_not_asked_again_at_once(
    fake: Fake, deps: ChannelDependencies, serve: Serve, clock: FakeClock
) -> None:
    channel = make(fake, deps)
    await serve(channel)
    stops = next(name for name, code in codes(fake).items() if code.outcome == "stop")
    fake.code = stops
    first = await channel.send(Outbound(1, TO, "您好"))
    assert isinstance(first, Retry)
    assert first.after is not None
    second = await channel.send(Outbound(2, TO, "您好"))
    assert second == Retry("the account is held back", first.after)
    assert fake.asked == 1
    fake.code = ""
    await clock.advance(first.after)
    assert isinstance(await channel.send(Outbound(1, TO, "您好")), Sent)
    assert (await channel.health())["ok"] is True


async def test_too_fast_waits_longer_each_time(
    fake: Fake, deps: ChannelDependencies, serve: Serve, clock: FakeClock
) -> None:
    channel = make(fake, deps)
    await serve(channel)
    fake.code = next(name for name, code in codes(fake).items() if code.outcome == "back_off")
    waits = []
    for _ in range(7):
        result = await channel.send(Outbound(1, TO, "您好"))
        assert isinstance(result, Retry)
        waits.append(result.after)
        await clock.advance(result.after or 0)
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_a_hold_never_shrinks_and_ends(clock: FakeClock) -> None:
    hold, now = Hold(), clock.now()
    assert hold.stop(now, 300) == 300
    assert hold.back_off(now) == 300
    assert hold.left(now.replace(hour=now.hour + 1)) == 0
    hold.release()
    assert hold.left(now) == 0


async def test_a_petition_is_told_by_a_notice_once(
    fake: Fake, deps: ChannelDependencies, serve: Serve
) -> None:
    channel = make(fake, deps)
    await serve(channel)
    result = await channel.send(Outbound(7, TO, "很长的答复" * 500, ABOUT, link=LINK))
    (taken,) = fake.taken
    assert result == Noticed("sms_template", taken.provider_id)
    assert taken.values == (ABOUT.number, LINK)
    again = Outbound(7, TO, "很长的答复" * 500, ABOUT, ["sms_template"], link=LINK)
    assert await channel.send(again) == Unreachable("")
    assert isinstance(await channel.send(Outbound(8, TO, "很长的话" * 600)), Unreachable)
    assert len(fake.taken) == 1
    assert (await channel.health())["counts"] == {"sent": 1, "no_template": 1}


async def test_a_code_is_told_whole(fake: Fake, deps: ChannelDependencies, serve: Serve) -> None:
    channel = make(fake, deps)
    await serve(channel)
    assert isinstance(await channel.send(Outbound(1, TO, "验证码 123456", code="123456")), Sent)
    assert fake.taken[0].values == ("123456",)


@pytest.mark.parametrize("wrong", ["signature", "secret"])
async def test_wrong_credentials_are_told_to_the_operator(
    fake: Fake, deps: ChannelDependencies, serve: Serve, wrong: str
) -> None:
    secret = "access_key_secret" if isinstance(fake, FakeAliyun) else "secret_key"
    changed = {"signature": "别的县12345"} if wrong == "signature" else {secret: "another-secret"}
    channel = make(fake, deps, **changed)
    await serve(channel)
    assert isinstance(await channel.send(Outbound(1, TO, "您好")), Retry)
    health = await channel.health()
    assert health["ok"] is False
    assert "请核对" in health["detail"]


async def test_an_answer_that_is_none_is_unknown(
    fake: Fake, deps: ChannelDependencies, serve: Serve
) -> None:
    channel = make(fake, deps)
    await serve(channel)
    fake.nonsense = True
    assert isinstance(await channel.send(Outbound(1, TO, "您好")), Unknown)


@pytest.mark.parametrize("success", [True, False])
async def test_a_receipt_finds_its_message(
    fake: Fake,
    deps: ChannelDependencies,
    serve: Serve,
    http: ClientSession,
    gateway: RecordingGateway,
    success: bool,
) -> None:
    channel = make(fake, deps)
    base = await serve(channel)
    await channel.send(Outbound(7, TO, "您好"))
    await channel.send(Outbound(8, TO, "很长" * 1500, ABOUT, link=LINK))
    for taken in fake.taken:
        body = fake.report(taken, success=success)
        async with http.post(f"{base}/channels/sms/county/report/{KEY}", data=body) as answer:
            assert answer.status == 200
            told = await answer.json()
    assert told in ({"code": 0, "msg": "接收成功"}, {"result": 0, "errmsg": "OK"})
    state = ReceiptState.DELIVERED if success else ReceiptState.FAILED
    detail = "" if success else "MK:0001 空号"
    first, second = fake.taken
    # Aliyun's bears our own name where the message was told whole; a notice is never taken for it.
    ours = (
        DeliveryReceipt("county", state, outbox_id=7, detail=detail)
        if isinstance(fake, FakeAliyun)
        else DeliveryReceipt("county", state, provider_id=first.provider_id, detail=detail)
    )
    notice = DeliveryReceipt("county", state, provider_id=second.provider_id, detail=detail)
    assert gateway.receipts == [ours, notice]


async def test_one_bad_entry_does_not_lose_the_others(
    fake: Fake,
    deps: ChannelDependencies,
    serve: Serve,
    http: ClientSession,
    gateway: RecordingGateway,
) -> None:
    base = await serve(make(fake, deps))
    good = fake.mo(TO, "1", "1", extension="0012").strip(b"[]")
    for _ in range(2):
        url = f"{base}/channels/sms/county/mo/{KEY}"
        async with http.post(url, data=b"[{}," + good + b"]") as answer:
            assert answer.status == 400
    (inbound,) = gateway.inbounds
    assert (inbound.text, inbound.extension) == ("1", "0012")
    assert inbound.sent_at is not None
    assert inbound.sent_at.isoformat().startswith("2026-11-23T13:08:3")


async def test_only_listed_callers_may_call(
    fake: Fake, deps: ChannelDependencies, serve: Serve, http: ClientSession
) -> None:
    base = await serve(make(fake, deps, allow_from=["10.9.0.0/16"]))
    url = f"{base}/channels/sms/county/mo/{KEY}"
    async with http.post(url, data=fake.mo(TO, "您好", "1")) as answer:
        assert answer.status == 403
