"""Which template says a message."""

from __future__ import annotations

from typing import Any

import pytest

from backend.ports import About, Outbound
from channels.sms.cloud.templates import choose, read_templates

CODE = {"id": "code", "params": {"code": "{code}"}}
PETITION = {"id": "petition", "params": {"no": "{number}", "what": "{title}", "url": "{link}"}}
NUMBER = {"id": "number", "params": {"no": "{number}"}}
TEXT = {"id": "text", "params": {"txt": "{text}"}}
LINK = {"id": "link", "params": {"path": "t/{token}"}}
ALL = [CODE, PETITION, NUMBER, TEXT, LINK]
ABOUT = About("20261123-0007-3", "路灯不亮👴，【急】\n晚上没法走")
URL = "https://xy.example/m/abc-123"


def chosen(message: Outbound, *listed: dict[str, Any], longest: int = 35) -> tuple[str, Any] | None:
    filled = choose(read_templates(list(listed or ALL), named=True), message, longest)
    return (filled.template.id, dict(filled.values)) if filled else None


def test_the_first_that_can_be_filled_is_taken() -> None:
    said = "您的验证码是 123456，10 分钟内有效。"
    assert chosen(Outbound(1, "1", said, code="123456")) == ("code", {"code": "123456"})
    assert chosen(Outbound(1, "1", "好", ABOUT, link=URL)) == (
        "petition",
        {"no": "20261123-0007-3", "what": "路灯不亮，[急] 晚上没法走", "url": URL},
    )
    assert chosen(Outbound(1, "1", "好", ABOUT)) == ("number", {"no": "20261123-0007-3"})
    assert chosen(Outbound(1, "1", "您好！\n收到了")) == ("text", {"txt": "您好！ 收到了"})
    assert chosen(Outbound(1, "1", "很长" * 20, link=URL)) == ("link", {"path": "t/abc-123"})
    assert chosen(Outbound(1, "1", "很长" * 20)) is None


def test_a_confidential_petition_shows_no_title() -> None:
    secret = About("20261123-0007-3", "")
    assert chosen(Outbound(1, "1", "好", secret, link=URL)) == ("number", {"no": secret.number})


def test_a_title_is_cut_and_what_looks_like_a_placeholder_stays() -> None:
    about = About("7", "{number}" * 9)
    found = chosen(Outbound(1, "1", "好", about, link=URL), PETITION)
    assert found is not None
    assert found[1]["what"] == ("{number}" * 9)[:35]


def test_what_tells_all_is_told_from_a_notice() -> None:
    whole = [each.whole for each in read_templates(ALL, named=True)]
    assert whole == [True, False, False, True, False]


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        "SMS_1",
        [{"params": {}}],
        [{"id": "", "params": {}}],
        [{"id": "a", "params": ["{text}"]}],
        [{"id": "a", "params": {"a": "{name}"}}],
        [{"id": "a", "parms": {}}],
        [{"id": "a"}] * 21,
    ],
)
def test_wrong_templates_are_named(wrong: object) -> None:
    with pytest.raises(ValueError, match="option templates"):
        read_templates(wrong, named=True)
