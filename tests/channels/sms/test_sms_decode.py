"""Requests recorded from Kannel 1.4.5, and anything else a caller may send."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.ports import Inbound, MessageKind
from channels.sms.kannel.decode import (
    CHARSETS,
    Mo,
    Undecodable,
    decode_mo,
    decode_receipt,
    decode_text,
    mo_from_post,
    mo_from_query,
    parse_query,
)

FIXTURES = Path(__file__).parents[3] / "channels" / "sms" / "fixtures"


def read(name: str) -> list[dict[str, Any]]:
    return list(json.loads((FIXTURES / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("case", read("mo.json"), ids=lambda case: case["what"])
def test_recorded_mo(case: dict[str, Any]) -> None:
    query = parse_query(case["query"])
    if case["method"] == "GET":
        mo = mo_from_query(query)
    else:
        _, _, charset = case["headers"]["Content-Type"].partition("charset=")
        body = bytes.fromhex(case["body_hex"])
        mo = mo_from_post(query, case["headers"], charset or None, body)
    inbound = decode_mo(mo, channel="sms", account="county", raw=b"raw")
    assert inbound.external_id == query["id"].decode()
    assert (inbound.address, inbound.text) == (case["address"], case["text"])
    assert (inbound.sent_at.isoformat() if inbound.sent_at else None) == case["sent_at"]
    assert (inbound.kind, inbound.raw) == (MessageKind.TEXT, b"raw")


@pytest.mark.parametrize("case", read("dlr.json"), ids=lambda case: case["query"][:20])
def test_recorded_receipt(case: dict[str, Any]) -> None:
    receipt = decode_receipt(parse_query(case["query"]), account="county")
    assert receipt.outbox_id == case["outbox_id"]
    assert (receipt.state.value, receipt.detail) == (case["state"], case["detail"])


@given(
    raw=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=200),
    body=st.binary(max_size=300),
    headers=st.dictionaries(
        st.sampled_from(["X-Kannel-From", "X-Kannel-Coding", "X-Kannel-Time"]), st.text()
    ),
    charset=st.one_of(st.none(), st.text(), st.sampled_from(["hex", "rot13", "idna", *CHARSETS])),
)
def test_nothing_but_undecodable_is_raised(
    raw: str, body: bytes, headers: dict[str, str], charset: str | None
) -> None:
    query = parse_query(raw)
    for mo in (mo_from_query(query), mo_from_post(query, headers, charset, body)):
        with suppress(Undecodable):
            assert isinstance(decode_mo(mo, channel="sms", account="a", raw=b""), Inbound)
    with suppress(Undecodable):
        assert decode_receipt(query, account="a").outbox_id is not None


@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["UTF-8", "UTF-16BE"]))
def test_every_text_survives(text: str, charset: str) -> None:
    assert decode_text(text.encode(charset), charset, "") == text
    mo = Mo("1", "13800138000", text.encode(charset), charset=charset)
    assert decode_mo(mo, channel="sms", account="a", raw=b"").text == text


@pytest.mark.parametrize(
    ("data", "charset", "coding", "text"),
    [
        (b"\x95\xe8\x52", "UTF-16BE", "2", "门\ufffd"),
        (b"\xd8\x3d", "UTF-16BE", "2", "\ufffd"),
        (b"\x95\xe8", "", "2", "门"),
        (b"\x00", "UTF-8", "0", "\x00"),
        ("路灯".encode("gb18030"), "GBK", "0", "路灯"),
        (b"\xff\xff\xff", "8-BIT", "1", "\ufffd\ufffd\ufffd"),
    ],
)
def test_broken_and_odd_bytes(data: bytes, charset: str, coding: str, text: str) -> None:
    assert decode_text(data, charset, coding) == text
