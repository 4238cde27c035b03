from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
import wechatpy
from hypothesis import example, given
from hypothesis import strategies as st

import channels.wechat
from backend.ports import Event, GeoPoint, Inbound, MediaRef, MessageKind
from channels.wechat.decode import Push, decode
from channels.wechat.push_body import DecodeError, PushFormat

FIXTURES = Path(channels.wechat.__file__).parent / "fixtures"
OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"

Golden = Callable[..., list[dict[str, Any]]]


def fixture(name: str) -> Push:
    return decode((FIXTURES / name).read_bytes(), "town")


def message(content: str, *, head: str = "") -> bytes:
    return (
        f"{head}<xml><ToUserName>gh_1</ToUserName><FromUserName>{OPENID}</FromUserName>"
        f"<CreateTime>1795405200</CreateTime>{content}</xml>"
    ).encode()


def test_text() -> None:
    push = fixture("text.xml")
    assert push == Push(
        Inbound(
            channel="wechat",
            account="town",
            address=OPENID,
            external_id="24800000000000001",
            kind=MessageKind.TEXT,
            text="东街菜市场门口的路灯坏了三天 <急> & 谢谢😀",
            sent_at=datetime(2026, 11, 23, 3, 40, tzinfo=UTC),
            raw=(FIXTURES / "text.xml").read_bytes(),
        ),
        recipient="gh_5d1c0a7b9e3f",
        format=PushFormat.XML,
        answered=True,
    )


def test_json_is_read_like_xml() -> None:
    push = fixture("text.json")
    assert push.format is PushFormat.JSON
    assert push.inbound.text == "东街菜市场门口的路灯坏了三天"
    assert push.inbound.external_id == "24800000000000021"
    assert push.inbound.sent_at == datetime(2026, 11, 23, 3, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "kind", "media_id", "text"),
    [
        ("image.xml", MessageKind.IMAGE, "media-image-1", ""),
        ("voice.xml", MessageKind.VOICE, "media-voice-1", "村口的水管漏水了"),
        ("video.xml", MessageKind.VIDEO, "media-video-1", ""),
        ("shortvideo.xml", MessageKind.VIDEO, "media-video-2", ""),
    ],
)
def test_media(name: str, kind: MessageKind, media_id: str, text: str) -> None:
    inbound = fixture(name).inbound
    assert inbound.kind is kind
    assert inbound.media == (MediaRef(kind, media_id),)
    assert inbound.text == text


def test_location() -> None:
    inbound = fixture("location.xml").inbound
    assert inbound.kind is MessageKind.LOCATION
    assert inbound.place == GeoPoint(29.874556, 121.549792, "新桥镇中心小学东门")
    assert inbound.text == "新桥镇中心小学东门"


@pytest.mark.parametrize(
    ("x", "y"), [("", ""), ("nan", "1"), ("91", "0"), ("inf", "0"), ("a", "b")]
)
def test_a_location_without_a_point_is_kept(x: str, y: str) -> None:
    content = (
        f"<MsgType>location</MsgType><Location_X>{x}</Location_X><Location_Y>{y}</Location_Y>"
        "<Label>老桥头</Label><MsgId>1</MsgId>"
    )
    inbound = decode(message(content), "town").inbound
    assert (inbound.kind, inbound.place, inbound.text) == (MessageKind.LOCATION, None, "老桥头")


def test_a_link_is_kept_and_is_no_word_of_the_citizen() -> None:
    push = fixture("link.xml")
    inbound = push.inbound
    assert (inbound.kind, inbound.event) == (MessageKind.EVENT, Event("other", "link"))
    assert push.answered
    assert push.whereabouts is None
    assert inbound.raw == (FIXTURES / "link.xml").read_bytes()
    assert inbound.text == "关于垃圾清运的通知\n每周二、五清运\nhttps://example.org/a?b=1&c=2"


