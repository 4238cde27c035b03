"""A county after some years: 100,000 petitions written straight into a migrated database."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sqlalchemy import Table, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address, citizen, conversation, message
from backend.database.engine import Database
from backend.organisation.accounts import ensure_accounts
from backend.organisation.passwords import hash_password
from backend.organisation.tables import org, user
from backend.petitions.number import make_number
from backend.petitions.rules import PetitionRules, load_petition_rules
from backend.petitions.search_index import phone_backwards
from backend.petitions.search_terms import index_words
from backend.petitions.tables import (
    dispatch,
    petition,
    petition_event,
    petition_matter,
    petition_message,
    petition_reading,
    petition_search,
    petition_subject,
)
from backend.triage.sentence_vectors import DIMENSIONS, MODEL, pack
from xiangyin.preparation import prepare_database

DATA = Path(__file__).resolve().parents[1] / "data"
PASSWORD = "麦田真好看呀今年收成不错"
AT_ONCE = 2_000
CITIZENS = 20_000
DAYS = 900
ISSUES_LAST = 4_000
# One of so many is still open, answered but not rated, about an office, confidential.
OPEN, ANSWERED, ABOUT, CONFIDENTIAL = 30, 25, 80, 60
OFFICIALS: Mapping[str, tuple[str, str]] = {
    "county-supervisor": ("qinghe", "supervisor"),
    "county-dispatcher": ("qinghe", "dispatcher"),
    "county-reader": ("qinghe", "reader"),
    "town-dispatcher": ("chengguan", "dispatcher"),
    "town-admin": ("chengguan", "admin"),
    "liuhe-dispatcher": ("liuhe", "dispatcher"),
    "shiqiao-supervisor": ("shiqiao", "supervisor"),
    "urban-handler": ("county_urban", "handler"),
    "reception-dispatcher": ("chengguan_reception", "dispatcher"),
    "liuhe-reader": ("liuhe", "reader"),
}


@dataclass
class FullCounty:
    """`numbers`: of every petition, oldest first."""

    numbers: list[str] = field(default_factory=list)


async def fill(database: Database, petitions: int) -> FullCounty:
    """Migrate and fill an empty database; the same petitions each time."""
    await prepare_database(database)
    rules = load_petition_rules(DATA)
    chance = random.Random(20261123)
    county = FullCounty()
    async with database.write() as connection:
        orgs = {row.code: row for row in await connection.execute(select(org))}
        accounts = await ensure_accounts(
            connection, [("wx", "wechat", "qinghe"), ("sms", "sms", "qinghe")]
        )
        await _officials(connection, orgs)
        await _citizens(connection, orgs["qinghe"].id, accounts["wx"])
    days = _Days(rules, orgs, accounts["wx"], chance)
    for first in range(0, petitions, AT_ONCE):
        rows: dict[Table, list[dict[str, Any]]] = {}
        for serial in range(first, min(first + AT_ONCE, petitions)):
            days.petition(serial + 1, petitions, rows)
        async with database.write() as connection:
            for table in ORDER:
                if rows.get(table):
                    await connection.execute(insert(table), rows[table])
        county.numbers += [row["number"] for row in rows[petition]]
    async with database.write() as connection:
        if database.is_sqlite:
            await connection.execute(
                text("INSERT INTO petition_fts(petition_fts) VALUES ('optimize')")
            )
        else:
            await _own_sequences(connection)
        await connection.execute(text("ANALYZE"))
    return county


ORDER = (
    message,
    petition,
    petition_search,
    petition_matter,
    petition_message,
    petition_event,
    petition_reading,
    dispatch,
    petition_subject,
)


async def _own_sequences(connection: AsyncConnection) -> None:
    for table in (message, petition, citizen, address):
        await connection.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'),"
                f" (SELECT max(id) FROM {table.name}))"
            )
        )


async def _officials(connection: AsyncConnection, orgs: Mapping[str, Any]) -> None:
    hashed = await hash_password(PASSWORD)
    rows = [
        {
            "login": login,
            "name": login,
            "password_hash": hashed,
            "org_id": orgs[office].id,
            "role": role,
            "created_at": datetime.now(UTC),
        }
        for login, (office, role) in OFFICIALS.items()
    ]
    await connection.execute(insert(user), rows)


async def _citizens(connection: AsyncConnection, org_id: int, account_id: int) -> None:
    now = datetime.now(UTC)
    ids = range(1, CITIZENS + 1)
    await connection.execute(
        insert(citizen), [{"id": each, "org_id": org_id, "created_at": now} for each in ids]
    )
    await connection.execute(
        insert(address),
        [
            {
                "id": each,
                "account_id": account_id,
                "external_id": f"openid-{each}",
                "citizen_id": each,
                "created_at": now,
            }
            for each in ids
        ],
    )
    await connection.execute(insert(conversation), [{"citizen_id": each} for each in ids])


def _meanings(number: int) -> Sequence[bytes]:
    """A stored vector for each example: all lie as close to each other as sentences do."""
    chance = np.random.default_rng(1)
    common = chance.normal(size=DIMENSIONS)
    rows = 3 * common + chance.normal(size=(number, DIMENSIONS))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return [pack(row) for row in rows]


class _Days:
    """Makes petitions out of the training examples and the county's places."""

    def __init__(
        self, rules: PetitionRules, orgs: Mapping[str, Any], account_id: int, chance: random.Random
    ) -> None:
        self._rules = rules
        self._orgs = orgs
        self._account_id = account_id
        self._chance = chance
        self._examples = list(_examples())
        divisions = rules.catalogue.divisions.values()
        self._places = [one for one in divisions if one.level == "village"]
        self._meanings = _meanings(len(self._examples))
        self._issues: dict[tuple[str, str, int], int] = {}

    def petition(self, serial: int, of: int, rows: dict[Table, list[dict[str, Any]]]) -> None:
        """One petition with all that belongs to it, into `rows` by table."""
        chance, catalogue = self._chance, self._rules.catalogue
        example = chance.randrange(len(self._examples))
        kind, domain, said = self._examples[example]
        more = chance.choice(self._examples)[2]
        place = chance.choice(self._places)
        town = catalogue.township_of(place.code)
        lead = self._orgs[catalogue.offices(domain, place.code).lead].id
        age = timedelta(days=DAYS * (of - serial) / of)
        at = datetime.now(UTC) - age
        fresh = chance.randrange(OPEN) == 0
        state = chance.choice(["received", "accepted", "dispatched", "in_progress"])
        if not fresh:
            state = "resolved" if chance.randrange(ANSWERED) == 0 else "closed"
        given = state not in ("received", "accepted")
        words = f"{place.name}{chance.randint(1, 40)}号，{said}。{more}"
        phone = f"1{chance.randrange(10**9, 10**10)}"
        citizen_id = chance.randint(1, CITIZENS)
        days = age if not fresh else timedelta(days=chance.randint(-10, 12))

        def add(table: Table, **values: Any) -> None:
            rows.setdefault(table, []).append(values)

        # What is of one domain and place within some weeks is one issue here.
        issue = self._issues.setdefault((domain, place.code, serial // ISSUES_LAST), serial)
        add(
            petition_matter,
            petition_id=serial,
            issue_id=issue,
            model=MODEL,
            vector=self._meanings[example],
        )
        add(
            petition,
            id=serial,
            number=make_number(at.date(), serial % 9_000 + 1),
            citizen_id=citizen_id,
            account_id=self._account_id,
            address_id=citizen_id,
            channel=chance.choice(["wechat", "wechat", "sms"]),
            org_id=self._orgs[town.code if town else "qinghe"].id,
            lead_org_id=lead if given else None,
            state=state,
            kind=kind,
            domain=domain,
            urgency=chance.choice(["normal", "normal", "low", "high"]),
            sensitive=[],
            confidential=chance.randrange(CONFIDENTIAL) == 0,
            title=said[:40],
            text=words,
            place=place.name,
            place_code=place.code,
            contact_phone=phone,
            answer="已经派人处理好了，感谢您反映。" if state in ("resolved", "closed") else None,
            rating=chance.randint(3, 5) if state == "closed" else None,
            received_at=at,
            due_on=(datetime.now(UTC) - days).date(),
        )
        add(
            petition_search,
            petition_id=serial,
            words=index_words([said[:40], place.name, words], state),
            phone_backwards=phone_backwards(phone),
        )
        add(
            message,
            id=serial,
            account_id=self._account_id,
            external_id=f"m{serial}",
            address_id=citizen_id,
            citizen_id=citizen_id,
            kind="text",
            text=words,
            received_at=at,
            handled_at=at,
        )
        add(petition_message, petition_id=serial, message_id=serial, role="original")
        for type_ in ("received", "accepted", "dispatched") if given else ("received",):
            add(petition_event, petition_id=serial, at=at, type=type_, actor="official")
        for name, value in (("kind", kind), ("domain", domain), ("place", place.name)):
            add(petition_reading, petition_id=serial, at=at, field=name, value=value,
                confidence=0.8, candidates=[[value, 0.8]], model="bench")  # fmt: skip
        if given:
            add(dispatch, petition_id=serial, org_id=lead, role="lead", at=at,
                state="open" if fresh else "done")  # fmt: skip
        if chance.randrange(ABOUT) == 0:
            add(petition_subject, petition_id=serial, org_id=lead, at=at)


def _examples() -> Iterator[tuple[str, str, str]]:
    """(kind, domain, words) of every training example."""
    for file in sorted((DATA / "triage" / "examples").glob("*.yml")):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        examples = content["examples"]
        if not isinstance(examples, dict) or not content.get("domain"):
            continue
        for kind, said in examples.items():
            yield from ((kind, content["domain"], words) for words in _texts(said))


def _texts(said: Sequence[object]) -> Iterator[str]:
    return (words for words in said if isinstance(words, str))
