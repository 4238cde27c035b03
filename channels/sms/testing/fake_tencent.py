"""Tencent Cloud's SendSms: checks who asks, takes messages, writes the callbacks it would make."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from channels.sms.tencent.signing import authorization, canonical_request
from channels.sms.testing.cloud import KEY, SIGNATURE, TIMEOUT_SECONDS, FakeCloud, TakenMessage

SECRET_ID, SECRET_KEY, APP_ID = "AKIDtestSecretId", "testSecretKey", "1400006666"
TEMPLATES = [
    {"id": "1101", "params": ["{code}"]},
    {"id": "1102", "params": ["{number}", "{link}"]},
    {"id": "1103", "params": ["{text}"]},
    {"id": "1104", "params": ["{token}"]},
]
_FIRST = datetime(2026, 11, 23, 21, 8, 31)


class FakeTencent(FakeCloud):
    """See `FakeCloud`."""

    def options(self) -> dict[str, Any]:
        return {
            "provider": "tencent",
            "secret_id": SECRET_ID,
            "secret_key": SECRET_KEY,
            "app_id": APP_ID,
            "signature": SIGNATURE,
            "templates": [dict(each) for each in TEMPLATES],
            "key": KEY,
            "param_limit": 2000,
            "timeout_seconds": TIMEOUT_SECONDS,
            "endpoint": self.endpoint,
        }

    async def judge(self, request: web.Request) -> tuple[str, TakenMessage | None]:
        body = await request.read()
        headers = request.headers
        canonical = canonical_request(headers["Content-Type"], headers["Host"], body)
        stamp = int(headers["X-TC-Timestamp"])
        if headers["Authorization"] != authorization(SECRET_ID, SECRET_KEY, canonical, stamp):
            return "AuthFailure.SignatureFailure", None
        asked = json.loads(body)
        if asked["SmsSdkAppId"] != APP_ID:
            return "UnauthorizedOperation.SmsSdkAppIdVerifyFail", None
        if asked["SignName"] != SIGNATURE:
            return "FailedOperation.SignatureIncorrectOrUnapproved", None
        known: dict[str, Any] = {str(each["id"]): each["params"] for each in TEMPLATES}
        values = asked["TemplateParamSet"]
        if asked["TemplateId"] not in known:
            return "FailedOperation.TemplateIncorrectOrUnapproved", None
        if len(values) != len(known[asked["TemplateId"]]):
            return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate", None
        (number,) = asked["PhoneNumberSet"]
        return "Ok", TakenMessage(
            number,
            asked["TemplateId"],
            tuple(values),
            asked["SessionContext"],
            f"5000:1045710669157053657849{len(self.taken):06}",
        )

    def answer(self, code: str, taken: TakenMessage | None) -> dict[str, Any]:
        """Refusals of the request are an error, others the state of the number."""
        if taken is None and code.partition(".")[0] in ("AuthFailure", "UnauthorizedOperation"):
            return {"Response": {"Error": {"Code": code, "Message": code}, "RequestId": "a0aabda6"}}
        number = {
            "SerialNo": taken.provider_id if taken else "",
            "PhoneNumber": taken.number if taken else "",
            "Fee": 1 if taken else 0,
            "SessionContext": taken.ours if taken else "",
            "Code": code,
            "Message": "send success" if taken else code,
            "IsoCode": "CN",
        }
        return {"Response": {"SendStatusSet": [number], "RequestId": "a0aabda6"}}

    def report(self, message: TakenMessage, *, success: bool = True) -> bytes:
        """The body of a receipt."""
        entry = {
            "user_receive_time": "2026-11-23 21:08:36",
            "nationcode": "86",
            "mobile": message.number.removeprefix("+86"),
            "report_status": "SUCCESS" if success else "FAIL",
            "errmsg": "DELIVRD" if success else "MK:0001",
            "description": "用户短信接收成功" if success else "空号",
            "sid": message.provider_id,
        }
        return json.dumps([entry]).encode()

    def mo(self, number: str, text: str, sequence: str, *, extension: str = "") -> bytes:
        """The body with one message of a citizen; it has no id, so `sequence` is its second."""
        entry = {
            "extend": extension,
            "mobile": number,
            "nationcode": "86",
            "sign": SIGNATURE,
            "text": text,
            "time": f"{_FIRST + timedelta(seconds=int(sequence)):%Y-%m-%d %H:%M:%S}",
        }
        return json.dumps(entry).encode()
