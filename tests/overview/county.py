"""Random petitions in every state a life can leave them in, written straight into the tables."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from backend.petitions.rules import KINDS
from backend.petitions.tables import dispatch, petition, petition_event, petition_subject
from tests.petitions.world import World

PLACES = ("990101101003", "990101101207", "990101102209", "990101102", "990101103201", "999999", "")
DOMAINS = ("sanitation", "employment", "utilities", "withdrawn_domain")
HOMES = ("chengguan", "liuhe", "qinghe")
LEADS = ("chengguan_construction", "liuhe_farming", "county_urban")
SPAN = timedelta(days=40)


async def fill(world: World, number: int, seed: int) -> None:
    """`number` petitions received in the `SPAN` before the world's now, at odd seconds."""
    chance = random.Random(seed)
    person = await world.citizen()
    async with world.database.write() as connection:
        for each in range(number):
            life = _life(world, chance)
            inserted = await connection.execute(
                petition.insert()
                .values(
                    number=f"20261123-{each:04}-0",
                    citizen_id=person.citizen_id,
                    account_id=person.account_id,
                    address_id=person.address_id,
                    channel=chance.choice(("wechat", "sms")),
                    org_id=world.orgs[chance.choice(HOMES)].id,
                    lead_org_id=chance.choice((None, world.orgs[chance.choice(LEADS)].id)),
                    kind=chance.choice(KINDS),
                    domain=chance.choice(DOMAINS),
                    urgency="normal",
                    confidential=chance.random() < 0.1,
                    title="下水道堵塞",
                    text="下水道堵了",
                    place="锦绣小区",
                    place_code=chance.choice(PLACES) or None,
                    reminders=chance.choice((0, 0, 0, 1, 3)),
                    **life["row"],
                )
                .returning(petition.c.id)
            )
            petition_id = int(inserted.scalar_one())
            for type_, at, detail in life["events"]:
                await connection.execute(
                    petition_event.insert().values(
                        petition_id=petition_id, at=at, type=type_, actor="official", detail=detail
                    )
                )
            if chance.random() < 0.15:
                await connection.execute(
                    petition_subject.insert().values(
                        petition_id=petition_id,
                        org_id=world.orgs[chance.choice(HOMES[:2])].id,
                        at=world.now,
                    )
                )
            if chance.random() < 0.2:
                await connection.execute(
                    dispatch.insert().values(
                        petition_id=petition_id,
                        org_id=world.orgs[chance.choice(LEADS)].id,
                        role="assisting",
                        state=chance.choice(("open", "returned")),
                        at=world.now,
                    )
                )


def _life(world: World, chance: random.Random) -> Mapping[str, Any]:
    """What happened to one: columns of its row, and its events that matter to figures."""
    received = world.now - _within(SPAN, chance)
    due: date | None = received.date() + timedelta(days=chance.randrange(12))
    due = None if chance.random() < 0.05 else due
    row: dict[str, Any] = {"received_at": received, "due_on": due, "reopened": 0}
    events: list[tuple[str, datetime, Any]] = []
    fate = chance.choice(("owed", "owed", "withdrawn", "answered", "answered", "reopened"))
    row["state"] = "withdrawn" if fate == "withdrawn" else "dispatched"
    if fate not in ("answered", "reopened"):
        return {"row": row, "events": events}
    first = received + _within(world.now - received, chance)
    events.append(("answered", first, {"answer": "好"}))
    row |= {"state": "resolved", "answered_at": first, "rating": chance.choice((None, 3, 4, 5))}
    if fate == "reopened":
        anew = first.date() + timedelta(days=5)
        events.append(
            ("reopened", first, {"due_on": [due.isoformat() if due else None, anew.isoformat()]})
        )
        row |= {"state": "dispatched", "answered_at": None, "due_on": anew, "rating": 2}
        row["reopened"] = 1
        if chance.random() < 0.5:
            second = first + _within(world.now - first, chance)
            events.append(("answered", second, {"answer": "再答"}))
            row |= {"state": "closed", "answered_at": second, "rating": 5}
    return {"row": row, "events": events}


def _within(span: timedelta, chance: random.Random) -> timedelta:
    return timedelta(microseconds=chance.randrange(int(span.total_seconds() * 1_000_000)))
