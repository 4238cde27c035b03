"""SMS over SMPP, held to the contract of every channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import ClientSession
from contract import ChannelAdapter, Fault
from ports_in_memory import FakeClock

from backend.ports import Account, Channel, ChannelDependencies
from channels.sms import create
from channels.sms.message_parts import read_user_data
from channels.sms.smpp.data_coding import DefaultAlphabet, read
from channels.sms.smpp.pdus import DeliverSm
from channels.sms.testing import FakeSmsc
from channels.sms.testing.smsc import PASSWORD
from channels.sms.testing.smsc_receipts import SENDER, UDHI

THROTTLED, WRONG_DESTINATION = 0x58, 0x0B


class SmppAdapter(ChannelAdapter):
    channel = "sms"
    address = "13800138000"
    faults = (Fault.DOWN, Fault.BUSY, Fault.REFUSED, Fault.HANGS, Fault.DROPS)
    secrets = (PASSWORD,)
    required_options = ("host", "system_id", "password", "sender")

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self._smsc = FakeSmsc()

    async def open(self) -> None:
        await self._smsc.start()

    async def close(self) -> None:
        await self._smsc.stop()

    def account(self) -> Account:
        return Account("county", "sms", self._smsc.options())

    def create(self, account: Account, deps: ChannelDependencies) -> Channel:
        return create(account, deps)

    def inbound(self, text: str, *, message: str) -> Any:
        deliver = DeliverSm(
            source_addr="8613800138000",
            destination_addr=SENDER,
            data_coding=8,
            short_message=text.encode("utf-16-be"),
        )
        return int(message), deliver

    async def deliver(self, http: ClientSession, base_url: str, request: Any) -> int:
        await self._smsc.until(lambda: bool(self._smsc.open))
        # The gateway sends again what was not taken: with the same sequence_number.
        sequence, deliver = request
        answer = await self._smsc.deliver(deliver, sequence=sequence, seconds=0.5)
        if answer is None:
            return 0
        return {0x00: 200, 0x64: 503}.get(answer.status, 400)

    async def set_fault(self, fault: Fault) -> None:
        traps = self._smsc.traps
        traps.status, traps.silent, traps.abort_after = 0, False, None
        match fault:
            case Fault.DOWN:
                await self._smsc.stop()
            case Fault.BUSY:
                traps.status = THROTTLED
            case Fault.REFUSED:
                traps.status = WRONG_DESTINATION
            case Fault.HANGS:
                traps.silent = True
            case Fault.DROPS:
                traps.abort_after = 1

    async def sent(self) -> Sequence[tuple[str, str]]:
        return [
            (submit.destination_addr, _text(submit.content, submit.esm_class, submit.data_coding))
            for submit in self._smsc.submits
        ]


def _text(content: bytes, esm_class: int, coding: int) -> str:
    payload = read_user_data(content)[1] if esm_class & UDHI else content
    return read(payload, coding, DefaultAlphabet.AUTO)


ADAPTER = SmppAdapter
