"""Telling the officer on duty of an emergency, the next one while nobody opens it, and its place
when that comes later. Everything is written in the caller's transaction, once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.clock import SHANGHAI
from backend.conversation import outbox
from backend.conversation.addresses import AccountRow, find_or_open
from backend.conversation.tables import address, citizen
from backend.conversation.texts import Reply, Texts
from backend.duty.order import Officer, in_order
from backend.duty.roster import officers_above
from backend.duty.tables import duty_alert
from backend.organisation.tables import account, org
from backend.petitions.events import MACHINE, event_of, record_event
from backend.petitions.lifecycle import AWAITING_STATES, OPEN_STATES
from backend.petitions.tables import petition, petition_event, petition_subject

PATIENCE = timedelta(minutes=5)
"""What is usual."""
MOST_ALERTS = 12
"""How many messages one emergency leads to at most; after the last officer the first is told
again."""
MANY = 100

_a = duty_alert.c


class Alarm:
    """`looks` gives the wording per account name; `patience`: how long an officer has to open the
    petition before the next one is told."""

    def __init__(self, texts: Texts, looks: Mapping[str, str], patience: timedelta) -> None:
        self._texts = texts
        self._looks = looks
        self.patience = patience

    async def raise_for(
        self, connection: AsyncConnection, petition_id: int, now: datetime
    ) -> int | None:
        """Tell the first officer; the outbox row, None where nobody is on duty or this emergency
        was told before."""
        known = select(_a.id).where(_a.petition_id == petition_id).limit(1)
        if await connection.scalar(known) is not None:
            return None
        return await self._tell(connection, petition_id, 1, now)

    async def tell_place(
        self, connection: AsyncConnection, petition_id: int, now: datetime
    ) -> int | None:
        """The citizen has said where the emergency is: the officer told last hears it too, once;
        where nobody could be told before, the first is told now. The outbox row; None for what is
        no emergency, is over, or reaches nobody."""
        row, once = await _petition(connection, petition_id), f"duty:{petition_id}:place"
        if row.urgency != "emergency" or row.state not in AWAITING_STATES:
            return None
        if await event_of(connection, once) is not None:
            return None
        told = select(_a.user_id).where(_a.petition_id == petition_id)
        last = await connection.scalar(told.order_by(_a.step.desc()).limit(1))
        if last is None:
            return await self._tell(connection, petition_id, 1, now)
        officers = await _officers(connection, row, now)
        # Who was told has it in hand; if they are off duty by now, whoever is first.
        for officer in sorted(officers, key=lambda one: one.user_id != last):
            reached = await self._address_of(connection, officer, row, now)
            if reached is None:
                continue
            detail = {"org_id": officer.org_id, "user_id": officer.user_id, "place": row.place}
            await record_event(
                connection,
                row.id,
                "duty_told_place",
                MACHINE,
                now,
                detail=detail,
                dedupe_key=once,
            )
            params = {"number": row.number, "place": row.place}
            return await self._queue(connection, reached, Reply("duty_place", params), once, now)
        return None

    async def go_on(self, connection: AsyncConnection, now: datetime) -> list[int]:
        """Tell the next officer of each emergency whose time is over and nobody has opened; the
        outbox rows. Of several processes each alert is one's own."""
        due = await connection.execute(
            select(_a.id)
            .where(_a.closed_at.is_(None), _a.due_at <= now)
            .order_by(_a.due_at)
            .limit(MANY)
        )
        told = []
        for row in due.all():
            queued = await self._go_on(connection, row.id, now)
            if queued is not None:
                told.append(queued)
        return told

    async def _go_on(self, connection: AsyncConnection, alert_id: int, now: datetime) -> int | None:
        closed = await connection.execute(
            update(duty_alert)
            .where(_a.id == alert_id, _a.closed_at.is_(None))
            .values(closed_at=now)
            .returning(_a.petition_id, _a.step)
        )
        row = closed.first()
        if row is None or row.step >= MOST_ALERTS:
            return None
        if await _is_taken_care_of(connection, row.petition_id):
            return None
        return await self._tell(connection, row.petition_id, row.step + 1, now)

    async def _tell(
        self, connection: AsyncConnection, petition_id: int, step: int, now: datetime
    ) -> int | None:
        row = await _petition(connection, petition_id)
        officers = await _officers(connection, row, now)
        for skipped in range(len(officers)):
            officer = officers[(step - 1 + skipped) % len(officers)]
            reached = await self._address_of(connection, officer, row, now)
            if reached is not None:
                return await self._write(connection, row, officer, reached, step, now)
        return None

    async def _write(
        self,
        connection: AsyncConnection,
        row: Row[Any],
        officer: Officer,
        reached: Row[*tuple[Any, ...]],
        step: int,
        now: datetime,
    ) -> int | None:
        await connection.execute(
            duty_alert.insert().values(
                petition_id=row.id,
                step=step,
                user_id=officer.user_id,
                org_id=officer.org_id,
                at=now,
                due_at=now + self.patience,
            )
        )
        await record_event(
            connection,
            row.id,
            "duty_alerted",
            MACHINE,
            now,
            detail={"org_id": officer.org_id, "user_id": officer.user_id, "step": step},
        )
        params = {
            "number": row.number,
            "place": row.place,
            "minutes": round(self.patience.total_seconds() / 60),
        }
        once = f"duty:{row.id}:{step}"
        return await self._queue(connection, reached, Reply("duty_alert", params), once, now)

    async def _queue(
        self,
        connection: AsyncConnection,
        reached: Row[*tuple[Any, ...]],
        reply: Reply,
        once: str,
        now: datetime,
    ) -> int | None:
        look = self._looks.get(reached.account_name, reached.channel)
        return await outbox.queue(
            connection,
            dedupe_key=once,
            text=self._texts.render([reply], look),
            due_at=now,
            account_id=reached.account_id,
            address_id=reached.address_id,
            citizen_id=reached.citizen_id,
            # Not the petition's own: the citizen's timeline does not hold what officers are told.
            petition_id=None,
            lane="notice",
            key=reply.key,
            created_at=now,
        )

    async def _address_of(
        self, connection: AsyncConnection, officer: Officer, row: Row[Any], now: datetime
    ) -> Row[*tuple[Any, ...]] | None:
        """Where the officer is written to: by text message where the county has a number, else by
        the WeChat of whoever has given this phone as theirs."""
        by = await self._texting_account(connection, row)
        if by is not None:
            await find_or_open(connection, [(by, officer.phone)], now)
            wanted: ColumnElement[bool] = and_(
                address.c.account_id == by.id, address.c.external_id == officer.phone
            )
        else:
            wanted = citizen.c.phone == officer.phone
        found = await connection.execute(
            select(
                address.c.id.label("address_id"),
                address.c.citizen_id,
                address.c.account_id,
                account.c.name.label("account_name"),
                account.c.channel,
            )
            .join(citizen, citizen.c.id == address.c.citizen_id)
            .join(account, account.c.id == address.c.account_id)
            .where(address.c.ended_at.is_(None), wanted)
            .order_by(address.c.id.desc())
            .limit(1)
        )
        return found.first()

    async def _texting_account(
        self, connection: AsyncConnection, row: Row[Any]
    ) -> AccountRow | None:
        """The county's own, the one the petition came by first."""
        county = row.org_path.split("/")[1]
        rows = await connection.execute(
            select(account.c.id, account.c.name, account.c.channel, account.c.org_id)
            .join(org, org.c.id == account.c.org_id)
            .where(org.c.path.startswith(f"/{county}/", autoescape=True))
        )
        texting = [
            AccountRow(*one) for one in rows if self._looks.get(one.name, one.channel) == "sms"
        ]
        return min(texting, key=lambda one: (one.id != row.account_id, one.id), default=None)


