"""The black list: numbers nothing is pushed to, as administrators of a branch keep it.

An entry holds whatever branch asks: who wants no surveys wants none from the next township either.
Answers to what somebody wrote are no push and still go out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.consent import PUSHES
from backend.conversation.tables import address, blocked_number, consent_event
from backend.organisation.audit import record_audit
from backend.organisation.roles import Permission, may
from backend.organisation.sessions import Actor
from backend.organisation.tables import account, org, user
from backend.surveys.answering import end_at_address
from backend.surveys.list_file import mobile

MOST_SHOWN = 200
DECISIONS_SHOWN = 50
LONGEST_REASON = 120
SMS = "sms"
_b = blocked_number.c


class BlockRefused(Exception):
    """Why a number was not taken: number, reason, there or forbidden."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Blocked:
    """An entry as an administrator reads it; `number` is masked."""

    id: int
    number: str
    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What somebody decided about pushes, from the ledger; nothing of it is masked."""

    at: datetime
    channel: str
    address: str
    decision: str
    words: str


async def entries(connection: AsyncConnection, actor: Actor) -> tuple[Sequence[Blocked], int]:
    """Those of the actor's branch that hold, newest first, `MOST_SHOWN` at most; and how many there
    are."""
    if not may(actor.role, Permission.MANAGE_USERS):
        return [], 0
    hold = (_b.ended_at.is_(None), org.c.path.startswith(actor.org_path, autoescape=True))
    rows = await connection.execute(
        select(_b.id, _b.number, _b.reason, _b.created_at, user.c.name)
        .join(org, org.c.id == _b.org_id)
        .join(user, user.c.id == _b.created_by)
        .where(*hold)
        .order_by(_b.id.desc())
        .limit(MOST_SHOWN)
    )
    held = select(func.count()).select_from(blocked_number).join(org, org.c.id == _b.org_id)
    number = await connection.scalar(held.where(*hold))
    found = [
        Blocked(row.id, _masked(row.number), row.reason, row.created_at, row.name) for row in rows
    ]
    return found, number or 0


async def latest_decisions(connection: AsyncConnection, actor: Actor) -> Sequence[Decided]:
    """The last to opt out or in on accounts of the actor's branch, newest first."""
    if not may(actor.role, Permission.MANAGE_USERS):
        return []
    c = consent_event.c
    rows = await connection.execute(
        select(c.at, account.c.channel, address.c.external_id, c.decision, c.words)
        .join(address, address.c.id == c.address_id)
        .join(account, account.c.id == address.c.account_id)
        .join(org, org.c.id == account.c.org_id)
        .where(c.service == PUSHES, org.c.path.startswith(actor.org_path, autoescape=True))
        .order_by(c.at.desc(), c.id.desc())
        .limit(DECISIONS_SHOWN)
    )
    return [Decided(*row) for row in rows]


async def block(
    connection: AsyncConnection, actor: Actor, number: str, reason: str, now: datetime
) -> int:
    """Put a mobile number on the list and withdraw what was to be pushed to it; the entry's id.
    Audited. Raises BlockRefused."""
    _check_permission(actor)
    phone, reason = mobile(number), reason.strip()
    if phone is None:
        raise BlockRefused("number")
    if not 2 <= len(reason) <= LONGEST_REASON:
        raise BlockRefused("reason")
    there = await connection.scalar(
        select(_b.id).where(_b.number == phone, _b.org_id == actor.org_id, _b.ended_at.is_(None))
    )
    if there is not None:
        raise BlockRefused("there")
    added = await connection.scalar(
        blocked_number.insert()
        .values(
            number=phone,
            org_id=actor.org_id,
            reason=reason,
            created_at=now,
            created_by=actor.user_id,
        )
        .returning(_b.id)
    )
    by_sms = select(account.c.id).where(account.c.channel == SMS)
    addresses = await connection.scalars(
        select(address.c.id)
        .where(address.c.account_id.in_(by_sms), address.c.external_id == phone)
        .where(address.c.ended_at.is_(None))
    )
    for address_id in addresses.all():
        await end_at_address(connection, address_id, now)
    await _audit(connection, actor, "number_blocked", int(added or 0), now)
    return int(added or 0)


async def unblock(connection: AsyncConnection, actor: Actor, entry_id: int, now: datetime) -> bool:
    """Take an entry off; False for one of another branch, or taken off before. Audited."""
    _check_permission(actor)
    branch = select(org.c.id).where(org.c.path.startswith(actor.org_path, autoescape=True))
    ended = await connection.execute(
        update(blocked_number)
        .where(_b.id == entry_id, _b.ended_at.is_(None), _b.org_id.in_(branch))
        .values(ended_at=now, ended_by=actor.user_id)
    )
    if not ended.rowcount:
        return False
    await _audit(connection, actor, "number_unblocked", entry_id, now)
    return True


def _masked(number: str) -> str:
    return f"{number[:3]}****{number[-4:]}"


def _check_permission(actor: Actor) -> None:
    if not may(actor.role, Permission.MANAGE_USERS):
        raise BlockRefused("forbidden")


async def _audit(
    connection: AsyncConnection, actor: Actor, action: str, entry_id: int, now: datetime
) -> None:
    await record_audit(connection, action, now, user_id=actor.user_id, subject=str(entry_id))
