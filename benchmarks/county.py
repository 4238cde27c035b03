"""A county of a year with many petitions, and ten officials who look at it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalogue import load_catalogue
from backend.conversation.tables import address, citizen
from backend.database.engine import Database
from backend.database.migrate import migrate
from backend.organisation.accounts import ensure_accounts
from backend.organisation.passwords import hash_password
from backend.organisation.tables import org, user
from backend.organisation.tree import sync_tree
from backend.petitions.rules import KINDS
from backend.petitions.tables import dispatch, petition, petition_event, petition_subject
from benchmarks.processes import PROJECT

PASSWORD = "麦田真好看呀今年收成不错"
OFFICES = (
    ("qinghe", "supervisor"),
    ("qinghe", "admin"),
    ("qinghe", "reader"),
    ("county_command", "dispatcher"),
    ("county_urban", "handler"),
    ("chengguan", "supervisor"),
    ("liuhe", "dispatcher"),
    ("shiqiao", "dispatcher"),
    ("chengguan_construction", "handler"),
    ("qinghe", "supervisor"),
)
LOGINS = [f"official{number}" for number in range(len(OFFICES))]
SPAN = timedelta(days=365)
CITIZENS = 20_000
PIECE = 5_000
TEXT = "锦绣小区3号楼下水道堵了一个月没人管，污水都漫到一楼门口了，老人出门都要踩砖头。"
# state → how many of a hundred
STATES = {"received": 3, "dispatched": 6, "in_progress": 4, "resolved": 12, "closed": 70,
          "withdrawn": 5}  # fmt: skip


@dataclass
class _Rows:
    petitions: list[Mapping[str, Any]] = field(default_factory=list)
    events: list[Mapping[str, Any]] = field(default_factory=list)
    dispatches: list[Mapping[str, Any]] = field(default_factory=list)
    subjects: list[Mapping[str, Any]] = field(default_factory=list)


async def make_county(url: str, petitions: int) -> None:
    """Migrate the database at `url` and fill it: petitions evenly over the last `SPAN`, each with
    its events and dispatches; one in twenty names an office, one in thirty was reopened."""
    database = Database(url)
    try:
        await migrate(database)
        catalogue = load_catalogue(PROJECT / "data" / "catalogue")
        hashed = await hash_password(PASSWORD)
        async with database.write() as connection:
            await sync_tree(connection, catalogue.organisation.values())
            accounts = await ensure_accounts(connection, [("town", "wechat", "qinghe")])
            orgs = {row.code: row.id for row in await connection.execute(select(org))}
            await _officials(connection, orgs, hashed)
            await _citizens(connection, orgs["qinghe"], accounts["town"])
        chance = random.Random(1)
        towns = [unit for unit in catalogue.organisation.values() if unit.type == "township"]
        villages = {
            town.code: [one.code for one in catalogue.divisions.values() if one.parent == division]
            for town in towns
            if (division := town.division)
        }
        domains = list(catalogue.services)
        now = datetime.now(UTC)
        for first in range(1, petitions + 1, PIECE):
            rows = _Rows()
            for number in range(first, min(first + PIECE, petitions + 1)):
                town = chance.choice(towns).code
                place = chance.choice([*villages[town], None])
                received = now - SPAN * (1 - number / petitions)
                offices = catalogue.offices(domain := chance.choice(domains), place)
                _add(rows, chance, number, received, now, {
                    "account_id": accounts["town"],
                    "org_id": orgs[town],
                    "lead_org_id": orgs[offices.lead],
                    "domain": domain,
                    "place_code": place,
                })  # fmt: skip
            async with database.write() as connection:
                await _insert(connection, petition, rows.petitions)
                await _insert(connection, petition_event, rows.events)
                await _insert(connection, dispatch, rows.dispatches)
                await _insert(connection, petition_subject, rows.subjects)
        async with database.write() as connection:
            await connection.exec_driver_sql("ANALYZE")
    finally:
        await database.close()


def _add(
    rows: _Rows,
    chance: random.Random,
    number: int,
    received: datetime,
    now: datetime,
    values: Mapping[str, Any],
) -> None:
    state = chance.choices(list(STATES), weights=list(STATES.values()))[0]
    person = chance.randrange(1, CITIZENS + 1)
    answered = min(received + timedelta(hours=chance.expovariate(1 / 60)), now)
    over = state in ("resolved", "closed")
    reopened = over and number % 30 == 0
    due = received.date() + timedelta(days=10)
    events = [("received", received, None)]
    if state != "received":
        events += [("accepted", received, None), ("dispatched", received, None)]
        rows.dispatches.append(
            {"petition_id": number, "org_id": values["lead_org_id"], "role": "lead",
             "state": "done" if over else "open", "at": received}
        )  # fmt: skip
    if over:
        events.append(("answered", answered, {"answer": "已疏通。"}))
    if reopened:
        events.append(("reopened", answered, {"due_on": [due.isoformat(), due.isoformat()]}))
        events.append(("answered", answered, {"answer": "又疏通了一遍。"}))
    rows.petitions.append(
        {
            "id": number,
            "number": f"{received:%Y%m%d}-{number:06}-0",
            "citizen_id": person,
            "address_id": person,
            "channel": chance.choice(("wechat", "sms")),
            "state": state,
            "kind": chance.choice(KINDS),
            "urgency": "normal",
            "confidential": number % 40 == 0,
            "title": "锦绣小区3号楼下水道堵塞一个月",
            "text": TEXT,
            "place": "锦绣小区3号楼",
            "answer": "已疏通，换了一段管道。" if over else None,
            "contact_name": "张秀兰",
            "contact_phone": "13812345678",
            "rating": chance.choice((5, 5, 4, 3, 2)) if state == "closed" else None,
            "reopened": int(reopened),
            "reminders": int(number % 9 == 0),
            "received_at": received,
            "accepted_at": received,
            "dispatched_at": received,
            "answered_at": answered if over else None,
            "due_on": due,
            **values,
        }
    )
    rows.events += [
        {"petition_id": number, "at": at, "type": type_, "actor": "official", "detail": detail}
        for type_, at, detail in events
    ]
    if number % 20 == 0:
        rows.subjects.append({"petition_id": number, "org_id": values["org_id"], "at": received})


async def _officials(connection: AsyncConnection, orgs: Mapping[str, int], hashed: str) -> None:
    await connection.execute(
        user.insert(),
        [
            {
                "login": login,
                "name": f"干部{login}",
                "password_hash": hashed,
                "org_id": orgs[office],
                "role": role,
                "created_at": datetime.now(UTC),
            }
            for login, (office, role) in zip(LOGINS, OFFICES, strict=True)
        ],
    )


async def _citizens(connection: AsyncConnection, org_id: int, account_id: int) -> None:
    now = datetime.now(UTC)
    numbers = range(1, CITIZENS + 1)
    await connection.execute(
        citizen.insert(), [{"id": each, "org_id": org_id, "created_at": now} for each in numbers]
    )
    await connection.execute(
        address.insert(),
        [
            {
                "id": each,
                "account_id": account_id,
                "external_id": f"openid-{each}",
                "citizen_id": each,
                "created_at": now,
            }
            for each in numbers
        ],
    )


async def _insert(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    if rows:
        await connection.execute(table.insert(), list(rows))
