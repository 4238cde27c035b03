"""A citizen's own petitions as their pages show them: nothing of other people, nothing of officials
but the office in charge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address, media
from backend.organisation.tables import account, org
from backend.petitions.lifecycle import State
from backend.petitions.masking import mask_phone
from backend.petitions.ownership import own_citizen_ids
from backend.petitions.tables import petition, petition_message
from backend.petitions.timeline import Happened, Said, timeline_of

MOST = 50
# What is told of a petition's events; notes, corrections and the like are the offices' own.
TOLD = frozenset(
    {
        "received",
        "accepted",
        "dispatched",
        "started",
        "returned",
        "answered",
        "added",
        "reminded",
        "rated",
        "reopened",
        "withdrawn",
        "merged",
    }
)

_main = petition.alias("main")
_c = petition.c
_joined = _c.state == State.JOINED.value
# What is joined stands where its main petition stands.
_OWN = (
    select(
        *(_c[name] for name in ("id", "number", "title", "place", "answer", "answered_at")),
        *(_c[name] for name in ("rating", "received_at")),
        case((_joined, _main.c.state), else_=_c.state).label("state"),
        case((_joined, _main.c.due_on), else_=_c.due_on).label("due_on"),
        org.c.name.label("office"),
    )
    .outerjoin(_main, _main.c.id == _c.main_id)
    .outerjoin(org, org.c.id == func.coalesce(_c.lead_org_id, _main.c.lead_org_id))
    .order_by(_c.id.desc())
)


@dataclass(frozen=True, slots=True)
class Line:
    """One petition of the list. `office` None: nobody has it yet; `due_on` only while it is
    owed."""

    id: int
    number: str
    title: str
    place: str
    answer: str | None
    answered_at: datetime | None
    rating: int | None
    received_at: datetime
    state: str
    due_on: date | None
    office: str | None

    @property
    def is_owed(self) -> bool:
        return self.state in ("received", "accepted", "dispatched", "in_progress")

    @property
    def can_be_rated(self) -> bool:
        return self.state == "resolved"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened; `office`: to whom it went, '' where that says nothing."""

    type: str
    at: datetime
    office: str


@dataclass(frozen=True, slots=True)
class Whole:
    """One petition with its story: steps newest first, what the citizen sent oldest first."""

    line: Line
    steps: Sequence[Step]
    said: Sequence[Said]


async def own_petitions(connection: AsyncConnection, citizen_id: int) -> Sequence[Line]:
    """The newest `MOST`, newest first."""
    rows = await connection.execute(
        _OWN.where(_c.citizen_id.in_(own_citizen_ids(citizen_id))).limit(MOST)
    )
    return [Line(*row) for row in rows]


async def own_petition(connection: AsyncConnection, citizen_id: int, number: str) -> Whole | None:
    """None where the citizen has none of that number."""
    row = (
        await connection.execute(
            _OWN.where(_c.citizen_id.in_(own_citizen_ids(citizen_id)), _c.number == number)
        )
    ).first()
    if row is None:
        return None
    line = Line(*row)
    story = await timeline_of(connection, line.id, shown=True)
    happened = [one for one in story if isinstance(one, Happened) and one.type in TOLD]
    names = await _office_names(connection, happened)
    return Whole(
        line,
        [Step(one.type, one.at, names.get(_lead(one), "")) for one in reversed(happened)],
        [one for one in story if isinstance(one, Said)],
    )


async def linked_phone(connection: AsyncConnection, citizen_id: int) -> str | None:
    """The number linked by a code, masked; None for none."""
    number = await connection.scalar(
        select(address.c.external_id)
        .join(account, account.c.id == address.c.account_id)
        .where(
            address.c.citizen_id == citizen_id,
            address.c.ended_at.is_(None),
            account.c.channel == "sms",
        )
        .order_by(address.c.id.desc())
        .limit(1)
    )
    return mask_phone(number) if number else None


async def own_photo(connection: AsyncConnection, citizen_id: int, media_id: int) -> Row[Any] | None:
    """(sha256) of a stored photo that belongs to a petition of the citizen's."""
    found = await connection.execute(
        select(media.c.sha256)
        .join(petition_message, petition_message.c.message_id == media.c.message_id)
        .join(petition, petition.c.id == petition_message.c.petition_id)
        .where(
            media.c.id == media_id,
            media.c.state == "stored",
            media.c.content_type.startswith("image/"),
            _c.citizen_id.in_(own_citizen_ids(citizen_id)),
        )
        .limit(1)
    )
    return found.first()


def _lead(event: Happened) -> int | None:
    change = event.detail.get("lead_org_id") if event.type == "dispatched" else None
    return change[1] if isinstance(change, list) and len(change) == 2 else None


async def _office_names(
    connection: AsyncConnection, events: Sequence[Happened]
) -> dict[int | None, str]:
    ids = {_lead(one) for one in events} - {None}
    if not ids:
        return {}
    rows = await connection.execute(select(org.c.id, org.c.name).where(org.c.id.in_(ids)))
    return {row.id: row.name for row in rows}
