"""SendSms: parameters in the query, an empty body; not idempotent."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from yarl import URL

from backend.ports import Clock, Outbound
from channels.sms.aliyun.signing import EMPTY, authorization
from channels.sms.cloud.options import CloudOptions
from channels.sms.cloud.sending import CloudAnswer, CloudRequest, Unreadable
from channels.sms.cloud.templates import Filled

VERSION, ACTION = "2017-05-25", "SendSms"
# Of an OutId: that the template said the whole message, so its receipt is the message's.
WHOLE = "m"
NOTICE = "n"


@dataclass(frozen=True, slots=True)
class AliyunProtocol:
    """Implements `CloudProtocol`."""

    options: CloudOptions
    access_key_id: str
    access_key_secret: str = field(repr=False)
    clock: Clock
    nonce: Callable[[], str] = lambda: secrets.token_hex(16)

    @property
    def package(self) -> str:
        return "channels.sms.aliyun"

    def request(self, message: Outbound, number: str, filled: Filled) -> CloudRequest:
        """`PhoneNumbers` is one number: the outbox knows one state for each message."""
        query = {
            "PhoneNumbers": number.removeprefix("+"),
            "SignName": self.options.signature,
            "TemplateCode": filled.template.id,
            "OutId": f"{WHOLE if filled.template.whole else NOTICE}{message.outbox_id}",
        }
        if filled.values:
            query["TemplateParam"] = json.dumps(
                dict(filled.values), ensure_ascii=False, separators=(",", ":")
            )
        if message.extension:
            query["SmsUpExtendCode"] = message.extension
        return self._signed(query, self.clock.now())

    def _signed(self, query: dict[str, str], now: datetime) -> CloudRequest:
        address = self.options.endpoint
        headers = {
            "accept": "application/json",
            "host": address.authority if address.explicit_port else str(address.host),
            "x-acs-action": ACTION,
            "x-acs-content-sha256": EMPTY,
            "x-acs-date": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": self.nonce(),
            "x-acs-version": VERSION,
        }
        headers["authorization"] = authorization(
            self.access_key_id, self.access_key_secret, query, headers
        )
        return CloudRequest(url_of(address, query), headers)

    def answer(self, status: int, body: bytes) -> CloudAnswer:
        """Errors have the same shape, with a status over 400."""
        try:
            told: Any = json.loads(body)
            code = told["Code"]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise Unreadable("no answer of Aliyun's") from error
        if not isinstance(code, str) or not code:
            raise Unreadable("no answer of Aliyun's")
        return CloudAnswer(code, str(told.get("BizId") or ""))


def url_of(address: URL, query: dict[str, str]) -> URL:
    """As Aliyun's own SDK writes it: sorted, blanks as '+'."""
    return URL(f"{str(address).rstrip('/')}/?{urlencode(sorted(query.items()))}", encoded=True)
