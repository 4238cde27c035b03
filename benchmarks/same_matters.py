"""How well petitions of one matter are told from others, and what the hot list makes of real ones.

The rows of hot_issues.csv are read, grouped and listed by the very code of the service, on a
database of their own; what is judged stands in tests/petitions/gold as row ids. Reading 4,300 long
letters takes some minutes.
"""

from __future__ import annotations

import asyncio
import csv
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalogue import load_catalogue
from backend.clock import SystemClock
from backend.conversation.tables import address, citizen
from backend.data_file import read_yaml
from backend.database.engine import Database
from backend.database.migrate import migrate
from backend.organisation.accounts import ensure_accounts
from backend.organisation.sessions import Actor
from backend.organisation.tables import org
from backend.organisation.tree import sync_tree
from backend.petitions.deadline import SHANGHAI
from backend.petitions.grouping import MatterFinder
from backend.petitions.hot import Span, hot_issues
from backend.petitions.matters import MATTERS, compared, matter_of, vector_of
from backend.petitions.sameness import SAME
from backend.petitions.tables import petition, petition_matter
from backend.triage.classifier import load
from backend.triage.sentence_vectors import SentenceReader
from benchmarks.report import PROJECT, Target

GOLD = PROJECT / "tests" / "petitions" / "gold"
COUNTY = "990101"
LISTED = 10
# What the publisher's places look like: the city's districts and counties by number.
_DISTRICT = re.compile(r"A(\d)[区县]")


def measure(data: Path, model: Path) -> Iterator[Target]:
    """Pair precision and recall, and how many of the five hottest issues the list shows. `data`
    holds hot_issues.csv, `model` is the trained triage. Raises FileNotFoundError."""
    yield from asyncio.run(_measure(data / "hot_issues.csv", model))


async def _measure(file: Path, model: Path) -> Sequence[Target]:
    rows = _rows(file)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/city.db")
        try:
            actor = await _fill(database, rows, model)
            finder = MatterFinder(database, SystemClock(), SentenceReader())
            while await finder.read_some():
                pass
            async with database.read() as connection:
                return [*await _pairs(connection), *await _hottest(connection, actor, rows)]
        finally:
            await database.close()


async def _pairs(connection: AsyncConnection) -> Sequence[Target]:
    judged = read_yaml(GOLD / "hot_pairs.yml")
    query = MATTERS.add_columns(petition.c.number)
    rows = {row.number: row for row in await connection.execute(query)}
    targets = []
    for part, pairs in judged.items():
        found = {
            (kind, one, other): compared(matter_of(first), vector_of(first), [rows[str(other)]])[0]
            for kind, each in pairs.items()
            for one, other in each
            for first in [rows[str(one)]]
        }
        taken = [key[0] for key, near in found.items() if near.sameness.likelihood >= SAME]
        right = taken.count("same")
        name = "same matters, " + part.replace("_", " ")
        targets += [
            Target(f"{name}: precision, %", 100 * right / max(1, len(taken))),
            Target(f"{name}: recall, %", 100 * right / len(pairs["same"])),
        ]
    return targets


async def _hottest(
    connection: AsyncConnection, actor: Actor, rows: Sequence[Mapping[str, str]]
) -> Sequence[Target]:
    """Each judged issue against the listed one that holds most of it."""
    times = [_time(row) for row in rows]
    span = Span(min(times) - timedelta(days=1), min(times), max(times) + timedelta(days=1))
    listed = [one.id for one in await hot_issues(connection, actor, span, limit=LISTED)]
    query = select(petition.c.number, petition_matter.c.issue_id).join(
        petition_matter, petition_matter.c.petition_id == petition.c.id
    )
    issue_of = {row.number: row.issue_id for row in await connection.execute(query)}
    targets, shown = [], 0
    for judged in read_yaml(GOLD / "hot_issues.yml"):
        members = [issue_of[str(number)] for number in judged["rows"]]
        largest = max(listed, key=members.count)
        held = members.count(largest)
        shown += held >= len(members) / 3
        whole = sum(issue == largest for issue in issue_of.values())
        name = f"hot list: {judged['issue']}"
        targets += [
            Target(f"  {name}: of its petitions found, %", 100 * held / len(members)),
            Target(f"  {name}: of those listed its own, %", 100 * held / max(1, whole)),
        ]
    return [Target(f"hot list: of the five hottest among the first {LISTED}", shown), *targets]


async def _fill(database: Database, rows: Sequence[Mapping[str, str]], model: Path) -> Actor:
    """The rows as petitions of one city with its districts, in the order of their time."""
    await migrate(database)
    catalogue = load_catalogue(PROJECT / "data" / "catalogue")
    classifier = load(model, PROJECT / "data" / "rules")
    users = {name: at for at, name in enumerate(dict.fromkeys(row["user"] for row in rows), 1)}
    now = SystemClock().now()
    async with database.write() as connection:
        await sync_tree(connection, catalogue.organisation.values())
        account = (await ensure_accounts(connection, [("town", "wechat", "qinghe")]))["town"]
        home = (await connection.execute(select(org).where(org.c.code == "qinghe"))).one()
        people = [{"id": at, "org_id": home.id, "created_at": now} for at in users.values()]
        await connection.execute(insert(citizen), people)
        await connection.execute(
            insert(address),
            [
                {"id": at, "account_id": account, "external_id": name, "citizen_id": at,
                 "created_at": now}
                for name, at in users.items()
            ],
        )  # fmt: skip
        filed = [
            _petition(row, classifier.classify(_text(row)).domains[0][0])
            | {
                "id": at,
                "citizen_id": users[row["user"]],
                "address_id": users[row["user"]],
                "account_id": account,
                "org_id": home.id,
            }
            for at, row in enumerate(sorted(rows, key=_time), 1)
        ]
        await connection.execute(insert(petition), filed)
        unread = [{"petition_id": one["id"]} for one in filed]
        await connection.execute(insert(petition_matter), unread)
    return Actor(0, "", home.id, home.path, "reader")


def _petition(row: Mapping[str, str], domain: str) -> dict[str, Any]:
    district = _DISTRICT.search(_text(row))
    return {
        "number": row["id"],
        "channel": "wechat",
        "state": "accepted",
        "kind": "complaint",
        "domain": domain,
        "urgency": "normal",
        "title": row["title"].strip()[:120],
        "text": _text(row),
        "place": "",
        "place_code": f"{COUNTY}10{district[1]}" if district else COUNTY,
        "received_at": _time(row),
    }


def _text(row: Mapping[str, str]) -> str:
    title, body = row["title"].strip(), row["body"].strip()
    return body if title in body else f"{title}。{body}"


def _time(row: Mapping[str, str]) -> datetime:
    told = row["time"].replace("-", "/").strip()
    return datetime.strptime(told, "%Y/%m/%d %H:%M:%S").replace(tzinfo=SHANGHAI)


def _rows(file: Path) -> Sequence[Mapping[str, str]]:
    """Without the few the publisher holds twice, under ids of another range."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return [row for row in csv.DictReader(lines) if not row["id"].startswith("3601")]
