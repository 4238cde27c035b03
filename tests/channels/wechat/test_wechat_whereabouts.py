"""LOCATION events are a hint handed on, and no message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from ports_in_memory import Answer, RecordingGateway

from backend.ports import GeoPoint
from channels.wechat import WechatChannel
from channels.wechat.testing import Wechat

MakeChannel = Callable[..., WechatChannel]
Connect = Callable[..., Awaitable[Wechat]]
OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"


def report(latitude: str, longitude: str) -> dict[str, str]:
    return {
        "MsgType": "event",
        "Event": "LOCATION",
        "Latitude": latitude,
        "Longitude": longitude,
        "Precision": "65.0",
    }


@pytest.mark.parametrize("format_", ["xml", "json"])
async def test_where_a_citizen_is_is_handed_on_and_never_stored(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway, format_: str
) -> None:
    gateway.answer = Answer("您好")
    wechat = await connect(make_channel(), format=format_)
    delivery = await wechat.post(OPENID, report("33.453300", "113.554000"))
    assert (delivery.statuses, delivery.body) == ([200], b"success")
    assert gateway.places == [("town", OPENID, GeoPoint(33.4533, 113.554))]
    assert gateway.inbounds == []


@pytest.mark.parametrize(("x", "y"), [("", ""), ("abc", "1"), ("91", "0"), ("nan", "1")])
async def test_a_report_without_a_point_tells_nothing(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway, x: str, y: str
) -> None:
    wechat = await connect(make_channel())
    assert (await wechat.post(OPENID, report(x, y))).body == b"success"
    assert gateway.places == []


async def test_a_place_that_was_sent_is_a_message(
    make_channel: MakeChannel, connect: Connect, gateway: RecordingGateway
) -> None:
    wechat = await connect(make_channel())
    content = {"Location_X": "33.4533", "Location_Y": "113.554", "Scale": "20", "Label": "水塔"}
    await wechat.post(OPENID, {"MsgType": "location", **content})
    (inbound,) = gateway.inbounds
    assert inbound.place == GeoPoint(33.4533, 113.554, "水塔")
    assert gateway.places == []
