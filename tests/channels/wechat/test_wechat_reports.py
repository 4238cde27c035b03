"""What WeChat reports of notices: decoded whole, recorded before it is acknowledged, no message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from ports_in_memory import RecordingGateway

import channels.wechat
from backend.ports import DeliveryReceipt, NoticePermission, ReceiptState
from channels.wechat import WechatChannel
from channels.wechat.decode import decode
from channels.wechat.push_body import DecodeError
from channels.wechat.testing import Notice, Wechat

MakeChannel = Callable[..., WechatChannel]
Connect = Callable[..., Awaitable[Wechat]]
FIXTURES = Path(channels.wechat.__file__).parent / "fixtures"
OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"
ALLOWED = "VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc"
BLOCKED = "failed: user block"


def reports(name: str) -> object:
    return decode((FIXTURES / name).read_bytes(), "town").reports


def test_the_fixtures() -> None:
    assert reports("event_templatesendjobfinish.xml") == (
        DeliveryReceipt("town", ReceiptState.FAILED, None, "200163836", BLOCKED),
    )
    assert reports("event_subscribe_msg_sent.xml") == (
        DeliveryReceipt("town", ReceiptState.DELIVERED, None, "1700827132819554304"),
    )
    # Refused in the popup takes nothing back.
    popup = f"{OPENID}:1795405260:subscribe_msg_popup_event:0:{ALLOWED}"
    assert reports("event_subscribe_msg_popup.xml") == (
        NoticePermission("town", OPENID, ALLOWED, popup, allowed=True),
    )
    change = f"{OPENID}:1795405320:subscribe_msg_change_event:0:{ALLOWED}"
    assert reports("event_subscribe_msg_change.json") == (
        NoticePermission("town", OPENID, ALLOWED, change, allowed=False),
    )
    assert reports("event_masssendjobfinish.xml") == ()
    assert reports("event_click.xml") is None
    assert reports("text.xml") is None


@pytest.mark.parametrize(
    ("status", "state", "detail"),
    [
        ("success", ReceiptState.DELIVERED, ""),
        ("failed:user block", ReceiptState.FAILED, BLOCKED),
        ("failed: user block", ReceiptState.FAILED, BLOCKED),
        ("failed:system failed", ReceiptState.FAILED, "failed: system failed"),
        ("failed: system failed", ReceiptState.FAILED, "failed: system failed"),
        ("", ReceiptState.FAILED, ""),
    ],
)
@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize("by", ["template", "subscribe"])
async def test_what_became_of_a_notice_is_recorded_and_is_no_message(
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
    form: str,
    by: str,
    status: str,
    state: ReceiptState,
    detail: str,
) -> None:
    wechat = await connect(make_channel(), format=form)
    notice = Notice(77, by, OPENID, "T", {}, "")
    delivery = await wechat.report_notice(notice, status)
    assert (delivery.statuses, delivery.seen) == ([200], None)
    assert gateway.receipts == [DeliveryReceipt("town", state, None, "77", detail)]
    assert gateway.inbounds == []


@pytest.mark.parametrize("form", ["xml", "json"])
async def test_one_permission_or_many(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway, form: str
) -> None:
    wechat = await connect(make_channel(), format=form)
    await wechat.answer_popup(OPENID, A="accept")
    await wechat.answer_popup(OPENID, A="accept", B="reject", C="accept")
    await wechat.switch_off(OPENID, "A")
    told = [(each.template_id, each.allowed) for each in gateway.permissions]
    assert told == [("A", True), ("A", True), ("C", True), ("A", False)]
    assert gateway.inbounds == []


async def test_what_could_not_be_recorded_is_not_acknowledged(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    wechat = await connect(make_channel(), try_seconds=0.2)
    gateway.unavailable = True
    delivery = await wechat.report_notice(Notice(77, "template", OPENID, "T", {}, ""))
    assert 200 not in delivery.statuses
    gateway.unavailable = False
    await wechat.report_notice(Notice(77, "template", OPENID, "T", {}, ""))
    assert len(gateway.receipts) == 1


async def test_a_report_without_its_id_is_acknowledged_and_left(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    wechat = await connect(make_channel())
    delivery = await wechat.post_event(OPENID, "TEMPLATESENDJOBFINISH")
    assert delivery.statuses == [200]
    assert gateway.receipts == []


@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize("sender", ["mphelper", OPENID])
async def test_a_mass_message_of_the_operators_is_nothing_of_a_citizens(
    make_channel: MakeChannel,
    connect: Connect,
    gateway: RecordingGateway,
    form: str,
    sender: str,
) -> None:
    wechat = await connect(make_channel(), format=form)
    counts = {"TotalCount": "100", "FilterCount": "80", "SentCount": "75", "ErrorCount": "5"}
    job = {"Event": "MASSSENDJOBFINISH", "MsgID": "1000001625", "Status": "send success"}
    delivery = await wechat.post(sender, {"MsgType": "event", **job, **counts})
    assert (delivery.statuses, delivery.body) == ([200], b"success")
    assert (gateway.inbounds, gateway.receipts, gateway.permissions) == ([], [], [])


@pytest.mark.parametrize(
    "body",
    [
        b'{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":1,"MsgType":"event",'
        b'"Event":"subscribe_msg_popup_event","List":%s}' % listed
        for listed in (
            b"7",
            b"[7]",
            b'{"TemplateId":7}',
            b"[]",
            b"null",
            b'[{"List":[{}]}]',
            b'{"List":7}',
        )
    ],
)
def test_odd_lists_are_read_as_far_as_they_go(body: bytes) -> None:
    found = decode(body, "town").reports
    assert found == ()


@pytest.mark.parametrize("deep", [400, 20_000])
def test_a_deep_body_is_no_trap(deep: int) -> None:
    nested = b'{"List":' * deep + b"{}" + b"}" * deep
    body = (
        b'{"ToUserName":"gh_1","FromUserName":"o1","MsgType":"event",'
        b'"Event":"subscribe_msg_popup_event","A":' + nested + b"}"
    )
    try:
        assert decode(body, "town").reports == ()
    except DecodeError:
        assert deep == 20_000


def test_a_broken_list_is_refused() -> None:
    with pytest.raises(DecodeError):
        decode(
            b"<xml><ToUserName>g</ToUserName><FromUserName>o</FromUserName><MsgType>event"
            b"</MsgType><Event>subscribe_msg_sent_event</Event><A><List></A></xml>",
            "town",
        )
