"""Requests signed as Aliyun's own SDK signs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from ports_in_memory import FakeClock
from yarl import URL

from backend.ports import Account, Outbound
from channels.sms.aliyun.protocol import AliyunProtocol, url_of
from channels.sms.aliyun.signing import (
    authorization,
    canonical_request,
    signature,
    string_to_sign,
)
from channels.sms.cloud.options import read_common
from channels.sms.cloud.templates import choose
from channels.sms.testing import FakeAliyun

KEY_ID = "LTAItestAccessKeyId"


@pytest.fixture(scope="module")
def golden(vectors: Callable[[str], Any]) -> dict[str, Any]:
    read: dict[str, Any] = vectors("cloud_sms_vectors")["aliyun"]
    return read


def test_the_recorded_request_is_signed_to_the_same_octets(golden: dict[str, Any]) -> None:
    sent = golden["headers"]
    names = sent["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: sent[name] for name in names}
    query = dict(parse_qsl(golden["path"].partition("?")[2]))
    canonical = canonical_request(query, headers)
    assert canonical == golden["canonical_request"]
    assert string_to_sign(canonical) == golden["string_to_sign"]
    assert signature(canonical, golden["secret"]) == golden["signature"]
    assert authorization(KEY_ID, golden["secret"], query, headers) == sent["authorization"]


def test_the_recorded_address_is_written_to_the_same_octets(golden: dict[str, Any]) -> None:
    query = dict(parse_qsl(golden["path"].partition("?")[2]))
    assert url_of(URL("http://127.0.0.1:18090"), query).raw_path_qs == golden["path"]


def test_a_message_becomes_the_recorded_request(golden: dict[str, Any], clock: FakeClock) -> None:
    """But for the name our outbox gives it, and the headers that say which SDK it was."""
    recorded = dict(parse_qsl(golden["path"].partition("?")[2]))
    given = json.loads(recorded["TemplateParam"])
    template = {
        "id": recorded["TemplateCode"],
        "params": {"no": given["no"], "txt": "{text}"},
    }
    options = FakeAliyun().options() | {
        "templates": [template],
        "signature": recorded["SignName"],
        "endpoint": f"http://{golden['headers']['host']}",
    }
    for own in ("provider", "access_key_id", "access_key_secret"):
        options.pop(own)
    common = read_common(options, named=True, endpoint="", own=())
    clock.set(datetime.fromisoformat(golden["headers"]["x-acs-date"]).astimezone(UTC))
    nonce = golden["headers"]["x-acs-signature-nonce"]
    protocol = AliyunProtocol(common, KEY_ID, golden["secret"], clock, lambda: nonce)
    message = Outbound(1, recorded["PhoneNumbers"], given["txt"], extension="0012")
    filled = choose(common.templates, message, common.param_limit)
    assert filled is not None
    request = protocol.request(message, recorded["PhoneNumbers"], filled)
    assert dict(request.url.query) == {**recorded, "OutId": "m1"}
    for name in ("host", "x-acs-version", "x-acs-action", "x-acs-date", "x-acs-content-sha256"):
        assert request.headers[name] == golden["headers"][name]
    assert "testAccessKeySecret" not in repr((protocol, request, Account("a", "sms")))
