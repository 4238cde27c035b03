"""A county with offices, officials and citizens, on a real database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address, citizen, conversation, media, message, outbox
from backend.database.engine import Database
from backend.organisation.accounts import ensure_accounts
from backend.organisation.sessions import Actor
from backend.organisation.tables import org, user
from backend.organisation.tree import sync_tree
from backend.petitions.desk import Desk
from backend.petitions.filing import FieldReading, Filed, Filing, MachineReading, file_petition
from backend.petitions.outcomes import Done, Outcome
from backend.petitions.rules import PetitionRules, load_petition_rules
from backend.petitions.tables import petition, petition_event

DATA = Path(__file__).parents[2] / "data"
# A Monday noon in Asia/Shanghai.
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
JINXIU = "990101101003"  # 城关镇锦绣社区
LIUHE_HONGXING = "990101102209"  # 柳河镇红星村


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.move(timedelta(seconds=seconds))

    def move(self, by: timedelta) -> None:
        self._now += by


@dataclass
class WrittenNotices:
    """A notifier that writes what it was asked to say into the transaction it was given, so that
    a rollback takes it back; `said` reads what was committed."""

    account_id: int = 0

    async def tell(
        self,
        connection: AsyncConnection,
        petition_id: int,
        key: str,
        params: Mapping[str, str | int | None],
    ) -> None:
        row = (await connection.execute(select(petition).where(petition.c.id == petition_id))).one()
        count = len((await connection.execute(select(outbox.c.id))).all())
        words = " ".join(f"{name}={value}" for name, value in params.items())
        await connection.execute(
            outbox.insert().values(
                dedupe_key=f"notice:{count}",
                account_id=row.account_id,
                address_id=row.address_id,
                citizen_id=row.citizen_id,
                petition_id=petition_id,
                lane="notice",
                key=key,
                text=words,
                state="queued",
                due_at=NOW,
                created_at=NOW,
            )
        )

    async def ask_rating(self, connection: AsyncConnection, petition_id: int) -> None:
        await self.tell(connection, petition_id, "ask_rating", {})


def reading(
    kind: str = "request",
    domain: str = "sanitation",
    urgency: str = "normal",
    sensitive: Sequence[str] = (),
    title: str = "下水道堵塞",
    sentiment: str | None = None,
) -> MachineReading:
    return MachineReading(
        FieldReading(kind, 0.9, ((kind, 0.9), ("inquiry", 0.1))),
        FieldReading(domain, 0.8, ((domain, 0.8), ("other", 0.2))),
        FieldReading(urgency, 0.7),
        title,
        "test-1",
        sensitive,
        FieldReading(sentiment, 0.6, ((sentiment, 0.6), ("calm", 0.3))) if sentiment else None,
    )


@cache
def _shipped_rules() -> PetitionRules:
    return load_petition_rules(DATA)


@dataclass
class World:
    """Everything a test of petitions needs."""

    database: Database
    rules: PetitionRules
    clock: SetClock
    orgs: dict[str, Any] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    serial: int = 0

    @classmethod
    async def create(cls, database: Database, rules: PetitionRules | None = None) -> World:
        """`rules`: loaded before, where many worlds are made."""
        # Each world has its own: what a deployment changes is taken into them.
        world = cls(database, rules or replace(_shipped_rules()), SetClock())
        async with database.write() as connection:
            await sync_tree(connection, world.rules.catalogue.organisation.values())
            world.accounts = await ensure_accounts(
                connection, [("wx", "wechat", "qinghe"), ("sms", "sms", "qinghe")]
            )
            rows = await connection.execute(select(org))
            world.orgs = {row.code: row for row in rows}
        return world

    @property
    def desk(self) -> Desk:
        return Desk(WrittenNotices(), self.rules, self.clock)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def key(self) -> str:
        self.serial += 1
        return f"effect:{self.serial}"

    async def official(self, office: str, role: str, name: str = "") -> Actor:
        self.serial += 1
        name = name or f"官员{self.serial}号"
        row = self.orgs[office]
        async with self.database.write() as connection:
            inserted = await connection.execute(
                user.insert()
                .values(
                    login=f"user{self.serial}",
                    name=name,
                    password_hash="-",
                    org_id=row.id,
                    role=role,
                    created_at=NOW,
                )
                .returning(user.c.id)
            )
            return Actor(int(inserted.scalar_one()), name, row.id, row.path, role)

    async def citizen(self, account: str = "wx", external_id: str = "", **values: Any) -> Any:
        """A citizen with an address: `.citizen_id`, `.address_id`, `.account_id`, `.channel`."""
        self.serial += 1
        async with self.database.write() as connection:
            citizen_id = (
                await connection.execute(
                    citizen.insert()
                    .values(org_id=self.orgs["qinghe"].id, created_at=NOW, **values)
                    .returning(citizen.c.id)
                )
            ).scalar_one()
            address_id = (
                await connection.execute(
                    address.insert()
                    .values(
                        account_id=self.accounts[account],
                        external_id=external_id or f"openid-{self.serial}",
                        citizen_id=citizen_id,
                        created_at=NOW,
                    )
                    .returning(address.c.id)
                )
            ).scalar_one()
            await connection.execute(conversation.insert().values(citizen_id=citizen_id))
        channel = "sms" if account == "sms" else "wechat"
        return Person(citizen_id, address_id, self.accounts[account], channel)

    async def message(self, person: Person, text: str, photos: int = 0) -> int:
        self.serial += 1
        async with self.database.write() as connection:
            message_id = (
                await connection.execute(
                    message.insert()
                    .values(
                        account_id=person.account_id,
                        external_id=f"m{self.serial}",
                        address_id=person.address_id,
                        citizen_id=person.citizen_id,
                        kind="image" if photos else "text",
                        text=text,
                        media_count=photos,
                        received_at=self.now,
                    )
                    .returning(message.c.id)
                )
            ).scalar_one()
            for number in range(photos):
                await connection.execute(
                    media.insert().values(
                        message_id=message_id,
                        account_id=person.account_id,
                        kind="image",
                        provider_ref=f"ref-{number}",
                        state="stored",
                        due_at=NOW,
                        content_type="image/jpeg",
                    )
                )
        return int(message_id)

    def filing(self, person: Person, **changes: Any) -> Filing:
        """A filing at 锦绣小区, changed as wanted."""
        filing = Filing(
            citizen_id=person.citizen_id,
            address_id=person.address_id,
            account_id=person.account_id,
            channel=person.channel,
            org_id=self.orgs["qinghe"].id,
            text="锦绣小区3号楼下水道堵了一个月没人管",
            place="锦绣小区3号楼",
            place_code=JINXIU,
            since=None,
            kind=None,
            reading=reading(),
            message_ids=(),
            dedupe_key=self.key(),
            now=self.now,
        )
        return replace(filing, **changes)

    async def file(self, person: Person | None = None, **changes: Any) -> Filed:
        person = person or await self.citizen()
        async with self.database.write() as connection:
            return await file_petition(connection, self.filing(person, **changes), self.rules)

    async def row(self, number: str) -> Any:
        async with self.database.read() as connection:
            found = await connection.execute(select(petition).where(petition.c.number == number))
            return found.one()

    async def events(self, number: str) -> list[Any]:
        async with self.database.read() as connection:
            found = await connection.execute(
                select(petition_event)
                .join(petition, petition.c.id == petition_event.c.petition_id)
                .where(petition.c.number == number)
                .order_by(petition_event.c.id)
            )
            return list(found.all())

    async def said(self, number: str) -> list[tuple[str, str]]:
        async with self.database.read() as connection:
            found = await connection.execute(
                select(outbox.c.key, outbox.c.text)
                .join(petition, petition.c.id == outbox.c.petition_id)
                .where(petition.c.number == number)
                .order_by(outbox.c.id)
            )
            return [(row.key, row.text) for row in found]

    async def step(self, actor: Actor, number: str, name: str, *args: Any, **more: Any) -> Outcome:
        """One step of the desk at the petition's present version."""
        version = more.pop("version", None) or (await self.row(number)).version
        async with self.database.write() as connection:
            method = getattr(self.desk, name)
            outcome: Outcome = await method(connection, actor, number, version, *args, **more)
            return outcome

    async def done(self, actor: Actor, number: str, name: str, *args: Any, **more: Any) -> Done:
        outcome = await self.step(actor, number, name, *args, **more)
        assert isinstance(outcome, Done), outcome
        return outcome


@dataclass(frozen=True)
class Person:
    """A citizen at an address."""

    citizen_id: int
    address_id: int
    account_id: int
    channel: str
