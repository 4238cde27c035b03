"""A citizen with a petition, and the answers that are to reach them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select

from backend.conversation import outbox, outcomes, receipts
from backend.conversation.addresses import AddressRow, find_or_open, load_accounts, move_address
from backend.conversation.outbox import Claimed
from backend.conversation.outcomes import Outcome
from backend.conversation.tables import outbox as table
from backend.database.engine import Database
from backend.petitions.tables import petition
from backend.petitions.timeline import Told, timeline_of
from backend.ports import Clock, DeliveryReceipt, ReceiptState, SendResult

PHONE = "13900000001"


class Desk:
    """One citizen's petition at `town`, and answers about it."""

    def __init__(self, database: Database, clock: Clock, who: str = "甲") -> None:
        self.database, self.clock, self.known_as = database, clock, who
        self.petition_id = self.queued = 0

    async def open(self, *, confidential: bool = False) -> None:
        async with self.database.write() as connection:
            self.accounts = await load_accounts(connection)
            self.who = await self._address(connection, "town", self.known_as)
            filed = {
                "number": "20261123-0007-3",
                "citizen_id": self.who.citizen_id,
                "account_id": self.accounts["town"].id,
                "address_id": self.who.id,
                "channel": "wechat",
                "org_id": self.accounts["town"].org_id,
                "state": "received",
                "kind": "complaint",
                "domain": "other",
                "urgency": "normal",
                "confidential": confidential,
                "title": "村口路灯不亮",
                "text": "路灯坏了",
                "place": "红星村",
                "reopened": 0,
                "reminders": 0,
                "received_at": self.clock.now(),
                "version": 1,
            }
            added = insert(petition).values(**filed).returning(petition.c.id)
            self.petition_id = (await connection.execute(added)).scalar_one()

    async def _address(self, connection: Any, account: str, known_as: str) -> AddressRow:
        row = self.accounts[account]
        found = await find_or_open(connection, [(row, known_as)], self.clock.now())
        return found[row.id, known_as]

    async def link_phone(self) -> AddressRow:
        async with self.database.write() as connection:
            phone = await self._address(connection, "line", PHONE)
            await move_address(connection, phone.id, self.who.citizen_id, self.clock.now())
        return phone

    async def queue(
        self, text: str = "路灯已修好。", *, about: bool = True, to: AddressRow | None = None
    ) -> int:
        """`to`: the linked phone, `who` by default."""
        self.queued += 1
        account = "town" if to is None else "line"
        async with self.database.write() as connection:
            queued = await outbox.queue(
                connection,
                dedupe_key=f"k{self.queued}",
                text=text,
                due_at=self.clock.now(),
                account_id=self.accounts[account].id,
                address_id=(to or self.who).id,
                citizen_id=self.who.citizen_id,
                petition_id=self.petition_id if about else None,
                lane="notice",
                key="answer_to_petition",
                created_at=self.clock.now(),
            )
        assert queued
        return queued

    async def claim(self, account: str = "town") -> list[Claimed]:
        async with self.database.write() as connection:
            ids = [self.accounts[account].id]
            return await outbox.claim_due(connection, ids, "me", self.clock.now(), 10)

    async def met(self, result: SendResult, account: str = "town") -> Claimed:
        """The one row due there is sent with this result."""
        (row,) = await self.claim(account)
        async with self.database.write() as connection:
            await outcomes.record(connection, [Outcome(row, result)], self.clock.now())
        return row

    async def receipt(self, state: ReceiptState, detail: str = "", **which: Any) -> None:
        account = which.pop("account", "town")
        async with self.database.write() as connection:
            arrived = DeliveryReceipt(account, state, detail=detail, **which)
            await receipts.apply(
                connection,
                [(self.accounts[account].id, arrived)],
                self.clock.now(),
            )

    async def row(self, outbox_id: int) -> Any:
        async with self.database.read() as connection:
            found = await connection.execute(select(table).where(table.c.id == outbox_id))
            return found.one()

    async def told(self) -> list[tuple[str, str | None]]:
        """What officials see: state and way of each message."""
        async with self.database.read() as connection:
            items = await timeline_of(connection, self.petition_id, shown=True)
        return [(item.state, item.way) for item in items if isinstance(item, Told)]
