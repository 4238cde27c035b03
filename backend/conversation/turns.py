"""A turn in SQL: begun before the bot is asked, committed whole with all that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import lease as leases
from backend.conversation.fragments import Waiting, read_together
from backend.conversation.lease import Lease
from backend.conversation.tables import conversation, message, turn

LOOK_AHEAD = 24
# A turn that fails by itself (not for want of the bot) this often goes to a person.
MOST_FAILURES = 6
# What the system itself wants to say waits while a form is under way, but not for ever.
INTERNAL_WAITS = timedelta(minutes=30)

_WAITING = (
    message.c.id,
    message.c.account_id,
    message.c.address_id,
    message.c.kind,
    message.c.text,
    message.c.detail,
    message.c.media_count,
    message.c.received_at,
    message.c.reply_until,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A begun turn. `rule` is set where the app answers without the bot."""

    id: int
    seq: int
    attempts: int
    messages: Sequence[Waiting]
    rule: str | None


async def waiting_citizens(connection: AsyncConnection, now: datetime, limit: int) -> list[int]:
    """Citizens with something to read and no live lease: the poll behind the signals."""
    rows = await connection.execute(
        select(message.c.citizen_id)
        .outerjoin(conversation, conversation.c.citizen_id == message.c.citizen_id)
        .where(message.c.handled_at.is_(None))
        .where(or_(conversation.c.lease_until.is_(None), conversation.c.lease_until < now))
        .where(or_(conversation.c.retry_at.is_(None), conversation.c.retry_at <= now))
        .where(
            or_(
                message.c.kind != "internal",
                conversation.c.busy.isnot(True),
                conversation.c.last_inbound_at < now - INTERNAL_WAITS,
            )
        )
        .distinct()
        .limit(limit)
    )
    return [row.citizen_id for row in rows]


async def begin(
    connection: AsyncConnection,
    lease: Lease,
    now: datetime,
    *,
    rule_for: Callable[[Waiting], str | None],
    standalone: Callable[[Waiting], bool],
) -> Turn | None:
    """The turn to do now, stored with its message ids: the one begun before, else a new one.

    While the bot is down (`retry_at` lies ahead) only a message that a rule answers gets a turn,
    even past older ones: an emergency does not queue.
    """
    waiting = [
        replace(each, standalone=rule_for(each) is not None or standalone(each))
        for each in await _waiting(connection, lease, now)
    ]
    if lease.retry_at is not None and lease.retry_at > now:
        if (begun := await _begun(connection, lease, by_rule=True)) is not None:
            return begun
        urgent = next((each for each in waiting if rule_for(each) is not None), None)
        return await _open(connection, lease, [urgent], rule_for, now) if urgent else None
    begun = await _begun(connection, lease)
    if begun is not None:
        return begun
    together = read_together(waiting)
    return await _open(connection, lease, together, rule_for, now) if together else None


async def _waiting(connection: AsyncConnection, lease: Lease, now: datetime) -> list[Waiting]:
    query = (
        select(*_WAITING)
        .where(
            message.c.citizen_id == lease.citizen_id,
            message.c.handled_at.is_(None),
            message.c.turn_id.is_(None),
        )
        .order_by(message.c.id)
        .limit(LOOK_AHEAD)
    )
    recently = lease.last_inbound_at is not None and lease.last_inbound_at > now - INTERNAL_WAITS
    if lease.busy and recently:
        query = query.where(message.c.kind != "internal")
    return [Waiting(*row) for row in await connection.execute(query)]


async def _begun(
    connection: AsyncConnection, lease: Lease, *, by_rule: bool = False
) -> Turn | None:
    query = (
        select(turn.c.id, turn.c.seq, turn.c.attempts, turn.c.handled_by, turn.c.message_ids)
        .where(turn.c.citizen_id == lease.citizen_id, turn.c.committed_at.is_(None))
        .order_by(turn.c.seq)
        .limit(1)
    )
    if by_rule:
        query = query.where(turn.c.handled_by.like("rule:%"))
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    messages = await connection.execute(
        select(*_WAITING).where(message.c.id.in_(row.message_ids)).order_by(message.c.id)
    )
    read = [Waiting(*each) for each in messages]
    rule = row.handled_by.removeprefix("rule:") if row.handled_by else None
    return Turn(row.id, row.seq, row.attempts, read, rule)


async def _open(
    connection: AsyncConnection,
    lease: Lease,
    messages: Sequence[Waiting],
    rule_for: Callable[[Waiting], str | None],
    now: datetime,
) -> Turn:
    seq = lease.turn_seq + 1
    rule = rule_for(messages[0]) if len(messages) == 1 else None
    ids = [each.id for each in messages]
    turn_id = (
        await connection.execute(
            turn.insert()
            .values(
                citizen_id=lease.citizen_id,
                seq=seq,
                message_ids=ids,
                started_at=now,
                attempts=0,
                handled_by=f"rule:{rule}" if rule else None,
            )
            .returning(turn.c.id)
        )
    ).scalar_one()
    await connection.execute(update(message).where(message.c.id.in_(ids)).values(turn_id=turn_id))
    await connection.execute(
        update(conversation)
        .where(conversation.c.citizen_id == lease.citizen_id)
        .values(turn_seq=seq)
    )
    return Turn(int(turn_id), seq, 0, messages, rule)


async def close(
    connection: AsyncConnection,
    lease: Lease,
    done: Turn,
    now: datetime,
    *,
    record: dict[str, Any],
    conversation_values: dict[str, Any],
) -> None:
    """Mark messages and turn as handled and give the lease back. Raises LeaseLost."""
    # The conversation's row first: on PostgreSQL it serialises two holders, and the one with the
    # old fence writes nothing at all.
    await leases.give_back(
        connection,
        lease,
        last_inbound_at=max(each.received_at for each in done.messages),
        **conversation_values,
    )
    closed = await connection.execute(
        update(turn)
        .where(turn.c.id == done.id, turn.c.committed_at.is_(None))
        .values(committed_at=now, attempts=done.attempts + 1, **record)
    )
    if closed.rowcount != 1:
        raise leases.LeaseLost
    await connection.execute(
        update(message)
        .where(message.c.id.in_([each.id for each in done.messages]))
        .values(handled_at=now)
    )


async def postpone(
    connection: AsyncConnection, lease: Lease, failed: Turn, retry_at: datetime
) -> None:
    """Nothing was done: the same turn is tried again after `retry_at`. Raises LeaseLost."""
    await leases.give_back(connection, lease, retry_at=retry_at)
    await connection.execute(
        update(turn).where(turn.c.id == failed.id).values(attempts=failed.attempts + 1)
    )


async def more_waiting(connection: AsyncConnection, citizen_id: int) -> bool:
    """True while unread messages of this citizen lie in the inbox."""
    query = exists().where(and_(message.c.citizen_id == citizen_id, message.c.handled_at.is_(None)))
    return bool((await connection.execute(select(query))).scalar())
