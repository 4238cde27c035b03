"""Opening a survey: its villages and its list become its recipients, who are then asked.

Recipients are made in pieces, a transaction each, so that a list of 20,000 keeps nobody's answer
waiting. Nobody of a draft is asked; a crash half-way leaves a draft, which is opened again from the
start.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalogue import Catalogue
from backend.conversation.addresses import AccountRow, find_or_open
from backend.conversation.tables import citizen
from backend.database.engine import Database
from backend.database.insert_once import InsertManyOnce
from backend.organisation.audit import record_audit
from backend.organisation.sessions import Actor
from backend.organisation.tables import account
from backend.surveys.audience import chosen_codes, people_of
from backend.surveys.authoring import Draft, claim_draft, draft_flaws
from backend.surveys.lifecycle import State, SurveyRefused, check_closing
from backend.surveys.reading import Survey
from backend.surveys.tables import survey_list, survey_listed, survey_recipient

AT_ONCE = 500
WAITING = "waiting"
TRIES = 3

_COLUMNS = ("survey_id", "citizen_id", "address_id", "source", "state", "position")
_ADD = InsertManyOnce(
    survey_recipient, _COLUMNS, ["survey_id", "citizen_id"], survey_recipient.c.id
)
_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class _Listed:
    phones: Sequence[str]
    via: AccountRow
    source: str


async def open_survey(
    database: Database,
    catalogue: Catalogue,
    actor: Actor,
    found: Survey,
    version: int,
    closes_at: datetime | None,
    now: datetime,
    *,
    may_ask: Collection[str],
) -> int:
    """Make the recipients of a draft and open it; how many there are. `may_ask`: villages within
    the actor's reach; others the draft names are left out. Raises SurveyRefused: flawed,
    closing_past, closing_late, conflict, nobody."""
    if draft_flaws(Draft(found.title, found.introduction, found.questions)):
        raise SurveyRefused("flawed")
    check_closing(closes_at, now)
    async with database.write() as connection:
        await claim_draft(connection, found.id, version)
        await connection.execute(
            delete(survey_recipient).where(survey_recipient.c.survey_id == found.id)
        )
    async with database.read() as connection:
        codes = [one for one in await chosen_codes(connection, found.id) if one in may_ask]
        listed = await _listed(connection, found.id)
    for code in codes:
        async with database.write() as connection:
            await _add_village(connection, catalogue, found.id, code)
    if listed is not None:
        for some in batched(listed.phones, AT_ONCE):
            await _add_phones(database, found.id, some, listed.via, listed.source, now)
    async with database.write() as connection:
        return await _open(connection, actor, found.id, version + 1, closes_at, now)


async def _open(
    connection: AsyncConnection,
    actor: Actor,
    survey_id: int,
    version: int,
    closes_at: datetime | None,
    now: datetime,
) -> int:
    await claim_draft(
        connection, survey_id, version, state=State.OPEN, opened_at=now, closes_at=closes_at
    )
    to = survey_recipient.c
    number = await connection.scalar(select(func.count()).where(to.survey_id == survey_id))
    if not number:
        raise SurveyRefused("nobody")
    detail = {"recipients": number, "closes_at": closes_at.isoformat() if closes_at else None}
    await record_audit(
        connection,
        "survey_opened",
        now,
        user_id=actor.user_id,
        subject=str(survey_id),
        detail=detail,
    )
    return int(number)


async def _add_village(
    connection: AsyncConnection, catalogue: Catalogue, survey_id: int, code: str
) -> None:
    people = people_of(catalogue, [code]).subquery("people")
    rows = select(
        literal(survey_id),
        people.c.citizen_id,
        people.c.address_id,
        literal(f"division:{code}"),
        literal(WAITING),
        literal(1),
    ).where(people.c.code == code)
    insert = _INSERT[connection.dialect.name](survey_recipient)
    statement = insert.from_select(_COLUMNS, rows, include_defaults=False)
    await connection.execute(
        statement.on_conflict_do_nothing(index_elements=["survey_id", "citizen_id"])
    )


async def _listed(connection: AsyncConnection, survey_id: int) -> _Listed | None:
    row = (
        await connection.execute(
            select(survey_list.c.file_name, account)
            .join(account, account.c.id == survey_list.c.account_id)
            .where(survey_list.c.survey_id == survey_id)
        )
    ).first()
    if row is None:
        return None
    phones = await connection.scalars(
        select(survey_listed.c.phone)
        .where(survey_listed.c.survey_id == survey_id)
        .order_by(survey_listed.c.id)
    )
    via = AccountRow(row.id, row.name, row.channel, row.org_id)
    return _Listed(phones.all(), via, f"list:{row.file_name}")


async def _add_phones(
    database: Database,
    survey_id: int,
    phones: Sequence[str],
    via: AccountRow,
    source: str,
    now: datetime,
) -> None:
    """Recipients for these numbers; who has not written yet gets an address on the account."""
    for attempt in range(1, TRIES + 1):
        try:
            async with database.write() as connection:
                await _add_some_phones(connection, survey_id, phones, via, source, now)
            return
        except IntegrityError:
            # One of them wrote for the first time at this very moment.
            if attempt == TRIES:
                raise


async def _add_some_phones(
    connection: AsyncConnection,
    survey_id: int,
    phones: Sequence[str],
    via: AccountRow,
    source: str,
    now: datetime,
) -> None:
    known = await _asked_otherwise(connection, survey_id, phones)
    wanted = [(via, phone) for phone in phones if phone not in known]
    found = await find_or_open(connection, wanted, now)
    rows = [
        {
            "survey_id": survey_id,
            "citizen_id": one.citizen_id,
            "address_id": one.id,
            "source": source,
            "state": WAITING,
            "position": 1,
        }
        for one in found.values()
    ]
    if rows:
        await _ADD(connection, rows)


async def _asked_otherwise(
    connection: AsyncConnection, survey_id: int, phones: Sequence[str]
) -> set[str]:
    """Numbers of people the survey reaches already, by WeChat for instance."""
    rows = await connection.scalars(
        select(citizen.c.phone)
        .join(survey_recipient, survey_recipient.c.citizen_id == citizen.c.id)
        .where(survey_recipient.c.survey_id == survey_id, citizen.c.phone.in_(phones))
    )
    return {phone for phone in rows if phone}
