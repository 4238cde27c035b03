"""The officials' pages and the API, served on a real port over a county on a real database."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache, partial
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar, TCPConnector, web
from aiohttp.test_utils import TestServer
from PIL import Image, ImageDraw
from sqlalchemy import select, update

from backend.api import setup_api
from backend.console import setup_console
from backend.conversation.bot_client import BotClient
from backend.conversation.media_files import store_file
from backend.conversation.notices import ConversationNotifier
from backend.conversation.signals import Signals
from backend.conversation.tables import media, message, outbox
from backend.conversation.texts import Reply, Texts
from backend.conversation.trial import Trial
from backend.database.engine import Database
from backend.deployment.effective import REPLIES, Effective, Shipped, load_shipped
from backend.deployment.live import Deployment
from backend.learning.shelf import Shelf
from backend.organisation.passwords import hash_password
from backend.organisation.tables import user
from backend.petitions.desk import Desk
from backend.petitions.filing import FieldReading, Filed, MachineReading
from backend.petitions.tables import petition
from backend.surveys.push_limits import QuietHours
from backend.surveys.push_plan import asking_ends
from backend.web.dependencies import PushLimits, WebDependencies
from channels.sms.segmentation import count_parts
from tests.conversation.room import MODEL, readings
from tests.petitions.world import DATA, Person, World

PASSWORD = "麦田真好看呀今年收成不错"
NODE_MODULES = DATA.parent / "node_modules"
TEXT = "锦绣小区3号楼下水道堵了一个月没人管，污水都漫到一楼门口了，老人出门都要踩砖头。"
OFFICIALS = {
    "head": ("qinghe", "admin", "孙静"),
    "county": ("qinghe", "supervisor", "周敏"),
    "desk": ("chengguan_reception", "dispatcher", "刘芳"),
    "town": ("chengguan", "dispatcher", "陈静"),
    "handler": ("chengguan_construction", "handler", "王建国"),
    "reader": ("chengguan", "reader", "李丽"),
    "elsewhere": ("liuhe", "dispatcher", "赵强"),
}


@dataclass
class Site:
    """A running site. `url` is its base; officials log in with `PASSWORD`."""

    world: World
    deps: WebDependencies
    app: web.Application
    console: web.Application
    url: str

    async def petition(
        self, text: str = TEXT, *, photos: int = 0, channel: str = "wx", **changes: Any
    ) -> Filed:
        """A petition filed by a citizen in one message, with the reply they got."""
        person = await self.world.citizen(channel, phone="13812345678", name="张秀兰")
        message_id = await self.world.message(person, text, photos)
        filed = await self.world.file(
            person,
            text=text,
            message_ids=[message_id],
            **{"reading": reading(), **changes},
        )
        if photos:
            await self._store_photos(message_id)
        await self.told(person, filed, f"已收到，编号{filed.number}。", "sent")
        return filed

    async def told(
        self,
        person: Person,
        filed: Filed,
        text: str,
        state: str,
        at: datetime | None = None,
        **columns: Any,
    ) -> int:
        """Something the citizen was told about it; the outbox row."""
        self.world.serial += 1
        async with self.world.database.write() as connection:
            added = await connection.execute(
                outbox.insert().values(
                    dedupe_key=f"told:{self.world.serial}",
                    account_id=person.account_id,
                    address_id=person.address_id,
                    citizen_id=person.citizen_id,
                    petition_id=filed.petition_id,
                    lane="reply",
                    key="filed",
                    text=text,
                    state=state,
                    attempts=1,
                    due_at=self.world.now,
                    created_at=at or self.world.now,
                    **columns,
                )
            )
            return int(added.inserted_primary_key[0])

    async def _store_photos(self, message_id: int) -> None:
        async with self.world.database.write() as connection:
            rows = await connection.execute(
                select(media.c.id).where(media.c.message_id == message_id)
            )
            for number, row in enumerate(rows.all()):
                stored = store_file(self.deps.media_folder, photo(number))
                await connection.execute(
                    update(media)
                    .where(media.c.id == row.id)
                    .values(
                        sha256=stored.sha256,
                        content_type=stored.content_type,
                        size=stored.size,
                        width=stored.width,
                        height=stored.height,
                    )
                )

    async def media_ids(self, filed: Filed) -> list[int]:
        async with self.world.database.read() as connection:
            rows = await connection.execute(select(media.c.id).join(message).order_by(media.c.id))
            return [int(row.id) for row in rows]

    async def current(self, number: str) -> Any:
        """The petition's row."""
        async with self.world.database.read() as connection:
            found = await connection.execute(select(petition).where(petition.c.number == number))
            return found.one()

    def client(self) -> ClientSession:
        """A browser's worth of cookies; close it after use."""
        return ClientSession(
            base_url=self.url, cookie_jar=CookieJar(unsafe=True), connector=TCPConnector(limit=4)
        )

    @asynccontextmanager
    async def logged_in(self, login: str) -> AsyncIterator[tuple[ClientSession, str]]:
        """A client of the API and pages, and its CSRF token."""
        async with self.client() as client:
            body = {"login": login, "password": PASSWORD}
            async with client.post("/api/v1/session", json=body) as response:
                assert response.status == 201, await response.text()
                token = (await response.json())["csrf_token"]
            yield client, token


