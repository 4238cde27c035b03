"""SMS over Kannel, held to the contract of every channel."""

from __future__ import annotations

from collections.abc import Sequence

from contract import ChannelAdapter, Fault, Request
from ports_in_memory import FakeClock

from backend.ports import Account, Channel, ChannelDependencies
from channels.sms import create
from tests.channels.sms.fake_kannel import KEY, PASSWORD, FakeKannel

MO = "/channels/sms/county/mo"
DLR = "/channels/sms/county/dlr"


def post(path: str, *, sender: str = "+8613800138000", body: bytes = b"\x95\xe8") -> Request:
    headers = {
        "Content-Type": 'text/plain; charset="UTF-16BE"',
        "X-Kannel-From": sender,
        "X-Kannel-To": "10690001",
        "X-Kannel-Coding": "2",
        "X-Kannel-Time": "2026-11-23 21:08:31",
    }
    return Request("POST", path, body, headers)


class SmsAdapter(ChannelAdapter):
    channel = "sms"
    address = "13800138000"
    faults = (Fault.DOWN, Fault.BUSY, Fault.REFUSED, Fault.HANGS, Fault.DROPS)
    secrets = (KEY, PASSWORD)
    required_options = ("sendsms_url", "username", "password", "sender", "callback_url", "key")

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self._kannel = FakeKannel()

    async def open(self) -> None:
        await self._kannel.open()

    async def close(self) -> None:
        await self._kannel.close()

    def account(self) -> Account:
        return Account("county", "sms", self._kannel.options())

    def create(self, account: Account, deps: ChannelDependencies) -> Channel:
        return create(account, deps)

    def inbound(self, text: str, *, message: str) -> Request:
        return post(f"{MO}?key={KEY}&id=mo-{message}", body=text.encode("utf-16-be"))

    def forged(self) -> Sequence[Request]:
        return [
            post(f"{MO}?id=1"),
            post(f"{MO}?key=&id=1"),
            post(f"{MO}?key={KEY}x&id=1"),
            post(f"{MO}?key=%ff%00&id=1"),
            post(f"{MO}/wrong-key-0123456789?id=1"),
            Request("GET", f"{MO}?key=wrong&id=1&from=13800138000&text=a"),
            Request("GET", f"{DLR}?key=wrong&id=1&type=1"),
        ]

    def malformed(self) -> Sequence[Request]:
        good = f"{MO}?key={KEY}"
        return [
            post(good),
            post(f"{good}&id="),
            post(f"{good}&id=a%20b"),
            post(f"{good}&id=%ff"),
            post(f"{good}&id={'9' * 200}"),
            post(f"{good}&id=1", sender=""),
            post(f"{good}&id=1", sender="China Mobile"),
            post(f"{good}&id=1", sender="１３８００１３８０００".encode().decode("latin-1")),
            Request("GET", f"{good}&id=1&text=a"),
            Request("GET", f"{good}&id=1&from=%00&text=a"),
            Request("POST", f"{good}&id=1", b"zip", {"Content-Encoding": "gzip"}),
            Request("PUT", f"{good}&id=1", b"a"),
            Request("GET", f"{DLR}?key={KEY}"),
            Request("GET", f"{DLR}?key={KEY}&id=x&type=1"),
            Request("GET", f"{DLR}?key={KEY}&id=1&type=3"),
            Request("GET", f"{DLR}?key={KEY}&id={'9' * 40}&type=1"),
        ]

    def oversized(self) -> Sequence[Request]:
        return [post(f"{MO}?key={KEY}&id=1", body=b"a" * 200_000)]

    async def set_fault(self, fault: Fault) -> None:
        self._kannel.answer, self._kannel.hangs, self._kannel.drops = None, False, False
        match fault:
            case Fault.DOWN:
                await self._kannel.close()
            case Fault.BUSY:
                self._kannel.answer = (503, "Temporal failure, try again later.")
            case Fault.REFUSED:
                self._kannel.answer = (400, "Number(s) has/have been denied by white-list.")
            case Fault.HANGS:
                self._kannel.hangs = True
            case Fault.DROPS:
                self._kannel.drops = True

    async def sent(self) -> Sequence[tuple[str, str]]:
        return [(r["to"], r["text"]) for r in self._kannel.requests if "to" in r]


ADAPTER = SmsAdapter
