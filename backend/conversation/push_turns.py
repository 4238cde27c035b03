"""The turns of what the system says by itself: a survey's first question, many citizens at once.

Such a turn asks no bot, so a whole batch is begun and committed in one transaction: a push to
20,000 people costs the other turns hardly anything. It comes when nothing else of the citizen
waits to be read and no petition is under way; the prompt is kept like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, bindparam, exists, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import prompts
from backend.conversation.background import Loops
from backend.conversation.outbox import PUSH
from backend.conversation.signals import Signals
from backend.conversation.steps import reach
from backend.conversation.tables import PUSH_KIND, conversation, message, outbox, prompt, turn
from backend.conversation.texts import Reply, Texts
from backend.conversation.turns import INTERNAL_WAITS
from backend.database.engine import Database
from backend.database.insert_once import InsertOnce
from backend.organisation.tables import account
from backend.ports import Clock
from backend.surveys import opening

log = structlog.get_logger(__name__)

# On SQLite other turns stand still meanwhile, so few at once, and a breath between.
BATCH = 5
BREATH_SECONDS = 0.05

_m, _c = message.c, conversation.c
_mine = message.alias("mine")
_NOTHING_ELSE_TO_READ = ~exists().where(
    _mine.c.citizen_id == _m.citizen_id,
    _mine.c.handled_at.is_(None),
    _mine.c.kind != PUSH_KIND,
)
_FREE = (
    or_(_c.lease_until.is_(None), _c.lease_until < bindparam("now")),
    or_(_c.busy.isnot(True), _c.last_inbound_at < bindparam("waited")),
)
_WAITING = (
    select(_m.id, _m.citizen_id)
    .outerjoin(conversation, _c.citizen_id == _m.citizen_id)
    .where(_m.handled_at.is_(None), _m.kind == PUSH_KIND, *_FREE, _NOTHING_ELSE_TO_READ)
    .order_by(_m.id)
    .limit(BATCH)
)
_OPEN = InsertOnce(conversation, ["citizen_id"])
# Who took a conversation in between is spared: the question comes in the next batch.
_LOCK = (
    select(_m.id, _m.citizen_id, _m.account_id, _m.address_id, _m.detail, _c.fence)
    .join(conversation, _c.citizen_id == _m.citizen_id)
    .where(_m.id.in_(bindparam("ids", expanding=True)))
    .where(_m.handled_at.is_(None), *_FREE, _NOTHING_ELSE_TO_READ)
    .order_by(_m.id)
    .with_for_update(skip_locked=True)
)
_BEGIN = turn.insert().returning(turn.c.id, sort_by_parameter_order=True)
_HANDLED = update(message).where(_m.id == bindparam("which"))
# Turns are in order by it (turns.py).
_NEXT_FENCE = (
    update(conversation)
    .where(_c.citizen_id.in_(bindparam("citizens", expanding=True)))
    .values(fence=_c.fence + 1)
)
_PROMPTED = update(conversation).where(_c.citizen_id == bindparam("whose"))
_QUEUE = InsertOnce(outbox, ["dedupe_key"])
_ACCOUNTS = select(account.c.id, account.c.name, account.c.channel)


class PushTurns:
    """`start` takes what waits; `take` is one batch. `looks` gives the wording per account name."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        texts: Texts,
        looks: Mapping[str, str],
        signals: Signals,
        *,
        poll_seconds: float = 1.0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._texts = texts
        self._looks = looks
        self._signals = signals
        self._poll_seconds = poll_seconds
        self._loops = Loops(clock)

    async def start(self) -> None:
        self._loops.start({"push-turns": self._run})

    async def close(self) -> None:
        await self._loops.stop()

    async def _run(self) -> None:
        while True:
            taken = 0
            try:
                taken = await self.take()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("push_turns.sql_failed", error=type(error).__name__)
            await self._clock.sleep(BREATH_SECONDS if taken == BATCH else self._poll_seconds)

    async def take(self) -> int:
        """One batch; how many turns it made. Raises SQLAlchemyError."""
        now = self._clock.now()
        times = {"now": now, "waited": now - INTERNAL_WAITS}
        async with self._database.read() as connection:
            waiting = (await connection.execute(_WAITING, times)).all()
        if not waiting:
            return 0
        async with self._database.write() as connection:
            await connection.execute(
                _OPEN(connection),
                [{"citizen_id": row.citizen_id, "busy": False, "fence": 0} for row in waiting],
            )
            rows = await connection.execute(_LOCK, {**times, "ids": [row.id for row in waiting]})
            # Two of one citizen: one after the other.
            taken = list({row.citizen_id: row for row in reversed(rows.all())}.values())
            queued = await self._turn(connection, taken, now) if taken else False
            reach("push.before_turns")
        reach("push.turns")
        if queued:
            self._signals.send("outbox", 0)
        return len(taken)

    async def _turn(
        self,
        connection: AsyncConnection,
        rows: Sequence[Row[*tuple[Any, ...]]],
        now: datetime,
    ) -> bool:
        """Whether anything is to be sent."""
        replies = await opening.first_questions(
            connection, [row.detail["recipient"] for row in rows], now
        )
        said = {row.id: replies.get(row.detail["recipient"], []) for row in rows}
        turn_ids = await self._close(connection, rows, said, now)
        asked = [row for row in rows if said[row.id]]
        if asked:
            await self._keep_prompts(connection, asked, said, turn_ids, now)
            await self._queue(connection, asked, said, turn_ids, now)
        return bool(asked)

    async def _close(
        self,
        connection: AsyncConnection,
        rows: Sequence[Row[*tuple[Any, ...]]],
        said: Mapping[int, Sequence[Reply]],
        now: datetime,
    ) -> dict[int, int]:
        """The committed turn's id by message id."""
        await connection.execute(_NEXT_FENCE, {"citizens": [row.citizen_id for row in rows]})
        begun = await connection.execute(
            _BEGIN,
            [
                {
                    "citizen_id": row.citizen_id,
                    "seq": row.fence + 1,
                    "message_ids": [row.id],
                    "started_at": now,
                    "committed_at": now,
                    "attempts": 1,
                    "handled_by": "rule",
                    "effects": [{"id": "e1", **row.detail}] if said[row.id] else [],
                }
                for row in rows
            ],
        )
        turn_ids = {row.id: id_ for row, id_ in zip(rows, begun.scalars(), strict=True)}
        await connection.execute(
            _HANDLED,
            [
                {"which": message_id, "turn_id": turn_id, "handled_at": now}
                for message_id, turn_id in turn_ids.items()
            ],
        )
        return turn_ids

    async def _keep_prompts(
        self,
        connection: AsyncConnection,
        rows: Sequence[Row[*tuple[Any, ...]]],
        said: Mapping[int, Sequence[Reply]],
        turn_ids: Mapping[int, int],
        now: datetime,
    ) -> None:
        shown = {row.id: prompts.last_of(said[row.id], now) for row in rows}
        await connection.execute(
            _PROMPTED,
            [{"whose": row.citizen_id, "prompt": shown[row.id]} for row in rows],
        )
        await connection.execute(
            prompt.insert(),
            [
                {
                    "citizen_id": row.citizen_id,
                    "turn_id": turn_ids[row.id],
                    "key": said[row.id][-1].key,
                    "options": list(said[row.id][-1].options),
                    "shown_at": now,
                }
                for row in rows
            ],
        )

    async def _queue(
        self,
        connection: AsyncConnection,
        rows: Sequence[Row[*tuple[Any, ...]]],
        said: Mapping[int, Sequence[Reply]],
        turn_ids: Mapping[int, int],
        now: datetime,
    ) -> None:
        accounts = {row.id: row for row in await connection.execute(_ACCOUNTS)}

        def words(row: Row[*tuple[Any, ...]]) -> str:
            at = accounts[row.account_id]
            return self._texts.render(said[row.id], self._looks.get(at.name, at.channel))

        await connection.execute(
            _QUEUE(connection),
            [
                {
                    "dedupe_key": f"turn:{turn_ids[row.id]}",
                    "account_id": row.account_id,
                    "address_id": row.address_id,
                    "citizen_id": row.citizen_id,
                    "turn_id": turn_ids[row.id],
                    "lane": PUSH,
                    "key": ",".join(reply.key for reply in said[row.id])[:64],
                    "text": words(row),
                    "state": "queued",
                    "due_at": now,
                    "created_at": now,
                    "attempts": 0,
                }
                for row in rows
            ],
        )
