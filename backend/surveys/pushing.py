"""Asks the people a survey is meant for: who is next, at the account's rate, and who is not.

A recipient is marked as asked and the message `ask_survey` put into the citizen's queue in one
transaction, so that a crash neither skips nor doubles anyone. The citizens are locked meanwhile:
of several processes one asks a citizen, and two surveys do not ask the same one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import structlog
from sqlalchemy import Row, bindparam, exists, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.background import Loops
from backend.conversation.consent import blocked, opted_out
from backend.conversation.steps import reach
from backend.conversation.tables import PUSH_KIND, address, citizen, message, outbox
from backend.database.engine import Database
from backend.database.insert_once import InsertOnce
from backend.organisation.tables import account
from backend.ports import Clock
from backend.surveys.push_limits import DAILY_CAP, PUSHES_PER_SECOND, QuietHours, day_began
from backend.surveys.tables import survey, survey_recipient

log = structlog.get_logger(__name__)

GAP = timedelta(days=7)
BATCH = 10
# How much may be under way: what is asked is sent within seconds, or not asked yet.
AHEAD_SECONDS = 3.0
# A question that waits for a petition's end does not hold up the others for longer than this.
HELD_UP = timedelta(seconds=20)
ROUND_SECONDS = 1.0

_r = survey_recipient.c
_other = survey_recipient.alias("other")
_UNDER_WAY = (
    select(survey.c.id, survey.c.state, survey.c.closes_at)
    .where(survey.c.state.in_(("open", "paused")))
    .order_by(survey.c.id)
)
_ACCOUNTS = select(account.c.id, account.c.name)
_UNSENT = (
    select(outbox.c.account_id, func.count())
    .where(
        outbox.c.state.in_(
            bindparam(None, ("queued", "sending"), expanding=True, literal_execute=True)
        ),
        outbox.c.lane == "push",
    )
    .group_by(outbox.c.account_id)
)
_UNREAD = (
    select(message.c.account_id, func.count())
    .where(message.c.handled_at.is_(None), message.c.kind == PUSH_KIND)
    .where(message.c.received_at > bindparam("since"))
    .group_by(message.c.account_id)
)
_CANDIDATES = (
    select(_r.id, _r.citizen_id, address.c.account_id)
    .join(address, address.c.id == _r.address_id)
    .where(_r.survey_id == bindparam("which"), _r.state == "waiting")
    .where(address.c.account_id.in_(bindparam("accounts", expanding=True)))
    .order_by(_r.id)
    .limit(BATCH)
)
_LOCK = (
    select(citizen.c.id)
    .where(citizen.c.id.in_(bindparam("whose", expanding=True)))
    .order_by(citizen.c.id)
    .with_for_update(skip_locked=True, key_share=True)
)
_FACTS = (
    select(
        _r.id,
        _r.survey_id,
        _r.citizen_id,
        _r.address_id,
        address.c.account_id,
        (address.c.ended_at.is_not(None) | (address.c.citizen_id != _r.citizen_id)).label("ended"),
        opted_out(_r.address_id),
        blocked(_r.address_id),
        select(func.count())
        .where(_other.c.citizen_id == _r.citizen_id, _other.c.asked_at >= bindparam("today"))
        .scalar_subquery()
        .label("asked_today"),
        exists()
        .where(_other.c.citizen_id == _r.citizen_id, _other.c.asked_at > bindparam("lately"))
        .label("asked_lately"),
    )
    .join(address, address.c.id == _r.address_id)
    .where(_r.id.in_(bindparam("ids", expanding=True)), _r.state == "waiting")
    .where(_r.citizen_id.in_(bindparam("whose", expanding=True)))
    .order_by(_r.id)
)
_ASKED = (
    update(survey_recipient)
    .where(_r.id.in_(bindparam("ids", expanding=True)))
    .values(state="asked", asked_at=bindparam("now"))
)
_PASSED_OVER = (
    update(survey_recipient)
    .where(_r.id.in_(bindparam("ids", expanding=True)))
    .values(state="passed_over", reason=bindparam("why"), ended_at=bindparam("now"))
)
_PUT = InsertOnce(message, ["account_id", "external_id"])
_CLOSE = (
    update(survey)
    .where(survey.c.state.in_(("open", "paused")), survey.c.closes_at <= bindparam("now"))
    .values(state="closed", closed_at=bindparam("now"), version=survey.c.version + 1)
)


class SurveyPusher:
    """`start` begins to ask; `push` is one round of it. `rates`: pushes per second by account
    name. Nobody is asked in `quiet` hours, nor twice within `gap`, nor more than `daily_cap` times
    on one day (Asia/Shanghai)."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rates: Mapping[str, float],
        *,
        quiet: QuietHours,
        gap: timedelta = GAP,
        daily_cap: int = DAILY_CAP,
    ) -> None:
        self._database = database
        self._clock = clock
        self._rates = rates
        self._quiet = quiet
        self._gap = gap
        self._daily_cap = daily_cap
        self._loops = Loops(clock)

    async def start(self) -> None:
        self._loops.start({"survey-pusher": self._run})

    async def close(self) -> None:
        await self._loops.stop()

    async def _run(self) -> None:
        while True:
            try:
                await self.push()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("surveys.push_failed", error=type(error).__name__)
            await self._clock.sleep(ROUND_SECONDS)

    async def push(self) -> int:
        """End what is over, then ask the next of every open survey as far as their accounts have
        room; how many were asked or passed over. Raises SQLAlchemyError."""
        now = self._clock.now()
        async with self._database.read() as connection:
            surveys = (await connection.execute(_UNDER_WAY)).all()
        over = [row.id for row in surveys if row.closes_at is not None and row.closes_at <= now]
        if over:
            async with self._database.write() as connection:
                await connection.execute(_CLOSE, {"now": now})
        open_now = [row.id for row in surveys if row.state == "open" and row.id not in over]
        if not open_now or self._quiet.hold(now):
            return 0
        room = await self._room(now)
        return sum([await self._push_survey(survey_id, room, now) for survey_id in open_now])

    async def _room(self, now: datetime) -> dict[int, int]:
        """How many more each account may have under way; the round counts it down."""
        async with self._database.read() as connection:
            accounts = (await connection.execute(_ACCOUNTS)).all()
            under_way = [
                *(await connection.execute(_UNSENT)).all(),
                *(await connection.execute(_UNREAD, {"since": now - HELD_UP})).all(),
            ]
        room = {
            row.id: ceil(self._rates.get(row.name, PUSHES_PER_SECOND) * AHEAD_SECONDS)
            for row in accounts
        }
        for account_id, number in under_way:
            room[account_id] -= number
        return room

    async def _push_survey(self, survey_id: int, room: dict[int, int], now: datetime) -> int:
        done = 0
        while accounts := [id_ for id_, free in room.items() if free > 0]:
            async with self._database.read() as connection:
                rows = await connection.execute(
                    _CANDIDATES, {"which": survey_id, "accounts": accounts}
                )
                chosen = _within(rows.all(), room)
            if not chosen:
                break
            # In a transaction of its own each: answers go between.
            done += await self._push_some(chosen, now)
        return done

    async def _push_some(self, chosen: Sequence[Row[*tuple[Any, ...]]], now: datetime) -> int:
        async with self._database.write() as connection:
            locked = (
                await connection.execute(_LOCK, {"whose": [row.citizen_id for row in chosen]})
            ).scalars()
            facts = await connection.execute(
                _FACTS,
                {
                    "ids": [row.id for row in chosen],
                    "whose": list(locked),
                    "lately": now - self._gap,
                    "today": day_began(now),
                },
            )
            recipients = facts.all()
            await _mark(connection, recipients, self._daily_cap, now)
            reach("push.before_asked")
        reach("push.asked")
        return len(recipients)


