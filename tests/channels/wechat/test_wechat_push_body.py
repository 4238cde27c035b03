"""Any bytes, and the short ways to read a push: each gives what the long one gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

import channels.wechat
from channels.wechat import decode as decoding
from channels.wechat import push_body
from channels.wechat.decode import decode
from channels.wechat.push_body import DecodeError

FIXTURES = Path(channels.wechat.__file__).parent / "fixtures"
FRAGMENTS = [
    "<xml>",
    "</xml>",
    "<MsgType>",
    "</MsgType>",
    "text",
    "event",
    "<FromUserName>o1",
    "</FromUserName>",
    "<![CDATA[",
    "]]>",
    "<ToUserName>gh</ToUserName>",
    "<!DOCTYPE>",
    "&e;",
    "&#0;",
    "&#xD800;",
    "\x00",
    "�",
    "<?xml?>",
    "<MsgId>",
    "</MsgId>",
    "<CreateTime>",
    "</CreateTime>",
    "{",
    "}",
    '"MsgType":',
    '"\\ud800"',
    ",",
    "1e999",
    "[",
    "null",
    "nan",
    "<Location_X>",
    "</Location_X>",
    "<a/>",
    "<x:y>",
    "\ufeff",
    "99999999999999999999999999999999",
]


@given(
    st.binary()
    | st.lists(st.sampled_from(FRAGMENTS), max_size=25).map(
        lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
    )
)
def test_any_bytes_give_an_inbound_or_a_decode_error(body: bytes) -> None:
    try:
        push = decode(body, "town")
    except DecodeError:
        return
    assert push.inbound.raw == body
    assert push.inbound.address
    assert push.inbound.external_id


@given(st.lists(st.sampled_from([*FRAGMENTS, *"a]>< \n\r&/", "<A>", "</A>"]), max_size=12))
@example(["<A>", "]", "]", "</A>"])
def test_the_short_way_reads_what_the_parser_reads(parts: list[str]) -> None:
    body = ("<xml>" + "".join(parts) + "</xml>").encode("utf-8", "surrogatepass")
    short = push_body._regular_fields(body)
    if short is not None:
        assert short == push_body._parsed_fields(body)


VALUES = st.text(st.sampled_from("路灯a1]>< \n\r&/\x00") | st.characters(), max_size=8)
OF_TEXT = ("ToUserName", "FromUserName", "CreateTime", "MsgType", "Content", "MsgId")
QUOTED = tuple(name not in ("CreateTime", "MsgId") for name in OF_TEXT)
NUMBERS = st.text("0123456789", min_size=1, max_size=10)
WORDS = st.text("路灯a1> <\n&/") | VALUES
IDS = st.text("abgh_-", min_size=1, max_size=6)
BLANKS = st.tuples(*[st.sampled_from(["", "\n", " "])] * 6)
# As WeChat writes it, nearly so, and anyhow.
AS_WECHAT = st.tuples(
    st.tuples(IDS, IDS, NUMBERS, st.just("text"), WORDS, NUMBERS),
    st.just(QUOTED),
    st.just(OF_TEXT),
)
NEARLY = st.tuples(
    st.tuples(IDS | VALUES, IDS, NUMBERS, st.sampled_from(["text", "image"]), VALUES, VALUES),
    st.tuples(*[st.booleans()] * 6),
    st.permutations(OF_TEXT),
)


@given(AS_WECHAT | NEARLY, BLANKS)
def test_what_most_people_send_is_read_as_any_push_is(
    written: tuple[tuple[str, ...], tuple[bool, ...], Sequence[str]], blanks: tuple[str, ...]
) -> None:
    values, quoted, names = written
    inside = "".join(
        f"<{name}>{f'<![CDATA[{value}]]>' if in_quotes else value}</{name}>{blank}"
        for name, value, in_quotes, blank in zip(names, values, quoted, blanks, strict=True)
    )
    body = f"<xml>{inside}</xml>".encode("utf-8", "surrogatepass")
    if push_body.text_message(body) is not None:
        assert decode(body, "town") == decoding._any_push(body, "town", None)
        assert push_body._regular_fields(body) == push_body._parsed_fields(body)


def test_a_text_message_as_wechat_writes_it_is_read_at_once() -> None:
    taken = [
        path.stem
        for path in sorted(FIXTURES.glob("*.xml"))
        if push_body.text_message(path.read_bytes()) is not None
    ]
    assert taken == ["text"]


def test_the_short_way_is_taken_for_wechats_own_shape() -> None:
    nested = {
        "event_location_select",
        "event_masssendjobfinish",
        "event_pic_photo_or_album",
        "event_pic_sysphoto",
        "event_pic_weixin",
        "event_scancode_push",
        "event_scancode_waitmsg",
        "event_subscribe_msg_popup",
        "event_subscribe_msg_sent",
    }
    short = {
        path.stem
        for path in FIXTURES.glob("*.xml")
        if push_body._regular_fields(path.read_bytes()) is not None
    }
    assert short == {path.stem for path in FIXTURES.glob("*.xml")} - nested
