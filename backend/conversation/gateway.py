"""What the backend offers to channels (`backend.ports.Gateway`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import outbox, passive, permissions
from backend.conversation.addresses import find_or_open, known_address, load_accounts
from backend.conversation.contact_history import contact_history
from backend.conversation.inbox import Inbox
from backend.conversation.receipts import Receipts
from backend.conversation.steps import reach
from backend.conversation.waiters import Waiters
from backend.conversation.whereabouts import Whereabouts
from backend.database.engine import Database
from backend.ports import (
    Accepted,
    Clock,
    ContactHistory,
    DeliveryReceipt,
    GeoPoint,
    Inbound,
    InboxUnavailable,
    NoticePermission,
    PassiveReply,
)
from backend.triage.cleaning import storable

log = structlog.get_logger(__name__)

# A webhook's answer is its own for this long after it stopped waiting (less than the inbox's
# REPLY_GRACE); claimed later, it would be written to a connection nobody reads.
LATEST_CLAIM_SECONDS = 0.25
LEAVING_SECONDS = 0.1
GLANCE_SECONDS = 2.0
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
        after_part: Callable[[], str] = str,
    ) -> None:
        """`after_part`: what a citizen reads behind a part of a text."""
        self._after_part = after_part
        self._whereabouts = whereabouts
        self._claim_seconds = claim_seconds
        self._database = database
        self._receipts = Receipts(database, clock)
        self._inbox = inbox
        self._waiters = waiters
        self._clock = clock
        self._owner = owner
        self._account_ids: dict[str, int] = {}

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

    async def wait_reply(
        self, accepted: Accepted, timeout: float, *, in_part: bool = False
    ) -> PassiveReply | None:
        if accepted.message_id is None:
            return None
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        try:
            async with asyncio.timeout(timeout + LATEST_CLAIM_SECONDS):
                read = await self._waiters.wait(
                    accepted.message_id, timeout, known=accepted.duplicate
                )
            after_part = self._after_part() if in_part else None
            reply = await self._claim(accepted.message_id, end, after_part) if read else None
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            # The message is safe; its answer takes another route or rides on the next try. To
            # return at once would say that there is nothing to say.
            log.warning("gateway.reply_not_claimed", error=type(error).__name__)
            await asyncio.sleep(max(0.0, end - loop.time()))
            return None
        if reply is not None:
            reach("passive.claimed")
        return reply

    async def _claim(
        self, message_id: int, end: float, after_part: str | None
    ) -> PassiveReply | None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with self._database.write() as connection:
                    # Not cancelled by a time-out: nobody would know whether it was claimed.
                    if loop.time() > end + LATEST_CLAIM_SECONDS:
                        return None
                    return await passive.claim(
                        connection,
                        message_id,
                        self._owner,
                        self._clock.now(),
                        self._claim_seconds,
                        after_part=after_part,
                    )
            except passive.AnotherLeaving:
                await asyncio.sleep(LEAVING_SECONDS)

    async def reply_written(self, reply: PassiveReply, *, written: bool) -> None:
        reach("passive.written")
        now = self._clock.now()
        await self._record(lambda to: passive.written(to, reply, now, whole=written))
        reach("passive.recorded")

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
            await self._receipts.store(receipt)
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            log.warning("gateway.receipt_not_stored", error=type(error).__name__)
            raise InboxUnavailable("receipt not stored") from error

    async def permission(self, permission: NoticePermission) -> None:
        """Raises InboxUnavailable with SQL away: the provider must report again."""
        now = self._clock.now()
        try:
            async with self._database.write() as connection:
                account = (await load_accounts(connection))[permission.account]
                known_as = storable(permission.address)
                found = await find_or_open(connection, [(account, known_as)], now)
                who = found[account.id, known_as]
                await permissions.record(connection, account.id, who.id, permission, now)
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            log.warning("gateway.permission_not_stored", error=type(error).__name__)
            raise InboxUnavailable("permission not stored") from error

    async def permitted(self, account: str, address: str, template_id: str) -> int:
        try:
            async with asyncio.timeout(GLANCE_SECONDS), self._database.glance() as connection:
                account_id = await self._account_id(connection, account)
                return await permissions.unspent(connection, account_id, address, template_id)
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            log.warning("gateway.permission_not_read", error=type(error).__name__)
            return 0

    async def contact_history(
        self, account: str, address: str, since: datetime
    ) -> ContactHistory | None:
        try:
            async with asyncio.timeout(GLANCE_SECONDS), self._database.glance() as connection:
                account_id = await self._account_id(connection, account)
                return await contact_history(connection, account_id, address, since)
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            log.warning("gateway.history_not_read", error=type(error).__name__)
            return None

    async def _account_id(self, connection: AsyncConnection, name: str) -> int:
        """Accounts come with a start and do not change; asked once for each message to send."""
        if name not in self._account_ids:
            accounts = await load_accounts(connection)
            self._account_ids = {row.name: row.id for row in accounts.values()}
        return self._account_ids[name]
