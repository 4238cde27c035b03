"""What the backend offers to channels (`backend.ports.Gateway`)."""

from __future__ import annotations

import structlog
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from backend.conversation import outbox
from backend.conversation.addresses import load_accounts
from backend.conversation.inbox import Inbox
from backend.conversation.tables import outbox as outbox_table
from backend.conversation.waiters import Waiters
from backend.database.engine import Database
from backend.ports import Accepted, Clock, DeliveryReceipt, Inbound, PassiveReply

log = structlog.get_logger(__name__)


class ConversationGateway:
    """Inbox, waiting webhooks and receipts behind one door."""

    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        waiters: Waiters,
        clock: Clock,
        owner: str,
        *,
        claim_seconds: float = outbox.CLAIM_SECONDS,
    ) -> None:
        self._claim_seconds = claim_seconds
        self._database = database
        self._inbox = inbox
        self._waiters = waiters
        self._clock = clock
        self._owner = owner

    async def accept(self, inbound: Inbound, *, reply_within: float = 0.0) -> Accepted:
        accepted = await self._inbox.store(inbound, reply_within=reply_within)
        if reply_within and accepted.message_id is not None:
            self._waiters.expect(accepted.message_id)
        return accepted

    async def wait_reply(self, accepted: Accepted, timeout: float) -> PassiveReply | None:
        if accepted.message_id is None:
            return None
        try:
            turn_id = await self._waiters.wait(
                accepted.message_id, timeout, known=accepted.duplicate
            )
            if turn_id is None:
                return None
            async with self._database.write() as connection:
                claimed = await outbox.claim_passive(
                    connection, turn_id, self._owner, self._clock.now(), self._claim_seconds
                )
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            # The message is safe; its answer takes another route or rides on the next try.
            log.warning("gateway.reply_not_claimed", error=type(error).__name__)
            return None
        return PassiveReply(*claimed) if claimed is not None else None

    async def reply_written(self, reply: PassiveReply, *, written: bool) -> None:
        now = self._clock.now()
        # Not written whole: the provider may or may not have read it; its retry asks again.
        values = {"state": "sent", "sent_at": now} if written else {"state": "unknown"}
        try:
            async with self._database.write() as connection:
                await connection.execute(
                    update(outbox_table)
                    .where(
                        outbox_table.c.id == reply.outbox_id,
                        outbox_table.c.route == "passive",
                        outbox_table.c.state.in_(("sending", "unknown")),
                    )
                    .values(**values)
                )
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            # The claim runs out and the row becomes `unknown`, which is the truth.
            log.warning("gateway.reply_not_recorded", error=type(error).__name__)

    async def reply_declined(self, reply: PassiveReply) -> None:
        now = self._clock.now()
        try:
            async with self._database.write() as connection:
                await connection.execute(
                    update(outbox_table)
                    .where(
                        outbox_table.c.id == reply.outbox_id,
                        outbox_table.c.route == "passive",
                        outbox_table.c.state == "sending",
                    )
                    .values(state="queued", route=None, due_at=now)
                )
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            log.warning("gateway.reply_not_recorded", error=type(error).__name__)

    async def receipt(self, receipt: DeliveryReceipt) -> None:
        async with self._database.write() as connection:
            accounts = await load_accounts(connection)
            await outbox.apply_receipt(
                connection, accounts[receipt.account].id, receipt, self._clock.now()
            )