async def opened(
    connection: AsyncConnection, petition_id: int, user_id: int, now: datetime
) -> None:
    """An official looks at the petition: nobody else need be told."""
    await connection.execute(
        update(duty_alert)
        .where(_a.petition_id == petition_id, _a.closed_at.is_(None))
        .values(closed_at=now, opened_by=user_id)
    )


async def _is_taken_care_of(connection: AsyncConnection, petition_id: int) -> bool:
    """Opened before, acted upon by an official, or over."""
    looked = select(_a.id).where(_a.petition_id == petition_id, _a.opened_by.is_not(None))
    acted = select(petition_event.c.id).where(
        petition_event.c.petition_id == petition_id, petition_event.c.actor == "official"
    )
    for found in (looked, acted):
        if await connection.scalar(found.limit(1)) is not None:
            return True
    state = await connection.scalar(select(petition.c.state).where(petition.c.id == petition_id))
    return state not in OPEN_STATES


async def _petition(connection: AsyncConnection, petition_id: int) -> Row[Any]:
    found = await connection.execute(
        select(petition, org.c.path.label("org_path"))
        .join(org, org.c.id == petition.c.org_id)
        .where(petition.c.id == petition_id)
    )
    return found.one()


async def _officers(connection: AsyncConnection, row: Row[Any], now: datetime) -> list[Officer]:
    """Without those whom the petition is about, and without whole offices it is about."""
    subjects = await connection.execute(
        select(petition_subject.c.org_id, petition_subject.c.user_id).where(
            petition_subject.c.petition_id == row.id, petition_subject.c.lifted_at.is_(None)
        )
    )
    offices, users = set(), set()
    for subject in subjects:
        offices.add(subject.org_id)
        users.add(subject.user_id)
    officers = in_order(
        await officers_above(connection, row.org_path), now.astimezone(SHANGHAI).date()
    )
    return [one for one in officers if one.org_id not in offices and one.user_id not in users]