@pytest.mark.parametrize(
    ("name", "event", "answered"),
    [
        ("event_subscribe.xml", Event("subscribe", "village-07"), True),
        ("event_unsubscribe.xml", Event("unsubscribe", ""), False),
        ("event_scan.xml", Event("scan", "village-07"), True),
        ("event_click.xml", Event("menu", "menu.progress"), True),
        ("event_scancode_waitmsg.xml", Event("menu", "menu.scan"), True),
        ("event_scancode_push.xml", Event("menu", "menu.leaflet"), False),
        ("event_pic_sysphoto.xml", Event("other", "pic_sysphoto"), False),
        ("event_pic_photo_or_album.xml", Event("other", "pic_photo_or_album"), False),
        ("event_pic_weixin.xml", Event("other", "pic_weixin"), False),
        ("event_location_select.xml", Event("other", "location_select"), False),
        ("event_view.xml", Event("other", "VIEW"), False),
        ("event_location.xml", Event("other", "LOCATION"), False),
        ("event_templatesendjobfinish.xml", Event("other", "TEMPLATESENDJOBFINISH"), False),
        ("event_masssendjobfinish.xml", Event("other", "MASSSENDJOBFINISH"), False),
        ("miniprogrampage.xml", Event("other", "miniprogrampage"), True),
    ],
)
def test_events_and_unknown_types(name: str, event: Event, answered: bool) -> None:
    push = fixture(name)
    assert push.inbound.kind is MessageKind.EVENT
    assert push.inbound.event == event
    assert push.answered is answered


def test_a_reported_position_is_kept() -> None:
    assert fixture("event_location.xml").inbound.place == GeoPoint(29.874556, 121.549792)


def test_a_place_chosen_from_the_menu_is_left_to_the_message_that_follows() -> None:
    push = fixture("event_location_select.xml")
    assert (push.inbound.place, push.whereabouts, push.reports) == (None, None, None)


def test_external_ids_tell_events_apart_and_stay_the_same_on_a_retry() -> None:
    bodies = {path.name: path.read_bytes() for path in FIXTURES.iterdir()}
    ids = {name: decode(body, "town").inbound.external_id for name, body in bodies.items()}
    assert len(set(ids.values())) == len(bodies)
    assert ids["event_click.xml"] == f"{OPENID}:1795405200:CLICK:menu.progress"
    assert ids["event_templatesendjobfinish.xml"].endswith("TEMPLATESENDJOBFINISH::200163836")
    assert {name: decode(body, "town").inbound.external_id for name, body in bodies.items()} == ids


def test_long_event_keys_give_bounded_ids() -> None:
    def event(key: str) -> str:
        content = f"<MsgType>event</MsgType><Event>CLICK</Event><EventKey>{key}</EventKey>"
        return decode(message(content), "town").inbound.external_id

    assert len(event("k" * 2000)) == len("sha256:") + 64
    assert event("k" * 2000) != event("k" * 1999)


def test_a_message_without_an_id_is_known_by_its_body() -> None:
    one = decode(message("<MsgType>file</MsgType>"), "town").inbound
    two = decode(message("<MsgType>file</MsgType><X/>"), "town").inbound
    assert one.external_id.startswith("sha256:")
    assert one.external_id != two.external_id


def test_controls_a_citizen_pasted_do_not_lose_the_message() -> None:
    content = "<MsgType>text</MsgType><Content>水管\x00\x08坏了\x1f</Content><MsgId>5</MsgId>"
    body = message(content)
    assert decode(body, "town").inbound.text == "水管坏了"
    assert decode(body, "town").inbound.raw == body


def test_a_citizen_may_write_about_document_types() -> None:
    content = "<MsgType>text</MsgType><Content><![CDATA[<!DOCTYPE x>]]></Content><MsgId>5</MsgId>"
    assert decode(message(content), "town").inbound.text == "<!DOCTYPE x>"


@pytest.mark.parametrize("head", ['<?xml version="1.0" encoding="UTF-8"?>\n', "\ufeff", "\n  "])
def test_what_may_stand_before_the_root(head: str) -> None:
    content = "<MsgType>text</MsgType><Content>好</Content><MsgId>5</MsgId>"
    assert decode(message(content, head=head), "town").inbound.text == "好"


@pytest.mark.parametrize(
    "head",
    [
        "<!DOCTYPE xml>",
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        "<!-- --><!DOCTYPE xml>",
        "\x00<!DOCTYPE xml>",
        "<\x00!DOCTYPE xml>",
        "<x/>",
    ],
)
def test_hostile_heads_are_refused(head: str) -> None:
    content = "<MsgType>text</MsgType><Content>好</Content><MsgId>5</MsgId>"
    with pytest.raises(DecodeError):
        decode(message(content, head=head), "town")


