"""What sendsms is asked, and what its answers mean."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from conftest import Serve
from ports_in_memory import RecordingGateway

from backend.ports import (
    Account,
    Channel,
    ChannelDependencies,
    Outbound,
    Rejected,
    Retry,
    Sent,
    Unknown,
)
from channels.sms import create, providers
from channels.sms.numbers import NotANumber, normalise
from channels.sms.signature import signed
from tests.channels.sms.fake_kannel import KEY, PASSWORD, FakeKannel

TO = "13800138000"


@pytest.fixture
async def kannel_fake() -> AsyncIterator[FakeKannel]:
    fake = FakeKannel()
    await fake.open()
    yield fake
    await fake.close()


def make(fake: FakeKannel, deps: ChannelDependencies, **options: object) -> Channel:
    return create(Account("county", "sms", fake.options() | options), deps)


async def test_the_request_is_kannels(
    kannel_fake: FakeKannel, deps: ChannelDependencies, serve: Serve
) -> None:
    channel = make(kannel_fake, deps, signature="【清河县乡音】")
    await serve(channel)
    for text in ("您好&=%d", "【清河县乡音】您好"):
        assert await channel.send(Outbound(7, TO, text)) == Sent()
    first, second = kannel_fake.requests
    assert first == {
        "username": "xiangyin",
        "password": PASSWORD,
        "from": "10690001",
        "to": TO,
        "text": "【清河县乡音】您好&=%d",
        "charset": "UTF-8",
        "coding": "2",
        "dlr-mask": "31",
        "dlr-url": f"http://127.0.0.1:8080/channels/sms/county/dlr?key={KEY}"
        "&id=7&type=%d&answer=%A",
    }
    assert second["text"] == "【清河县乡音】您好"


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (202, "0: Accepted for delivery", Sent()),
        (202, "3: Queued for later delivery", Sent()),
        (403, "Authorization failed for sendsms", Retry("authorization failed", 60)),
        (503, "Temporal failure, try again later.", Retry),
        (400, "Empty receiver number not allowed, rejected", Rejected),
        (502, "Bad gateway", Unknown),
        (302, "", Unknown),
    ],
)
async def test_answers(
    kannel_fake: FakeKannel,
    deps: ChannelDependencies,
    serve: Serve,
    status: int,
    body: str,
    result: object,
) -> None:
    channel = make(kannel_fake, deps)
    await serve(channel)
    kannel_fake.answer = (status, body)
    got = await channel.send(Outbound(7, TO, "您好"))
    assert got == result or isinstance(got, result if isinstance(result, type) else ())
    assert len(kannel_fake.requests) == 1


@pytest.mark.parametrize("how", ["drops", "hangs"])
async def test_a_lost_answer_is_never_repeated(
    kannel_fake: FakeKannel, deps: ChannelDependencies, serve: Serve, how: str
) -> None:
    channel = make(kannel_fake, deps)
    await serve(channel)
    await channel.send(Outbound(6, TO, "先发一条"))
    setattr(kannel_fake, how, True)
    assert isinstance(await channel.send(Outbound(7, TO, "您好")), Unknown)
    assert len(kannel_fake.requests) == 2


async def test_what_kannel_would_cut_or_ignore_is_not_sent(
    kannel_fake: FakeKannel, deps: ChannelDependencies, serve: Serve
) -> None:
    channel = make(kannel_fake, deps, max_parts=2)
    await serve(channel)
    assert isinstance(await channel.send(Outbound(1, TO, "长" * 135)), Rejected)
    assert isinstance(await channel.send(Outbound(2, TO, " \n")), Rejected)
    assert kannel_fake.requests == []
    assert await channel.send(Outbound(3, TO, "长" * 134)) == Sent()


async def test_health_names_the_fault_and_recovers(
    kannel_fake: FakeKannel, deps: ChannelDependencies, serve: Serve
) -> None:
    channel = make(kannel_fake, deps)
    await serve(channel)
    assert (await channel.health())["ok"] is True
    kannel_fake.answer = (403, "Authorization failed for sendsms")
    assert "password" in (await channel.health())["detail"]
    kannel_fake.answer = None
    assert (await channel.health())["detail"] == "正常"
    assert all("to" not in request for request in kannel_fake.requests)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "status"),
    [
        ([], "", 403),
        ([], "10.9.8.7", 403),  # anyone may claim a header
        (["127.0.0.1"], "10.9.8.7", 200),
        (["127.0.0.1"], "10.9.8.7, 10.1.1.1", 403),
        (["127.0.0.1", "10.1.0.0/16"], "10.9.8.7, 10.1.1.1", 200),
        (["127.0.0.1"], "nonsense", 403),
    ],
)
async def test_allow_list_behind_proxies(
    kannel_fake: FakeKannel,
    gateway: RecordingGateway,
    deps: ChannelDependencies,
    serve: Serve,
    http: ClientSession,
    proxies: list[str],
    forwarded: str,
    status: int,
) -> None:
    behind = ChannelDependencies(deps.gateway, deps.shared, deps.clock, trusted_proxies=proxies)
    base = await serve(make(kannel_fake, behind, allow_from=["10.9.8.0/24"]))
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    url = f"{base}/channels/sms/county/mo/{KEY}?id=1&from={TO}&text=hi"
    async with http.get(url, headers=headers) as response:
        assert response.status == status
        if status == 200:
            assert await response.read() == b""
    assert len(gateway.inbounds) == (1 if status == 200 else 0)


async def test_the_key_is_not_kept_with_the_message(
    kannel_fake: FakeKannel,
    gateway: RecordingGateway,
    deps: ChannelDependencies,
    serve: Serve,
    http: ClientSession,
) -> None:
    base = await serve(make(kannel_fake, deps))
    url = f"{base}/channels/sms/county/mo?id=1&key={KEY}&from={TO}&text=hi"
    async with http.get(url) as response:
        assert response.status == 200
    assert gateway.inbounds[0].raw == f"id=1&from={TO}&text=hi".encode()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("provider", "pigeon"),
        ("provider", "../kannel"),
        ("provider", 7),
        ("key", "short"),
        ("key", "has%percent-0123456789"),
        ("sendsms_url", "ftp://x"),
        ("callback_url", "http://x/%d"),
        ("signature", "【】"),
        ("signature", 7),
        ("allow_from", "nonsense"),
        ("allow_from", ["10.0.0.0/99"]),
        ("max_parts", 0),
        ("max_parts", True),
        ("timeout_seconds", "10"),
        ("colour", "red"),
    ],
)
async def test_wrong_options_are_named(
    kannel_fake: FakeKannel, deps: ChannelDependencies, option: str, value: object
) -> None:
    with pytest.raises(ValueError, match=option):
        make(kannel_fake, deps, **{option: value})


def test_every_provider_has_a_folder() -> None:
    assert "kannel" in providers()


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("13800138000", TO),
        ("+8613800138000", TO),
        ("8613800138000", TO),
        ("008613800138000", TO),
        ("+86 138-0013-8000", TO),
        ("10086", "10086"),
        ("0085291234567", "+85291234567"),
        ("+85291234567", "+85291234567"),
        ("057188001234", "057188001234"),
    ],
)
def test_numbers(given: str, address: str) -> None:
    assert normalise(given) == address
    assert normalise(address) == address


@pytest.mark.parametrize(
    "given", ["", "China Mobile", "12", "1" * 30, "１３８００１３８０００", "\x00"]
)
def test_what_is_no_number(given: str) -> None:
    with pytest.raises(NotANumber) as caught:
        normalise(given)
    assert not given or given not in str(caught.value)


def test_signature_comes_once() -> None:
    assert signed("您好", "清河县乡音") == "【清河县乡音】您好"
    assert signed(signed("您好", "清河县乡音"), "清河县乡音") == "【清河县乡音】您好"
    assert signed("您好", "") == "您好"