def reading(
    title: str = "锦绣小区3号楼下水道堵塞一个月", sentiment: str | None = None
) -> MachineReading:
    """A reading the machine is fairly sure of, with runner-ups."""
    return MachineReading(
        FieldReading("complaint", 0.86, (("complaint", 0.86), ("request", 0.11))),
        FieldReading(
            "sanitation",
            0.58,
            (("sanitation", 0.58), ("property", 0.24), ("planning", 0.11)),
        ),
        FieldReading("normal", 0.91, (("normal", 0.91), ("high", 0.07))),
        title,
        "test-1",
        sentiment=FieldReading(sentiment, 0.64, ((sentiment, 0.64), ("worried", 0.25)))
        if sentiment
        else None,
    )


def photo(number: int) -> bytes:
    """A small JPEG with EXIF that must not leave the house."""
    image = Image.new("RGB", (640, 480), (96, 120 + 40 * (number % 3), 110))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 300, 640, 480), fill=(70, 60, 50))
    draw.ellipse((220, 330, 420, 430), fill=(30, 26, 22))
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


@asynccontextmanager
async def serve(database_url: str, folder: Path) -> AsyncIterator[Site]:
    """Start a site with the officials of `OFFICIALS`."""
    database = Database(database_url)
    try:
        world = await World.create(database)
        await _add_officials(world)
        deps = dependencies(world, folder)
        app = web.Application()
        setup_api(app, deps)
        console = setup_console(app, deps)
        server = TestServer(app)
        await server.start_server()
        try:
            yield Site(world, deps, app, console, str(server.make_url("/")).rstrip("/"))
        finally:
            await server.close()
            _forget()
    finally:
        await database.close()


def dependencies(world: World, folder: Path) -> WebDependencies:
    texts = Texts(_shipped().contents[REPLIES])

    def preview(
        _account: str, channel: str, key: str, params: Mapping[str, str | int | None]
    ) -> str:
        return texts.render([Reply(key, params)], channel)

    async def health() -> Mapping[str, Any]:
        return {
            "ok": True,
            "bot": {"ok": True, "model": "b74c11adc87e", "turns": 12},
            "channels": {
                "town": {"ok": False, "detail": "IP不在白名单"},
                "line": {
                    "ok": True,
                    "detail": "1 条连接在线，另有 1 条断开，正在重连",
                    "sessions": [
                        {"state": "在线", "pending": 3, "window": 16, "trouble": ""},
                        {"state": "未连接", "pending": 0, "window": 16, "trouble": "连不上"},
                    ],
                    "last_error": "网关拒绝了一条短信，Result 是 13",
                    "last_error_at": "2026-11-23T01:00:00+00:00",
                },
            },
            "carriers": [
                {
                    "account": account,
                    "pool": "county",
                    "share": share,
                    "weight": weight,
                    "resting": 50,
                    "reason": reason,
                    "changed_at": "2026-11-23T01:00:00+00:00",
                }
                for account, share, weight, reason in (
                    ("line", 0.167, 10, "errors"),
                    ("line-aliyun", 0.833, 50, "start"),
                )
            ],
            "triage": "0123456789abcdef",
            "spooling": False,
        }

    deployment = Deployment(world.database, world.clock, _shipped(), world.rules, texts, know=_know)
    notifier = ConversationNotifier(texts, {}, Signals(None, world.clock), world.clock)
    return WebDependencies(
        database=world.database,
        desk=Desk(notifier, world.rules, world.clock),
        rules=world.rules,
        deployment=deployment,
        clock=world.clock,
        preview=preview,
        texts=texts,
        looks={"wx": "wechat", "sms": "sms"},
        sms_parts=lambda _account, words: count_parts(words),
        asking_ends=partial(asking_ends, rates={"sms": 1.0}, quiet=QuietHours()),
        push_limits=PushLimits(time(21), time(8), 3, 7),
        try_words=Trial(BotClient(), readings(), texts, world.rules, world.clock).words,
        health=health,
        models=Shelf(folder / "models", MODEL),
        data_folder=DATA,
        media_folder=folder / "media",
        assets_folder=NODE_MODULES,
        secure_cookies=False,
        secret_key=lambda: bytes(32),
    )


@cache
def _shipped() -> Shipped:
    return load_shipped(DATA)


_told: list[Effective] = []


def _know(found: Effective) -> None:
    _told.append(found)
    readings().know(found.catalogue, _shipped().catalogue, found.guide)


def _forget() -> None:
    """One reader for all tests: the next shall not know this one's places and guide."""
    if _told:
        _told.clear()
        readings().know(_shipped().catalogue, _shipped().catalogue, _shipped().guide)


async def _add_officials(world: World) -> None:
    hashed = await _password_hash()
    async with world.database.write() as connection:
        await connection.execute(
            user.insert(),
            [
                {
                    "login": login,
                    "name": name,
                    "password_hash": hashed,
                    "org_id": world.orgs[office].id,
                    "role": role,
                    "created_at": world.now,
                }
                for login, (office, role, name) in OFFICIALS.items()
            ],
        )


_hashes: list[str] = []


async def _password_hash() -> str:
    """One real hash for all officials of all tests: making one is meant to be slow."""
    if not _hashes:
        _hashes.append(await hash_password(PASSWORD))
    return _hashes[0]
