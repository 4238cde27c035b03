"""A cloud gateway, held to the contract of every channel: an account with a template whose only
variable is the text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from contract import ChannelAdapter, Fault, Request

from backend.ports import Account, Channel, ChannelDependencies
from channels.sms import create
from channels.sms.testing import FakeAliyun, FakeTencent
from channels.sms.testing.cloud import KEY

MO = "/channels/sms/county/mo"
REPORT = "/channels/sms/county/report"
JSON = {"Content-Type": "application/json"}


def post(path: str, body: bytes) -> Request:
    return Request("POST", path, body, JSON)


class CloudAdapter(ChannelAdapter):
    """`fake`, `busy` and `refused` (codes) are the provider's."""

    channel = "sms"
    address = "13800138000"
    faults = (Fault.DOWN, Fault.BUSY, Fault.REFUSED, Fault.HANGS, Fault.DROPS)
    fake: FakeAliyun | FakeTencent
    busy: str
    refused: str

    async def open(self) -> None:
        await self.fake.open()

    async def close(self) -> None:
        await self.fake.close()

    def account(self) -> Account:
        return Account("county", "sms", self.fake.options())

    def create(self, account: Account, deps: ChannelDependencies) -> Channel:
        return create(account, deps)

    def inbound(self, text: str, *, message: str) -> Request:
        return post(f"{MO}/{KEY}", self.fake.mo(self.address, text, message))

    def forged(self) -> Sequence[Request]:
        body = self.fake.mo(self.address, "您好", "1")
        return [
            post(MO, body),
            post(f"{MO}/", body),
            post(f"{MO}/wrong-key-0123456789", body),
            post(f"{MO}/{KEY}x", body),
            post(f"{MO}/%ff%00", body),
            post(f"{REPORT}/wrong-key-0123456789", body),
            Request("GET", f"{MO}/{KEY}"),
        ]

    def malformed(self) -> Sequence[Request]:
        good: Any = json.loads(self.fake.mo(self.address, "您好", "1"))
        entry = good[0] if isinstance(good, list) else good
        number = "phone_number" if "phone_number" in entry else "mobile"
        words = "content" if "content" in entry else "text"
        broken = [
            {**entry, number: ""},
            {**entry, number: "China Mobile"},
            {**entry, number: ["13800138000"]},
            {**entry, number: "１３８００１３８０００"},
            {**entry, words: None},
            {**entry, words: {"a": 1}},
            {},
        ]
        bodies = [b"", b"{", b"[]", b"null", b"1", b'"a"', b"[1]", b"\xff\xfe", b"[" * 100_000]
        return [
            *(post(f"{MO}/{KEY}", body) for body in bodies),
            *(post(f"{MO}/{KEY}", json.dumps([each]).encode()) for each in broken),
            *(post(f"{REPORT}/{KEY}", body) for body in bodies),
            post(f"{REPORT}/{KEY}", b"[{}]"),
            Request("POST", f"{MO}/{KEY}", b"zip", {"Content-Encoding": "gzip"}),
        ]

    def oversized(self) -> Sequence[Request]:
        return [
            post(f"{MO}/{KEY}", self.fake.mo(self.address, "a" * 600_000, "1")),
            post(f"{MO}/{KEY}", b"[" + b"{}," * 2000 + b"{}]"),
        ]

    async def set_fault(self, fault: Fault) -> None:
        fake = self.fake
        fake.code, fake.hangs, fake.drops = "", False, False
        match fault:
            case Fault.DOWN:
                await fake.close()
            case Fault.BUSY:
                fake.code = self.busy
            case Fault.REFUSED:
                fake.code = self.refused
            case Fault.HANGS:
                fake.hangs = True
            case Fault.DROPS:
                fake.drops = True

    async def sent(self) -> Sequence[tuple[str, str]]:
        return [(each.number.removeprefix("+86"), each.values[0]) for each in self.fake.taken]
