"""What the backend offers to channels (`backend.ports.Gateway`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import outbox, passive
from backend.conversation.addresses import known_address, load_accounts
from backend.conversation.inbox import Inbox
from backend.conversation.waiters import Waiters
from backend.conversation.whereabouts import Whereabouts
from backend.database.engine import Database
from backend.ports import (
    Accepted,
    Clock,
    DeliveryReceipt,
    GeoPoint,
    Inbound,
    InboxUnavailable,
    PassiveReply,
)

log = structlog.get_logger(__name__)

# A webhook's answer is its own for this long after it stopped waiting (less than the inbox's
# REPLY_GRACE); claimed later, it would be written to a connection nobody reads.
LATEST_CLAIM_SECONDS = 0.25
LEAVING_SECONDS = 0.1
NOTE_SECONDS = 2.0


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
        whereabouts: Whereabouts | None = None,
    ) -> None:
        self._whereabouts = whereabouts
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

    async def whereabouts(self, account: str, address: str, place: GeoPoint) -> None:
        try:
            async with asyncio.timeout(NOTE_SECONDS), self._database.glance() as connection:
                address_id = await known_address(connection, account, address)
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            log.warning("gateway.whereabouts_not_noted", error=type(error).__name__)
            return
        if address_id is not None and self._whereabouts is not None:
            await self._whereabouts.note(address_id, place)

    async def wait_reply(self, accepted: Accepted, timeout: float) -> PassiveReply | None:
        if accepted.message_id is None:
            return None
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        try:
            async with asyncio.timeout(timeout + LATEST_CLAIM_SECONDS):
                read = await self._waiters.wait(
                    accepted.message_id, timeout, known=accepted.duplicate
                )
            return await self._claim(accepted.message_id, end) if read else None
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            # The message is safe; its answer takes another route or rides on the next try.
            log.warning("gateway.reply_not_claimed", error=type(error).__name__)
            return None

    async def _claim(self, message_id: int, end: float) -> PassiveReply | None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with self._database.write() as connection:
                    # Not cancelled by a time-out: nobody would know whether it was claimed.
                    if loop.time() > end + LATEST_CLAIM_SECONDS:
                        return None
                    return await passive.claim(
                        connection, message_id, self._owner, self._clock.now(), self._claim_seconds
                    )
            except passive.AnotherLeaving:
                await asyncio.sleep(LEAVING_SECONDS)

    async def reply_written(self, reply: PassiveReply, *, written: bool) -> None:
        now = self._clock.now()
        await self._record(lambda to: passive.written(to, reply, now, whole=written))

    async def reply_declined(self, reply: PassiveReply) -> None:
        now = self._clock.now()
        await self._record(lambda to: passive.give_back(to, reply, now))

    async def _record(self, write: Callable[[AsyncConnection], Awaitable[None]]) -> None:
        try:
            async with self._database.write() as connection:
                await write(connection)
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            # The claim runs out and the row becomes `unknown`, which is the truth.
            log.warning("gateway.reply_not_recorded", error=type(error).__name__)

    async def receipt(self, receipt: DeliveryReceipt) -> None:
        """Raises InboxUnavailable with SQL away: the provider must report again."""
        try:
            async with self._database.write() as connection:
                accounts = await load_accounts(connection)
                await outbox.apply_receipt(
                    connection, accounts[receipt.account].id, receipt, self._clock.now()
                )
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            log.warning("gateway.receipt_not_stored", error=type(error).__name__)
            raise InboxUnavailable("receipt not stored") from error
