"""SMS over CMPP, held to the contract of every channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import ClientSession
from contract import ChannelAdapter, Fault
from ports_in_memory import FakeClock

from backend.ports import Account, Channel, ChannelDependencies
from channels.sms import create
from channels.sms.cmpp.pdus import Deliver
from channels.sms.message_parts import decode_text, read_user_data
from channels.sms.testing import FakeIsmg
from channels.sms.testing.ismg import SECRET, SENDER

REFUSED_NUMBER = 13


class CmppAdapter(ChannelAdapter):
    channel = "sms"
    address = "13800138000"
    faults = (Fault.DOWN, Fault.BUSY, Fault.REFUSED, Fault.HANGS, Fault.DROPS)
    secrets = (SECRET,)
    required_options = ("host", "source_addr", "secret", "sender")

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self._ismg = FakeIsmg()

    async def open(self) -> None:
        await self._ismg.start()

    async def close(self) -> None:
        await self._ismg.stop()

    def account(self) -> Account:
        return Account("county", "sms", self._ismg.options())

    def create(self, account: Account, deps: ChannelDependencies) -> Channel:
        return create(account, deps)

    def inbound(self, text: str, *, message: str) -> Any:
        return Deliver(
            msg_id=int(message),
            dest_id=SENDER,
            msg_fmt=8,
            src_terminal_id="8613800138000",
            content=text.encode("utf-16-be"),
        )

    async def deliver(self, http: ClientSession, base_url: str, request: Any) -> int:
        await self._ismg.until(lambda: any(each.open for each in self._ismg.sessions))
        # The gateway sends again what was not answered: with the same Sequence_Id.
        answer = await self._ismg.deliver(request, sequence=request.msg_id, seconds=0.5)
        if answer is None:
            return 0
        return 200 if answer.result == 0 else 400

    async def set_fault(self, fault: Fault) -> None:
        traps = self._ismg.traps
        traps.result, traps.silent, traps.abort_after = 0, False, None
        match fault:
            case Fault.DOWN:
                await self._ismg.stop()
            case Fault.BUSY:
                traps.result = 8
            case Fault.REFUSED:
                traps.result = REFUSED_NUMBER
            case Fault.HANGS:
                traps.silent = True
            case Fault.DROPS:
                traps.abort_after = 1

    async def sent(self) -> Sequence[tuple[str, str]]:
        return [
            (submit.dest_terminal_id[0], _text(submit.content, submit.tp_udhi, submit.msg_fmt))
            for submit in self._ismg.submits
        ]


def _text(content: bytes, udhi: int, coding: int) -> str:
    return decode_text(read_user_data(content)[1] if udhi else content, coding)


ADAPTER = CmppAdapter
