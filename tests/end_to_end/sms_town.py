"""A citizen with a phone that can text, over Kannel and its fake operator."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from backend.conversation.tables import address, outbox
from tests.channels.sms.kannel_process import KannelProcess
from tests.end_to_end.town import Town, until


def sms_settings(kannel: KannelProcess) -> Mapping[str, str]:
    """The app's settings for one account on this Kannel."""
    prefix = f"XIANGYIN_ACCOUNTS__{kannel.account.upper()}__"
    options = {"channel": "sms", **kannel.account_options()}
    return {f"{prefix}{name.upper()}": str(value) for name, value in options.items()}


@dataclass
class Texter:
    """Sends by the operator's wire; sees what the operator delivers."""

    town: Town
    kannel: KannelProcess
    number: str

    def received(self) -> list[str]:
        """Every text on this phone, in order."""
        return [one.text for one in self.kannel.delivered() if one.receiver == self.number]

    async def say(self, text: str) -> str:
        """Text, and give the next text that comes."""
        before = len(self.received())
        await asyncio.to_thread(self.kannel.inject, self.number, self.kannel.sender, text)
        await until(lambda: len(self.received()) > before, "an answer by SMS", 60)
        return self.received()[before]

    async def got(self, part: str) -> str:
        """The text that holds `part`, once it is there; exactly one."""
        await until(lambda: any(part in one for one in self.received()), f"an SMS with {part}", 60)
        (text,) = [one for one in self.received() if part in one]
        return text

    async def states(self) -> list[str]:
        """How far each of our texts to this phone got, in order."""
        async with self.town.database.read() as connection:
            rows = await connection.execute(
                select(outbox.c.state)
                .join(address, address.c.id == outbox.c.address_id)
                .where(address.c.external_id == self.number)
                .order_by(outbox.c.id)
            )
            return [str(row.state) for row in rows]
