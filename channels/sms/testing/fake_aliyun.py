"""Aliyun's SendSms: checks who asks, takes messages, writes the callbacks it would make."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from channels.sms.aliyun.signing import authorization
from channels.sms.testing.cloud import KEY, SIGNATURE, TIMEOUT_SECONDS, FakeCloud, TakenMessage

ACCESS_KEY_ID, ACCESS_KEY_SECRET = "LTAItestAccessKeyId", "testAccessKeySecret"
TEMPLATES = [
    {"id": "SMS_1001", "params": {"code": "{code}"}},
    {"id": "SMS_1002", "params": {"no": "{number}", "link": "{link}"}},
    {"id": "SMS_1003", "params": {"txt": "{text}"}},
    {"id": "SMS_1004", "params": {"t": "{token}"}},
]


class FakeAliyun(FakeCloud):
    """See `FakeCloud`."""

    def __init__(self) -> None:
        super().__init__()
        self._nonces: set[str] = set()

    def options(self) -> dict[str, Any]:
        return {
            "provider": "aliyun",
            "access_key_id": ACCESS_KEY_ID,
            "access_key_secret": ACCESS_KEY_SECRET,
            "signature": SIGNATURE,
            "templates": [dict(each) for each in TEMPLATES],
            "key": KEY,
            "param_limit": 2000,
            "timeout_seconds": TIMEOUT_SECONDS,
            "endpoint": self.endpoint,
        }

    async def judge(self, request: web.Request) -> tuple[str, TakenMessage | None]:
        query = dict(request.query)
        given = request.headers["Authorization"]
        names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        headers = {name: request.headers[name] for name in names}
        if given != authorization(ACCESS_KEY_ID, ACCESS_KEY_SECRET, query, headers):
            return "SignatureDoesNotMatch", None
        nonce = headers["x-acs-signature-nonce"]
        if nonce in self._nonces:
            return "SignatureNonceUsed", None
        self._nonces.add(nonce)
        if query["SignName"] != SIGNATURE:
            return "isv.SMS_SIGNATURE_ILLEGAL", None
        known: dict[str, Any] = {str(each["id"]): each["params"] for each in TEMPLATES}
        params = json.loads(query.get("TemplateParam", "{}"))
        if query["TemplateCode"] not in known:
            return "isv.SMS_TEMPLATE_ILLEGAL", None
        if set(params) != set(known[query["TemplateCode"]]):
            return "isv.TEMPLATE_MISSING_PARAMETERS", None
        return "OK", TakenMessage(
            query["PhoneNumbers"],
            query["TemplateCode"],
            tuple(params.values()),
            query.get("OutId", ""),
            f"{900619746936498440 + len(self.taken)}^0",
        )

    def answer(self, code: str, taken: TakenMessage | None) -> dict[str, Any]:
        told = {"Code": code, "Message": code, "RequestId": "F655A8D5-B967-440B-8683-DAD6FF8DE990"}
        return told | ({"BizId": taken.provider_id} if taken else {})

    def report(self, message: TakenMessage, *, success: bool = True) -> bytes:
        """The body of SmsReport about one message."""
        entry = {
            "phone_number": message.number,
            "send_time": "2026-11-23 21:08:31",
            "report_time": "2026-11-23 21:08:36",
            "success": success,
            "err_code": "DELIVERED" if success else "MK:0001",
            "err_msg": "用户接收成功" if success else "空号",
            "sms_size": "1",
            "biz_id": message.provider_id,
            "out_id": message.ours,
        }
        return json.dumps([entry]).encode()

    def mo(self, number: str, text: str, sequence: str, *, extension: str = "") -> bytes:
        """The body of SmsUp with one message of a citizen."""
        entry = {
            "phone_number": number,
            "send_time": "2026-11-23 21:08:31",
            "content": text,
            "sign_name": SIGNATURE,
            "dest_code": extension,
            "sequence_id": sequence,
        }
        return json.dumps([entry]).encode()
