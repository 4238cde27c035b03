"""A petition's subjects: the offices and officials it speaks about neither see nor handle it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.tables import org, user
from backend.organisation.tree import Org, branch, root_path
from backend.petitions.events import MACHINE, Who, record_event
from backend.petitions.outcomes import Invalid
from backend.petitions.rules import ACCUSING_KINDS, PetitionRules
from backend.petitions.tables import dispatch, petition, petition_subject

_SHORTEST_NAME = 2


async def suggest_subjects(
    connection: AsyncConnection,
    rules: PetitionRules,
    *,
    petition_id: int,
    kind: str,
    text: str,
    home: Org,
    now: datetime,
) -> None:
    """Record every office and official a complaint or report names, that is not recorded yet.
    An official may lift what was wrongly found; erring on this side hides, the other betrays."""
    if kind not in ACCUSING_KINDS:
        return
    orgs = await branch(connection, root_path(home.path))
    known = await connection.execute(
        select(petition_subject.c.org_id, petition_subject.c.user_id).where(
            petition_subject.c.petition_id == petition_id
        )
    )
    seen = {(row.org_id, row.user_id) for row in known}
    for named in rules.naming.named_in(text, orgs, home.path):
        if (named.org.id, None) not in seen:
            await add_subject(
                connection, petition_id, MACHINE, now, org_id=named.org.id, words=named.words
            )
    for user_id, name in await _officials_named(connection, text, root_path(home.path)):
        if (None, user_id) not in seen:
            await add_subject(connection, petition_id, MACHINE, now, user_id=user_id, words=name)


async def add_subject(
    connection: AsyncConnection,
    petition_id: int,
    who: Who,
    now: datetime,
    *,
    org_id: int | None = None,
    user_id: int | None = None,
    words: str = "",
    reason: str = "",
) -> int:
    """Record one subject, with its event; the subject's id."""
    inserted = await connection.execute(
        petition_subject.insert()
        .values(
            petition_id=petition_id,
            org_id=org_id,
            user_id=user_id,
            words=words[:120],
            at=now,
            by_user_id=who.user_id,
        )
        .returning(petition_subject.c.id)
    )
    subject_id = int(inserted.scalar_one())
    detail = {"subject_id": subject_id, "org_id": org_id, "user_id": user_id, "words": words[:120]}
    await record_event(
        connection, petition_id, "subject_set", who, now, reason=reason, detail=detail
    )
    return subject_id


async def check_subject(
    connection: AsyncConnection, row: Row[Any], *, org_id: int | None, user_id: int | None
) -> Invalid | None:
    """Whether an office or an official can be a subject: known, of this county, not yet one. The
    county itself cannot (nobody here would be left to handle it: such a petition belongs to the
    level above)."""
    if (org_id is None) == (user_id is None):
        return Invalid("org_id", "required")
    field = "org_id" if org_id is not None else "user_id"
    query = select(org.c.path, org.c.parent_id)
    if org_id is not None:
        query = query.where(org.c.id == org_id)
    else:
        query = query.join(user, user.c.org_id == org.c.id).where(user.c.id == user_id)
    found = (await connection.execute(query)).first()
    if found is None:
        return Invalid(field, "unknown")
    if not found.path.startswith(root_path(row.org_path)):
        return Invalid(field, "elsewhere")
    if org_id is not None and found.parent_id is None:
        return Invalid(field, "whole_county")
    same = await connection.execute(
        select(petition_subject.c.id).where(
            petition_subject.c.petition_id == row.id,
            petition_subject.c.lifted_at.is_(None),
            petition_subject.c.org_id == org_id
            if org_id is not None
            else petition_subject.c.user_id == user_id,
        )
    )
    return Invalid(field, "same") if same.first() is not None else None


async def lift(
    connection: AsyncConnection, petition_id: int, subject_id: int, now: datetime
) -> bool:
    """End one recusal; False if the petition has no such open one."""
    lifted = await connection.execute(
        update(petition_subject)
        .where(
            petition_subject.c.id == subject_id,
            petition_subject.c.petition_id == petition_id,
            petition_subject.c.lifted_at.is_(None),
        )
        .values(lifted_at=now)
        .returning(petition_subject.c.id)
    )
    return lifted.first() is not None


async def recused_among(
    connection: AsyncConnection, petition_id: int, org_ids: Sequence[int]
) -> frozenset[int]:
    """Those of `org_ids` that are a subject of the petition, or lie inside one."""
    if not org_ids:
        return frozenset()
    about = org.alias("about")
    found = await connection.execute(
        select(org.c.id)
        .select_from(petition_subject)
        .join(about, about.c.id == petition_subject.c.org_id)
        .join(org, org.c.path.startswith(about.c.path))
        .where(
            petition_subject.c.petition_id == petition_id,
            org.c.id.in_(org_ids),
            petition_subject.c.lifted_at.is_(None),
        )
    )
    return frozenset(int(row[0]) for row in found)


async def end_recused_dispatches(connection: AsyncConnection, row: Row[Any], now: datetime) -> bool:
    """Take the petition away from offices that have become its subject; True if one led it."""
    open_ones = (
        await connection.execute(
            select(dispatch.c.id, dispatch.c.org_id).where(
                dispatch.c.petition_id == row.id, dispatch.c.state.in_(["open", "done"])
            )
        )
    ).all()
    recused = await recused_among(connection, row.id, [one.org_id for one in open_ones])
    ended = [one.id for one in open_ones if one.org_id in recused]
    if ended:
        await connection.execute(
            update(dispatch)
            .where(dispatch.c.id.in_(ended))
            .values(state="withdrawn", ended_at=now, reason="recusal")
        )
    led = row.lead_org_id in recused
    if led:
        await connection.execute(
            update(petition).where(petition.c.id == row.id).values(lead_org_id=None)
        )
    return led


async def _officials_named(
    connection: AsyncConnection, text: str, root: str
) -> list[tuple[int, str]]:
    found = await connection.execute(
        select(user.c.id, user.c.name)
        .join(org, org.c.id == user.c.org_id)
        .where(user.c.active, org.c.path.startswith(root, autoescape=True))
        .where(literal(text).contains(user.c.name))
    )
    return [
        (row.id, row.name) for row in found if len(row.name) >= _SHORTEST_NAME and row.name in text
    ]
