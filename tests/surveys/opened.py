"""An open survey in a database: two questions, for citizens by their external ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from backend.conversation.addresses import find_or_open, load_accounts
from backend.conversation.tables import message
from backend.database.engine import Database
from backend.organisation.tables import org, user
from backend.surveys.tables import survey, survey_question, survey_recipient

OPTIONS = ["每天", "两三天", "很少来"]
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"type": "single", "text": "垃圾多久清一次？", "options": OPTIONS},
    {"type": "text", "text": "最希望先办哪一件事？"},
)
AT_ONCE = 500


async def open_survey(
    database: Database,
    account: str,
    who: Sequence[str],
    now: datetime,
    *,
    closes_at: datetime | None = None,
    wrote: bool = False,
) -> int:
    """Its id. `wrote`: all of them wrote a moment ago, so that WeChat lets them be asked."""
    async with database.write() as connection:
        org_id = await connection.scalar(select(org.c.id))
        author = await connection.scalar(select(user.c.id)) or await connection.scalar(
            user.insert()
            .values(
                org_id=org_id,
                login="author",
                name="作者",
                password_hash="-",
                role="admin",
                active=True,
                created_at=now,
            )
            .returning(user.c.id)
        )
        survey_id = await connection.scalar(
            survey.insert()
            .values(
                org_id=org_id,
                title="垃圾清运",
                introduction="",
                state="open",
                created_by=author,
                created_at=now,
                opened_at=now,
                closes_at=closes_at,
            )
            .returning(survey.c.id)
        )
        for position, question in enumerate(QUESTIONS, 1):
            await connection.execute(
                survey_question.insert().values(survey_id=survey_id, position=position, **question)
            )
        at = (await load_accounts(connection))[account]
    assert survey_id is not None
    for begin in range(0, len(who), AT_ONCE):
        names = who[begin : begin + AT_ONCE]
        async with database.write() as connection:
            found = await find_or_open(connection, [(at, name) for name in names], now)
            await connection.execute(
                survey_recipient.insert(),
                [
                    {
                        "survey_id": survey_id,
                        "citizen_id": found[at.id, name].citizen_id,
                        "address_id": found[at.id, name].id,
                        "source": "list:test",
                        "state": "waiting",
                        "position": 1,
                    }
                    for name in names
                ],
            )
            if wrote:
                await connection.execute(
                    message.insert(),
                    [
                        {
                            "account_id": at.id,
                            "address_id": found[at.id, name].id,
                            "citizen_id": found[at.id, name].citizen_id,
                            "external_id": f"wrote:{name}",
                            "kind": "text",
                            "text": "你好",
                            "received_at": now,
                            "handled_at": now,
                        }
                        for name in names
                    ],
                )
    return int(survey_id)
