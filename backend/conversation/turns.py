"""A turn in SQL: begun before the bot is asked, committed whole with all that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import lease as leases
from backend.conversation.fragments import Waiting, read_together
from backend.conversation.lease import Lease
from backend.conversation.tables import PUSH_KIND, conversation, message, turn

LOOK_AHEAD = 24
# A turn that fails by itself (not for want of the bot) this often goes to a person.
MOST_FAILURES = 6
# What the system itself wants to say waits while a form is under way, but not for ever.
INTERNAL_WAITS = timedelta(minutes=30)

_m, _t = message.c, turn.c
_READ = select(
    _m.id,
    _m.account_id,
    _m.address_id,
    _m.kind,
    _m.text,
    _m.detail,
    _m.media_count,
    _m.received_at,
    _m.reply_until,
).order_by(_m.id)
_UNREAD = (
    _READ.where(_m.citizen_id == bindparam("whose"), _m.handled_at.is_(None))
    .where(or_(_m.kind != "internal", bindparam("internal", type_=Boolean)))
    .where(_m.kind != PUSH_KIND)
    .limit(LOOK_AHEAD)
)
_BY_ID = _READ.where(_m.id.in_(bindparam("ids", expanding=True)))
_BEGUN = (
    select(_t.id, _t.attempts, _t.handled_by, _t.message_ids)
    .where(_t.citizen_id == bindparam("whose"), _t.committed_at.is_(None))
    .order_by(_t.seq)
)
_BEGIN = turn.insert().returning(_t.id)
_OPEN_TURN = update(turn).where(_t.id == bindparam("which"), _t.committed_at.is_(None))
_HANDLED = update(message).where(_m.id.in_(bindparam("ids", expanding=True)))
_SHOW = update(conversation).where(conversation.c.citizen_id == bindparam("whose"))


@dataclass(frozen=True, slots=True)
class Turn:
    """A begun turn. `rule` is set where the app answers without the bot; `more` where other
    messages wait behind it."""

    id: int
    attempts: int
    messages: Sequence[Waiting]
    rule: str | None
    more: bool = False


async def waiting_citizens(connection: AsyncConnection, now: datetime, limit: int) -> list[int]:
    """Citizens with something to read and no live lease: the poll behind the signals. Pushes are
    turned apart (push_turns.py), so that however many wait they delay nobody."""
    rows = await connection.execute(
        select(message.c.citizen_id)
        .outerjoin(conversation, conversation.c.citizen_id == message.c.citizen_id)
        .where(message.c.handled_at.is_(None), message.c.kind != PUSH_KIND)
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
    unread = await _unread(connection, lease, now)
    only_by_rule = lease.retry_at is not None and lease.retry_at > now
    begun = await _begun(connection, lease)
    again = next((each for each in begun if each.rule or not only_by_rule), None)
    if again is not None:
        return replace(again, more=len(unread) > len(again.messages))
    taken = {each.id for one in begun for each in one.messages}
    waiting = [
        replace(each, standalone=rule_for(each) is not None or standalone(each))
        for each in unread
        if each.id not in taken
    ]
    if only_by_rule:
        together = [each for each in waiting if rule_for(each) is not None][:1]
    else:
        together = read_together(waiting)
    if not together:
        return None
    rule = rule_for(together[0]) if len(together) == 1 else None
    opened = await _open(connection, lease, together, rule, now)
    return replace(opened, more=len(unread) > len(together))


async def _unread(connection: AsyncConnection, lease: Lease, now: datetime) -> list[Waiting]:
    recently = lease.last_inbound_at is not None and lease.last_inbound_at > now - INTERNAL_WAITS
    internal = not (lease.busy and recently)
    rows = await connection.execute(_UNREAD, {"whose": lease.citizen_id, "internal": internal})
    return [Waiting(*row) for row in rows]


async def _begun(connection: AsyncConnection, lease: Lease) -> list[Turn]:
    """Turns begun and not committed, oldest first: the one under way when a worker died, and
    beside it one by a rule."""
    begun = []
    for row in (await connection.execute(_BEGUN, {"whose": lease.citizen_id})).all():
        messages = await connection.execute(_BY_ID, {"ids": row.message_ids})
        rule = row.handled_by.removeprefix("rule:") if row.handled_by else None
        begun.append(Turn(row.id, row.attempts, [Waiting(*each) for each in messages], rule))
    return begun


async def _open(
    connection: AsyncConnection,
    lease: Lease,
    messages: Sequence[Waiting],
    rule: str | None,
    now: datetime,
) -> Turn:
    turn_id: int = await connection.scalar(
        _BEGIN,
        {
            "citizen_id": lease.citizen_id,
            # The fence grows with every lease, so turns are in order by it.
            "seq": lease.fence,
            "message_ids": [each.id for each in messages],
            "started_at": now,
            "attempts": 0,
            "handled_by": f"rule:{rule}" if rule else None,
        },
    )
    return Turn(turn_id, 0, messages, rule)


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
        _OPEN_TURN, {"which": done.id, "committed_at": now, "attempts": done.attempts + 1, **record}
    )
    if closed.rowcount != 1:
        raise leases.LeaseLost
    await connection.execute(
        _HANDLED,
        {
            "ids": [each.id for each in done.messages],
            "turn_id": done.id,
            "handled_at": now,
        },
    )


async def show_prompt(connection: AsyncConnection, citizen_id: int, prompt: dict[str, Any]) -> None:
    """An effect asked something: in the transaction that closed the turn."""
    await connection.execute(_SHOW, {"whose": citizen_id, "prompt": prompt})


async def postpone(
    connection: AsyncConnection, lease: Lease, failed: Turn, retry_at: datetime
) -> None:
    """Nothing was done: the same turn is tried again after `retry_at`. Raises LeaseLost."""
    await leases.give_back(connection, lease, retry_at=retry_at)
    await connection.execute(_OPEN_TURN, {"which": failed.id, "attempts": failed.attempts + 1})
