"""What cloud gateways post, as it is taken; and what anybody may post."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import channels.sms
from backend.ports import Account
from channels.sms.aliyun.decode import AliyunDecoder
from channels.sms.cloud.callbacks import Decoder, Undecodable
from channels.sms.tencent.decode import TencentDecoder

ACCOUNT = Account("county", "sms")
DECODERS: dict[str, Decoder] = {"aliyun": AliyunDecoder(), "tencent": TencentDecoder()}
FOLDER = Path(channels.sms.__file__).parent / "fixtures"
CASES = [
    (provider, case)
    for provider in DECODERS
    for case in json.loads((FOLDER / f"{provider}.json").read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(
    ("provider", "case"), CASES, ids=[f"{provider}: {case['what']}" for provider, case in CASES]
)
def test_fixtures(provider: str, case: dict[str, Any]) -> None:
    decoder, body = DECODERS[provider], case["body"]
    entries = body if isinstance(body, list) else [body]
    if case["callback"] == "mo":
        found = [decoder.inbound(entry, ACCOUNT) for entry in entries]
        assert len({each.external_id for each in found}) == len(found)
        assert [
            {
                "address": each.address,
                "text": each.text,
                "extension": each.extension,
                "sent_at": each.sent_at and each.sent_at.isoformat(),
            }
            for each in found
        ] == case["messages"]
        return
    receipts = [decoder.receipt(entry, ACCOUNT) for entry in entries]
    assert [
        {
            "outbox_id": each.outbox_id,
            "provider_id": each.provider_id,
            "state": each.state,
            "detail": each.detail,
        }
        for each in receipts
        if each is not None
    ] == case["receipts"]


def tencent(**changed: Any) -> str:
    body: dict[str, Any] = next(case["body"] for provider, case in CASES if provider == "tencent")
    return TencentDecoder().inbound(body | changed, ACCOUNT).external_id


def test_without_an_id_number_second_and_words_tell_messages_apart() -> None:
    assert tencent() == tencent()
    others = {
        tencent(mobile="13800138001"),
        tencent(time="2026-11-23 21:08:32"),
        tencent(text="常家沟"),
        tencent(extend="1"),
    }
    assert len(others | {tencent()}) == 5


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = [
    "phone_number",
    "content",
    "send_time",
    "sequence_id",
    "dest_code",
    "success",
    "biz_id",
    "out_id",
    "mobile",
    "nationcode",
    "text",
    "time",
    "extend",
    "report_status",
    "sid",
]


@pytest.mark.parametrize("provider", list(DECODERS))
@given(entry=st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_anything_else_is_undecodable(provider: str, entry: dict[str, Any]) -> None:
    for decode in (DECODERS[provider].inbound, DECODERS[provider].receipt):
        try:
            found: Any = decode(entry, ACCOUNT)
        except Undecodable:
            continue
        assert found.account == "county"
        sent_at = getattr(found, "sent_at", None)
        assert sent_at is None or isinstance(sent_at, datetime)
