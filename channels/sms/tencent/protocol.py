"""SendSms: a JSON body, signed; the answer is a 200 also where it is an error. Not idempotent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from backend.ports import Clock, Outbound
from channels.sms.cloud.options import CloudOptions
from channels.sms.cloud.sending import CloudAnswer, CloudRequest, Unreadable
from channels.sms.cloud.templates import Filled
from channels.sms.tencent.signing import authorization, canonical_request

VERSION, ACTION = "2021-01-11", "SendSms"
CONTENT_TYPE = "application/json"
MOBILE_DIGITS = 11


@dataclass(frozen=True, slots=True)
class TencentProtocol:
    """Implements `CloudProtocol`."""

    options: CloudOptions
    secret_id: str
    secret_key: str = field(repr=False)
    app_id: str
    region: str
    clock: Clock

    @property
    def package(self) -> str:
        return "channels.sms.tencent"

    def request(self, message: Outbound, number: str, filled: Filled) -> CloudRequest:
        """One number: the outbox knows one state for each message. Raises ValueError for a number
        that cannot be written with its country."""
        body: dict[str, Any] = {
            "PhoneNumberSet": [_with_country(number)],
            "SmsSdkAppId": self.app_id,
            "TemplateId": filled.template.id,
            "SignName": self.options.signature,
            "TemplateParamSet": [value for _, value in filled.values],
        }
        if message.extension:
            body["ExtendCode"] = message.extension
        body["SessionContext"] = str(message.outbox_id)
        return self.signed(body, int(self.clock.now().timestamp()))

    def signed(self, body: dict[str, Any], timestamp: int) -> CloudRequest:
        """`timestamp` in seconds since 1970."""
        address = self.options.endpoint
        host = address.authority if address.explicit_port else str(address.host)
        told = json.dumps(body).encode()
        canonical = canonical_request(CONTENT_TYPE, host, told)
        headers = {
            "content-type": CONTENT_TYPE,
            "host": host,
            "x-tc-action": ACTION,
            "x-tc-timestamp": str(timestamp),
            "x-tc-version": VERSION,
            "x-tc-region": self.region,
            "x-tc-language": "zh-CN",
            "authorization": authorization(self.secret_id, self.secret_key, canonical, timestamp),
        }
        return CloudRequest(address.with_path("/"), headers, told)

    def answer(self, status: int, body: bytes) -> CloudAnswer:
        """An error of the request, or the state of our one number."""
        try:
            response: Any = json.loads(body)["Response"]
            if "Error" in response:
                return CloudAnswer(str(response["Error"]["Code"]))
            (number,) = response["SendStatusSet"]
            return CloudAnswer(str(number["Code"]), str(number.get("SerialNo") or ""))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Unreadable("no answer of Tencent Cloud's") from error


def _with_country(number: str) -> str:
    if number.startswith("+"):
        return number
    if len(number) == MOBILE_DIGITS and number.startswith("1"):
        return f"+86{number}"
    raise ValueError("the number is no mobile number")
