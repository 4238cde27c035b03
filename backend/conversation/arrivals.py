"""What arrived, written to SQL: messages with their citizens and media, a group at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import following
from backend.conversation.addresses import AccountRow, AddressRow, find_or_open, load_accounts
from backend.conversation.known_senders import NewMessage, add_of_known
from backend.conversation.tables import media, message
from backend.database.direct import DRIVER_ERRORS
from backend.database.engine import Database
from backend.database.insert_once import InsertManyOnce
from backend.ports import Clock, Inbound
from backend.triage.cleaning import storable

log = structlog.get_logger(__name__)

RACES = 3
# PostgreSQL's classes of errors: data exception, integrity constraint violation.
CONTENT_CLASSES = ("22", "23")
# A webhook stops waiting a little before its answer is free for other routes.
REPLY_GRACE = timedelta(milliseconds=300)
LONGEST_EXTERNAL_ID = 255

Key = tuple[int, str]

_UNIQUE = ("account_id", "external_id")
_COLUMNS = (
    *_UNIQUE,
    "address_id",
    "citizen_id",
    "kind",
    "text",
    "detail",
    "raw",
    "media_count",
    "sent_at",
    "received_at",
    "reply_until",
)
_c = message.c
_INSERT = InsertManyOnce(message, _COLUMNS, _UNIQUE, _c.id, _c.account_id, _c.external_id)
_KNOWN = select(_c.id).where(
    _c.account_id == bindparam("of_account"), _c.external_id == bindparam("known_as")
)
# A retry waits too: hold the answer back for it. Counted here, for each may reach another process.
_ANOTHER_TRY = (
    update(message)
    .where(_c.id == bindparam("which"))
    .values(reply_until=bindparam("until"), tries=_c.tries + 1)
    .returning(_c.tries)
)


# Not frozen, though never changed: freezing trebles the time to make one, and each message has
# several such.
@dataclass(slots=True)
class Arrival:
    """A decoded message; `reply_within` > 0: its webhook waits that many seconds for the answer."""

    inbound: Inbound
    reply_within: float = 0.0


@dataclass(slots=True)
class Stored:
    """A message in SQL. A `duplicate` had arrived before; `tries`: how often its webhook has
    waited by now."""

    message_id: int
    citizen_id: int
    duplicate: bool
    tries: int = 1


class Arrivals:
    """`store` writes a group at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._accounts: dict[str, AccountRow] = {}

    async def store(self, group: Sequence[Arrival]) -> list[Stored]:
        """In order. Raises SQLAlchemyError, KeyError for an unknown account (see
        `is_of_the_message`); the group may then be stored in part, and stored again it is not
        doubled."""
        stored = await self._store_of_known(group)
        rest = [place for place in range(len(group)) if place not in stored]
        if rest:
            others = await self._store_all([group[place] for place in rest])
            stored |= dict(zip(rest, others, strict=True))
        return [stored[place] for place in range(len(group))]

    async def _store_of_known(self, group: Sequence[Arrival]) -> dict[int, Stored]:
        """By their place in the group those that one statement could store: new ones of a known
        sender who sent nothing but words."""
        now = self._clock.now()
        # All of one sender's go the same way, or they would lose their order.
        others = {each.inbound.address for each in group if not _is_words(each.inbound)}
        messages: dict[int, NewMessage] = {}
        for place, each in enumerate(group):
            account = self._accounts.get(each.inbound.account)
            if account is not None and each.inbound.address not in others:
                messages[place] = _new_message(each, account, now)
        if not messages:
            return {}
        try:
            added = await add_of_known(self._database, list(messages.values()))
        except DRIVER_ERRORS as error:
            # Perhaps of one message, perhaps of the connection: what is tried next tells.
            log.warning("arrivals.not_at_once", error=type(error).__name__)
            return {}
        return {
            place: Stored(new.message_id, new.citizen_id, duplicate=False)
            for place, new in zip(messages, added, strict=True)
            if new is not None
        }

    async def _store_all(self, group: Sequence[Arrival]) -> list[Stored]:
        for race in range(RACES):
            try:
                async with self._database.write() as connection:
                    return await self._store(connection, group)
            except IntegrityError:
                # Another process opened the same address at the same moment.
                if race == RACES - 1:
                    raise
        raise AssertionError("unreachable")

    async def _store(self, connection: AsyncConnection, group: Sequence[Arrival]) -> list[Stored]:
        now = self._clock.now()
        senders = await self._senders(connection, group, now)
        rows = [
            _new_message(each, account, now)._asdict()
            | {"address_id": who.id, "citizen_id": who.citizen_id}
            for each, (account, who) in zip(group, senders, strict=True)
        ]
        keys: list[Key] = [(row["account_id"], row["external_id"]) for row in rows]
        first: dict[Key, dict[str, Any]] = {}
        for key, row in zip(keys, rows, strict=True):
            first.setdefault(key, row)
        added = await _INSERT(connection, list(first.values()))
        new: dict[Key, int] = {(account_id, known_as): id_ for id_, account_id, known_as in added}
        ids = new if len(new) == len(first) else new | await _known(connection, first.keys() - new)
        stored, seen = [], set()
        for key, row in zip(keys, rows, strict=True):
            duplicate = key not in new or key in seen
            seen.add(key)
            stored.append(Stored(ids[key], row["citizen_id"], duplicate))
        await _note_media(connection, group, stored, rows)
        await _note_following(connection, group, stored, [who for _, who in senders], now)
        return await _tried(connection, stored, rows)

    async def _senders(
        self, connection: AsyncConnection, group: Sequence[Arrival], now: datetime
    ) -> list[tuple[AccountRow, AddressRow]]:
        if any(each.inbound.account not in self._accounts for each in group):
            self._accounts = await load_accounts(connection)
        senders = [
            (self._accounts[each.inbound.account], storable(each.inbound.address)) for each in group
        ]
        addresses = await find_or_open(connection, senders, now)
        return [(account, addresses[account.id, sender]) for account, sender in senders]