@pytest.mark.parametrize(
    "body",
    [
        message("<MsgType></MsgType>"),
        message("<Content>好</Content>"),
        message("<MsgType>text</MsgType>").replace(OPENID.encode(), b""),
        message("<MsgType>text</MsgType>").replace(OPENID.encode(), "张三".encode()),
        message("<MsgType>text</MsgType>").replace(b"gh_1", b"a b"),
        message("<MsgType>text</MsgType><Content>&e;</Content>"),
        b'{"MsgType": "text"}',
        b'{"a": ' * 5000,
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[]",
        b"\xff\xfe<\x00x\x00m\x00l\x00>\x00",
    ],
)
def test_bodies_that_are_no_push(body: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(body, "town")


def test_deep_nesting_is_harmless() -> None:
    depth = 8000
    content = "<MsgType>text</MsgType><MsgId>1</MsgId>" + "<a>" * depth + "</a>" * depth
    assert decode(message(content), "town").inbound.kind is MessageKind.TEXT


def test_golden_vectors_of_hostile_xml(golden: Golden) -> None:
    for vector in golden("negative_xml"):
        with pytest.raises(DecodeError):
            decode(vector["body"].encode(), "town")


def test_golden_vectors_of_pushes(golden: Golden) -> None:
    bodies = [vector["body"] for vector in golden("plain_push")]
    for vector in golden("decrypt"):
        bodies.append(vector.get("plaintext") or vector["expect"]["msg"])
    kinds = [decode(body.encode(), "town").inbound.kind for body in bodies]
    assert set(kinds) == set(MessageKind) - {MessageKind.INTERNAL}


def test_golden_vectors_agree_with_wechatpy(golden: Golden) -> None:
    for vector in golden("decrypt"):
        body = vector.get("plaintext") or vector["expect"]["msg"]
        if vector.get("format") != "json":
            assert_as_wechatpy_reads(body.encode())


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.xml")), ids=lambda path: path.stem)
def test_fixtures_agree_with_wechatpy(path: Path) -> None:
    assert_as_wechatpy_reads(path.read_bytes())


def assert_as_wechatpy_reads(body: bytes) -> None:
    ours, theirs = decode(body, "town").inbound, wechatpy.parse_message(body)
    assert ours.address == theirs.source
    assert ours.sent_at == theirs.create_time.astimezone(UTC)
    if ours.kind is not MessageKind.EVENT:
        assert ours.external_id == str(theirs.id)
    if theirs.type == "text":
        # wechatpy cuts the spaces a citizen wrote; we show what was written.
        assert ours.text.strip() == theirs.content.strip()
    if theirs.type in ("image", "voice", "video", "shortvideo"):
        assert [ref.provider_ref for ref in ours.media] == [theirs.media_id]
    if theirs.type == "location":
        assert ours.place is not None
        assert (ours.place.latitude, ours.place.longitude) == tuple(map(float, theirs.location))


xml_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))


@given(xml_text.filter(lambda text: not set(text) & {"\ufffe", "\uffff"}))
@example("]]> <![CDATA[ &amp; <xml>")
def test_any_text_comes_through(text: str) -> None:
    content = f"<MsgType>text</MsgType><MsgId>1</MsgId><Content>{escape(text)}</Content>"
    assert decode(message(content), "town").inbound.text == text
    fields = {"ToUserName": "gh_1", "FromUserName": "o1", "MsgType": "text", "Content": text}
    assert decode(json.dumps(fields).encode(), "town").inbound.text == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
field_names = st.sampled_from(
    ["MsgType", "FromUserName", "ToUserName", "CreateTime", "MsgId", "Content", "Event", "EventKey"]
)


@given(st.dictionaries(field_names, json_values | st.sampled_from(["text", "event", "location"])))
def test_any_json_gives_an_inbound_or_a_decode_error(fields: dict[str, object]) -> None:
    whole = {"FromUserName": "o1", "ToUserName": "gh_1", "MsgType": "text", **fields}
    try:
        push = decode(json.dumps(whole).encode(), "town")
    except DecodeError:
        return
    assert push.inbound.external_id.isascii()
