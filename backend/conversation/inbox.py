"""The inbox: what citizens send is in SQL before it is acknowledged.

All messages that wait at the same moment are stored by one transaction (group commit), so that
full durability costs one fsync for many. With SQL down they go to the spool.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.addresses import AccountRow, AddressRow, find_or_open, load_accounts
from backend.conversation.background import keep_going, where
from backend.conversation.spool import Spool
from backend.conversation.steps import reach
from backend.conversation.tables import media, message
from backend.database.engine import Database
from backend.ports import Accepted, Clock, Inbound, InboxUnavailable
from backend.triage.cleaning import storable

log = structlog.get_logger(__name__)

BATCH = 256
# A webhook has five seconds: with SQL hanging, not refusing, the spool takes over in time for the
# acknowledgement (giving a hanging connection up takes up to two seconds more).
STORE_SECONDS = 2.5
DRAIN_SECONDS = 20.0
RACES = 3
# PostgreSQL's classes of errors: data exception, integrity constraint violation.
CONTENT_CLASSES = ("22", "23")
# A webhook stops waiting a little before its answer is free for other routes.
REPLY_GRACE = timedelta(milliseconds=300)


@dataclass(slots=True)
class _Waiting:
    inbound: Inbound
    reply_within: float
    done: asyncio.Future[tuple[Accepted, int | None]]


class Inbox:
    """`store` returns once the message is durable. `on_stored` hears of each new message."""

    def __init__(
        self,
        database: Database,
        spool: Spool,
        clock: Clock,
        on_stored: Callable[[int], None],
        *,
        on_media: Callable[[int], None] = lambda _: None,
        spool_poll_seconds: float = 2.0,
    ) -> None:
        self._spool_poll_seconds = spool_poll_seconds
        self._database = database
        self._spool = spool
        self._clock = clock
        self._on_stored = on_stored
        self._on_media = on_media
        self._accounts: dict[str, AccountRow] = {}
        self._queue: list[_Waiting] = []
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        insert = sqlite.insert if database.is_sqlite else postgresql.insert
        self._insert_messages = (
            insert(message)
            .on_conflict_do_nothing(index_elements=["account_id", "external_id"])
            .returning(message.c.id, message.c.account_id, message.c.external_id)
        )

    async def start(self) -> None:
        self._spool.open()
        self._tasks = [
            asyncio.create_task(
                keep_going("inbox", self._commit_groups, self._clock), name="inbox"
            ),
            asyncio.create_task(keep_going("spool", self._drain_spool, self._clock), name="spool"),
        ]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for waiting in self._queue:
            if not waiting.done.done():
                waiting.done.set_exception(InboxUnavailable("shutting down"))
        self._spool.close()

    async def store(self, inbound: Inbound, *, reply_within: float = 0.0) -> Accepted:
        """Raises InboxUnavailable when neither SQL nor the spool takes it."""
        reach("inbox.received")
        waiting = _Waiting(inbound, reply_within, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._arrived.set()
        accepted, citizen_id = await waiting.done
        if citizen_id is not None and not accepted.duplicate:
            self._on_stored(citizen_id)
            if inbound.media:
                self._on_media(citizen_id)
        return accepted

    async def _commit_groups(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                group, self._queue = self._queue[:BATCH], self._queue[BATCH:]
                try:
                    await self._commit(group)
                finally:
                    # Nobody may wait for ever, whatever happened to the group.
                    for waiting in group:
                        if not waiting.done.done():
                            waiting.done.set_exception(InboxUnavailable("not stored"))

    async def _commit(self, group: list[_Waiting]) -> None:
        if self._spool.empty:
            try:
                async with asyncio.timeout(STORE_SECONDS):
                    results = await self._store_group(group)
            except Exception as error:  # noqa: BLE001 - SQL is down, or cannot hold one of them
                log.error(
                    "inbox.sql_failed",
                    error=type(error).__name__,
                    where=where(error),
                    messages=len(group),
                )
            else:
                reach("inbox.stored")
                for waiting, result in zip(group, results, strict=True):
                    _resolve(waiting, result)
                return
        await self._to_spool(group)

    async def _to_spool(self, group: list[_Waiting]) -> None:
        try:
            await self._spool.append([waiting.inbound for waiting in group])
        except InboxUnavailable as error:
            log.error("inbox.refused", messages=len(group), reason=str(error))
            for waiting in group:
                if not waiting.done.done():
                    waiting.done.set_exception(InboxUnavailable(str(error)))
            return
        for waiting in group:
            _resolve(waiting, (Accepted(None), None))

    async def _drain_spool(self) -> None:
        while True:
            if not self._spool.empty:
                try:
                    moved = await self._spool.drain(self._store_spooled)
                    log.info("spool.drained", messages=moved)
                except (SQLAlchemyError, OSError, TimeoutError) as error:
                    log.warning("spool.sql_still_down", error=type(error).__name__)
            await self._clock.sleep(self._spool_poll_seconds)

    async def _store_spooled(self, inbounds: Sequence[Inbound]) -> None:
        """All, or one by one where SQL refuses some: one message must not hold up the others."""
        try:
            await self._store_all(inbounds)
        except Exception as error:
            if not _is_of_the_message(error):
                raise
            if len(inbounds) > 1:
                for inbound in inbounds:
                    await self._store_spooled([inbound])
                return
            log.error("inbox.set_aside", error=type(error).__name__, where=where(error))
            await self._spool.set_aside(inbounds[0])

    async def _store_all(self, inbounds: Sequence[Inbound]) -> None:
        loop = asyncio.get_running_loop()
        group = [_Waiting(inbound, 0.0, loop.create_future()) for inbound in inbounds]
        async with asyncio.timeout(DRAIN_SECONDS):
            for accepted, citizen_id in await self._store_group(group):
                if citizen_id is not None and not accepted.duplicate:
                    self._on_stored(citizen_id)

    async def _store_group(self, group: list[_Waiting]) -> list[tuple[Accepted, int]]:
        for race in range(RACES):
            try:
                async with self._database.write() as connection:
                    return await self._insert_group(connection, group)
            except IntegrityError:
                # Another process opened the same address at the same moment.
                if race == RACES - 1:
                    raise
        raise AssertionError("unreachable")

    async def _insert_group(
        self, connection: AsyncConnection, group: list[_Waiting]
    ) -> list[tuple[Accepted, int]]:
        now = self._clock.now()
        accounts = await self._accounts_of(connection, group)
        addresses = await find_or_open(
            connection,
            [(accounts[each.inbound.account], storable(each.inbound.address)) for each in group],
            now,
        )
        keyed: dict[tuple[int, str], dict[str, Any]] = {}
        keys: list[tuple[int, str]] = []
        for waiting in group:
            row = _message_row(waiting, accounts[waiting.inbound.account], addresses, now)
            key = (row["account_id"], row["external_id"])
            keys.append(key)
            keyed.setdefault(key, row)
        result = await connection.execute(self._insert_messages, list(keyed.values()))
        new = {(row.account_id, row.external_id): int(row.id) for row in result}
        known = await self._join_duplicates(connection, [key for key in keyed if key not in new])
        await self._insert_media(connection, group, keys, new, now)
        results = []
        first: set[tuple[int, str]] = set()
        for waiting, key in zip(group, keys, strict=True):
            duplicate = key not in new or key in first
            first.add(key)
            message_id = new.get(key) or known[key]
            if duplicate and waiting.reply_within:
                await _keep_waiting(connection, message_id, _reply_until(waiting, now))
            results.append((Accepted(message_id, duplicate), keyed[key]["citizen_id"]))
        return results

    async def _accounts_of(
        self, connection: AsyncConnection, group: list[_Waiting]
    ) -> dict[str, AccountRow]:
        if any(waiting.inbound.account not in self._accounts for waiting in group):
            self._accounts = await load_accounts(connection)
        return self._accounts

    async def _join_duplicates(
        self, connection: AsyncConnection, keys: list[tuple[int, str]]
    ) -> dict[tuple[int, str], int]:
        found = {}
        for account_id, external_id in keys:
            found[account_id, external_id] = (
                await connection.execute(
                    select(message.c.id).where(
                        message.c.account_id == account_id, message.c.external_id == external_id
                    )
                )
            ).scalar_one()
        return found

    async def _insert_media(
        self,
        connection: AsyncConnection,
        group: list[_Waiting],
        keys: list[tuple[int, str]],
        new: dict[tuple[int, str], int],
        now: datetime,
    ) -> None:
        rows = []
        seen: set[tuple[int, str]] = set()
        for waiting, key in zip(group, keys, strict=True):
            if key in seen or key not in new:
                continue
            seen.add(key)
            rows += [
                {
                    "message_id": new[key],
                    "account_id": key[0],
                    "kind": ref.kind.value,
                    "provider_ref": storable(ref.provider_ref),
                    "state": "waiting",
                    "due_at": now,
                }
                for ref in waiting.inbound.media
            ]
        if rows:
            await connection.execute(media.insert(), rows)


def _message_row(
    waiting: _Waiting,
    account: AccountRow,
    addresses: dict[tuple[int, str], AddressRow],
    now: datetime,
) -> dict[str, Any]:
    inbound = waiting.inbound
    who = addresses[account.id, storable(inbound.address)]
    return {
        "account_id": account.id,
        "external_id": storable(inbound.external_id)[:255],
        "address_id": who.id,
        "citizen_id": who.citizen_id,
        "kind": inbound.kind.value,
        "text": storable(inbound.text),
        "detail": _detail(inbound),
        "raw": inbound.raw,
        "media_count": len(inbound.media),
        "sent_at": inbound.sent_at,
        "received_at": now,
        "reply_until": _reply_until(waiting, now) if waiting.reply_within else None,
    }


def _detail(inbound: Inbound) -> dict[str, Any] | None:
    if inbound.event is not None:
        return {"event": inbound.event.name, "key": storable(inbound.event.key)}
    if inbound.place is not None:
        place = inbound.place
        return {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "label": storable(place.label),
        }
    return None


def _reply_until(waiting: _Waiting, now: datetime) -> datetime:
    return now + timedelta(seconds=waiting.reply_within) + REPLY_GRACE


async def _keep_waiting(connection: AsyncConnection, message_id: int, until: datetime) -> None:
    """A retry waits too: hold the answer back for it."""
    await connection.execute(
        update(message).where(message.c.id == message_id).values(reply_until=until)
    )


def _is_of_the_message(error: Exception) -> bool:
    """Whether SQL refused the content and will again, rather than being away."""
    if isinstance(error, DBAPIError):
        sqlstate = getattr(error.orig, "sqlstate", None)
        if sqlstate:
            return str(sqlstate)[:2] in CONTENT_CLASSES
        return isinstance(error, DataError | IntegrityError) or isinstance(
            error.orig and error.orig.__cause__, ValueError
        )
    # UnicodeEncodeError and the like are ValueErrors; an account no longer configured KeyError.
    return isinstance(error, StatementError | ValueError | TypeError | LookupError | OverflowError)


def _resolve(waiting: _Waiting, result: tuple[Accepted, int | None]) -> None:
    if not waiting.done.done():
        waiting.done.set_result(result)
