"""A survey with its people, on a fresh database; the conversation beside it is real."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from backend.conversation.push_turns import PushTurns
from backend.conversation.tables import message, outbox
from backend.database.engine import Database
from backend.surveys.push_limits import QuietHours
from backend.surveys.pushing import SurveyPusher
from backend.surveys.tables import survey_answer, survey_recipient
from tests.conversation.conftest import HandClock
from tests.conversation.room import Room, texts
from tests.surveys.opened import open_survey

LOOKS = {"town": "wechat", "line": "sms"}


class SurveyWorld:
    """`survey` opens one for citizens by name; `ask` is one round and the turns it leads to."""

    def __init__(self, database: Database, clock: HandClock, folder: Path) -> None:
        self.database, self.clock = database, clock
        self.room = Room(database, clock, folder)
        self.pusher = self.another_pusher()
        self.push_turns = PushTurns(database, clock, texts(), LOOKS, self.room.signals)

    def another_pusher(self, **rates: float) -> SurveyPusher:
        return SurveyPusher(self.database, self.clock, rates, quiet=QuietHours())

    async def survey(
        self, *who: str, account: str = "town", closes_at: datetime | None = None
    ) -> int:
        return await open_survey(self.database, account, who, self.clock.now(), closes_at=closes_at)

    async def push(self) -> int:
        return await self.pusher.push()

    async def ask(self) -> None:
        """A round of pushing and the turns that follow."""
        await self.push()
        while await self.push_turns.take():
            pass

    async def recipients(self, survey_id: int) -> list[tuple[str, str | None]]:
        """State and reason of each, in order."""
        async with self.database.read() as connection:
            rows = await connection.execute(
                select(survey_recipient.c.state, survey_recipient.c.reason)
                .where(survey_recipient.c.survey_id == survey_id)
                .order_by(survey_recipient.c.id)
            )
            return [(row.state, row.reason) for row in rows]

    async def pushes(self) -> list[str]:
        """Texts in the lane of pushes."""
        async with self.database.read() as connection:
            rows = await connection.execute(
                select(outbox.c.text).where(outbox.c.lane == "push").order_by(outbox.c.id)
            )
            return [row.text for row in rows]

    async def last_said(self) -> str:
        async with self.database.read() as connection:
            rows = await connection.execute(
                select(outbox.c.text).order_by(outbox.c.id.desc()).limit(1)
            )
            return str(rows.scalar_one())

    async def answers(self) -> list[Any]:
        async with self.database.read() as connection:
            rows = await connection.execute(select(survey_answer).order_by(survey_answer.c.id))
            return list(rows.all())

    async def questions_waiting(self) -> int:
        async with self.database.read() as connection:
            number = await connection.scalar(
                select(func.count()).where(message.c.kind == "push", message.c.handled_at.is_(None))
            )
            return int(number or 0)

    def days_pass(self, days: float) -> None:
        self.clock.at += timedelta(days=days)