def _within(
    candidates: Sequence[Row[*tuple[Any, ...]]], room: dict[int, int]
) -> list[Row[*tuple[Any, ...]]]:
    """The first that their accounts have room for; takes the room."""
    chosen = []
    for row in candidates:
        if room[row.account_id] > 0:
            room[row.account_id] -= 1
            chosen.append(row)
    return chosen


def _reason(row: Row[*tuple[Any, ...]], daily_cap: int) -> str | None:
    if row.ended:
        return "address_ended"
    if row.opted_out:
        return "opted_out"
    if row.blocked:
        return "blocked"
    if row.asked_lately:
        return "asked_lately"
    return "enough_today" if row.asked_today >= daily_cap else None


async def _mark(
    connection: AsyncConnection,
    recipients: Sequence[Row[*tuple[Any, ...]]],
    daily_cap: int,
    now: datetime,
) -> None:
    reasons = {row.id: _reason(row, daily_cap) for row in recipients}
    for why in {reason for reason in reasons.values() if reason is not None}:
        ids = [id_ for id_, reason in reasons.items() if reason == why]
        await connection.execute(_PASSED_OVER, {"ids": ids, "why": why, "now": now})
    asked = [row for row in recipients if reasons[row.id] is None]
    if not asked:
        return
    await connection.execute(_ASKED, {"ids": [row.id for row in asked], "now": now})
    await connection.execute(
        _PUT(connection),
        [
            {
                "account_id": row.account_id,
                "external_id": f"{PUSH_KIND}:ask_survey:{row.id}",
                "address_id": row.address_id,
                "citizen_id": row.citizen_id,
                "kind": PUSH_KIND,
                "text": "",
                "detail": {"type": "ask_survey", "survey": row.survey_id, "recipient": row.id},
                "media_count": 0,
                "received_at": now,
            }
            for row in asked
        ],
    )