def _is_words(inbound: Inbound) -> bool:
    return inbound.event is None and not inbound.media


def _new_message(each: Arrival, account: AccountRow, now: datetime) -> NewMessage:
    inbound = each.inbound
    return NewMessage(
        account_id=account.id,
        external_id=storable(inbound.external_id)[:LONGEST_EXTERNAL_ID],
        kind=inbound.kind.value,
        text=storable(inbound.text),
        detail=_detail(inbound),
        raw=inbound.raw,
        media_count=len(inbound.media),
        sent_at=inbound.sent_at,
        received_at=now,
        reply_until=_reply_until(each, now),
        sender=storable(inbound.address),
    )


def _reply_until(each: Arrival, now: datetime) -> datetime | None:
    if not each.reply_within:
        return None
    return now + timedelta(seconds=each.reply_within) + REPLY_GRACE


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
    if inbound.extension:
        return {"extension": storable(inbound.extension)}
    return None


async def _known(connection: AsyncConnection, keys: set[Key]) -> dict[Key, int]:
    found = {}
    for key in keys:
        account_id, external_id = key
        asked = await connection.execute(
            _KNOWN, {"of_account": account_id, "known_as": external_id}
        )
        found[key] = int(asked.scalar_one())
    return found


async def _tried(
    connection: AsyncConnection, stored: Sequence[Stored], rows: Sequence[dict[str, Any]]
) -> list[Stored]:
    """The same, with the tries of those that were tried again counted."""
    counted = []
    for each, row in zip(stored, rows, strict=True):
        if each.duplicate and row["reply_until"] is not None:
            again = {"which": each.message_id, "until": row["reply_until"]}
            counted.append(replace(each, tries=await connection.scalar(_ANOTHER_TRY, again)))
        else:
            counted.append(each)
    return counted


async def _note_media(
    connection: AsyncConnection,
    group: Sequence[Arrival],
    stored: Sequence[Stored],
    rows: Sequence[dict[str, Any]],
) -> None:
    waiting = [
        {
            "message_id": new.message_id,
            "account_id": row["account_id"],
            "kind": ref.kind.value,
            "provider_ref": storable(ref.provider_ref),
            "state": "waiting",
            "due_at": row["received_at"],
        }
        for each, new, row in zip(group, stored, rows, strict=True)
        if not new.duplicate
        for ref in each.inbound.media
    ]
    if waiting:
        await connection.execute(media.insert(), waiting)


async def _note_following(
    connection: AsyncConnection,
    group: Sequence[Arrival],
    stored: Sequence[Stored],
    senders: Sequence[AddressRow],
    now: datetime,
) -> None:
    left = {who.id: who.left for who in senders}
    for each, new, who in zip(group, stored, senders, strict=True):
        if new.duplicate:
            continue
        changed = following.change(each.inbound.event, left[who.id], now)
        if changed:
            await following.note(connection, who.id, changed)
            left[who.id] = changed.get("left_at") is not None


def is_of_the_message(error: Exception) -> bool:
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
