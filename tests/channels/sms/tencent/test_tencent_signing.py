"""Requests signed as Tencent Cloud's own SDK signs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from ports_in_memory import FakeClock

from backend.ports import Outbound
from channels.sms.cloud.options import read_common
from channels.sms.cloud.templates import choose
from channels.sms.tencent.protocol import TencentProtocol
from channels.sms.tencent.signing import (
    authorization,
    canonical_request,
    signature,
    string_to_sign,
)
from channels.sms.testing import FakeTencent

SECRET_ID = "AKIDtestSecretId"


@pytest.fixture(scope="module")
def golden(vectors: Callable[[str], Any]) -> dict[str, Any]:
    read: dict[str, Any] = vectors("cloud_sms_vectors")["tencent"]
    return read


def test_the_recorded_request_is_signed_to_the_same_octets(golden: dict[str, Any]) -> None:
    sent, secret = golden["headers"], golden["secret"]
    stamp = int(sent["x-tc-timestamp"])
    canonical = canonical_request(sent["content-type"], sent["host"], golden["body"].encode())
    assert canonical == golden["canonical_request"]
    assert string_to_sign(canonical, stamp) == golden["string_to_sign"]
    assert signature(canonical, stamp, secret) == golden["signature"]
    assert authorization(SECRET_ID, secret, canonical, stamp) == sent["authorization"]


def test_a_message_becomes_the_recorded_request(golden: dict[str, Any], clock: FakeClock) -> None:
    """To the octet, but for the name our outbox gives it."""
    recorded = json.loads(golden["body"])
    options = FakeTencent().options() | {
        "templates": [{"id": recorded["TemplateId"], "params": ["{text}"]}],
        "signature": recorded["SignName"],
        "endpoint": f"http://{golden['headers']['host']}",
    }
    for own in ("provider", "secret_id", "secret_key", "app_id"):
        options.pop(own)
    common = read_common(options, named=False, endpoint="", own=())
    clock.set(datetime.fromtimestamp(int(golden["headers"]["x-tc-timestamp"]), UTC))
    app_id = recorded["SmsSdkAppId"]
    protocol = TencentProtocol(common, SECRET_ID, golden["secret"], app_id, "ap-guangzhou", clock)
    message = Outbound(1, "18511122233", recorded["TemplateParamSet"][0], extension="12")
    filled = choose(common.templates, message, common.param_limit)
    assert filled is not None
    request = protocol.request(message, "18511122233", filled)
    assert request.body == golden["body"].replace('"msg-001"', '"1"').encode()
    # With the recorded words the recorded signature.
    again = protocol.signed(recorded, int(golden["headers"]["x-tc-timestamp"]))
    assert again.body == golden["body"].encode()
    for name in ("authorization", "content-type", "host", "x-tc-action", "x-tc-timestamp"):
        assert again.headers[name] == golden["headers"][name]
    for name in ("x-tc-version", "x-tc-region", "x-tc-language"):
        assert again.headers[name] == golden["headers"][name]
