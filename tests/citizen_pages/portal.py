"""Citizens' pages on a real port, over a county on a real database and the fake WeChat platform."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer
from sqlalchemy import select, update
from yarl import URL

from backend.citizen_pages import CitizenPages, setup_citizen_pages
from backend.conversation.media import store_file
from backend.conversation.tables import media
from backend.database.engine import Database
from backend.petitions.filing import Filed
from backend.ports import Account, ChannelDependencies
from backend.shared_store import SharedValues
from channels.wechat import create
from channels.wechat.testing import FakePlatform
from channels.wechat.testing.web_oauth import BROWSES_AS
from tests.console.site import photo
from tests.petitions.world import DATA, Person, World
from tests.services.ports import free_port

OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"
STRANGER = "oAnother00000000000000000000"
TEXT = "锦绣小区3号楼下水道堵了一个月没人管，污水都漫到一楼门口了<b>老人</b>出不了门。"


@dataclass
class Portal:
    """Running pages of the account `wx`."""

    world: World
    platform: FakePlatform
    pages: CitizenPages
    app: web.Application
    url: str

    async def person(self, openid: str = OPENID) -> Person:
        found: Person = await self.world.citizen("wx", openid, name="张秀兰")
        return found

    async def petition(self, person: Person, text: str = TEXT, *, photos: int = 0) -> Filed:
        """Filed by one message."""
        message_id = await self.world.message(person, text, photos)
        filed = await self.world.file(person, text=text, message_ids=[message_id])
        if photos:
            await self._store(message_id)
        return filed

    async def answer(self, filed: Filed, words: str = "今天已疏通，换了一段管道。") -> None:
        """Every step up to the answer."""
        official = await self.world.official("qinghe", "supervisor")
        office = self.world.orgs["chengguan_construction"].id
        await self.world.done(official, filed.number, "accept")
        await self.world.done(official, filed.number, "dispatch", office)
        await self.world.done(official, filed.number, "answer", words)

    async def _store(self, message_id: int) -> None:
        async with self.world.database.write() as connection:
            rows = await connection.execute(
                select(media.c.id).where(media.c.message_id == message_id)
            )
            for number, row in enumerate(rows.all()):
                stored = store_file(self.pages.media_folder, photo(number))
                values = {"sha256": stored.sha256, "content_type": stored.content_type}
                await connection.execute(update(media).where(media.c.id == row.id).values(**values))

    async def media_ids(self) -> list[int]:
        async with self.world.database.read() as connection:
            return list((await connection.execute(select(media.c.id))).scalars())

    def browser(self, openid: str | None = OPENID) -> ClientSession:
        """A browser inside this citizen's WeChat; None: outside of it."""
        client = ClientSession(base_url=self.url, cookie_jar=CookieJar(unsafe=True))
        if openid is not None:
            client.cookie_jar.update_cookies({BROWSES_AS: openid}, URL(self.platform.base_url))
        return client


@asynccontextmanager
async def serve(database_url: str, folder: Path) -> AsyncIterator[Portal]:
    database = Database(database_url)
    world = await World.create(database)
    platform = FakePlatform(clock=world.clock)
    await platform.start()
    try:
        options = {
            "token": "t",
            "app_id": platform.app_id,
            "app_secret": platform.app_secret,
            "api_base_url": platform.base_url,
            "oauth_base_url": platform.base_url,
            "timeout_seconds": 5,
        }
        gateway: Any = None  # no message comes in by these pages
        channel = create(
            Account("wx", "wechat", options),
            ChannelDependencies(gateway, SharedValues(None), world.clock),
        )
        await channel.start()
        assert channel.page_login is not None
        port = free_port()
        pages = CitizenPages(
            database=database,
            clock=world.clock,
            rules=world.rules,
            logins={"wx": channel.page_login},
            public_url=f"http://127.0.0.1:{port}",
            secret_key=lambda: bytes(32),
            data_folder=DATA,
            media_folder=folder / "media",
            links_phones=True,
        )
        app = web.Application()
        citizens = setup_citizen_pages(app, pages)
        server = TestServer(app, port=port)
        await server.start_server()
        try:
            yield Portal(world, platform, pages, citizens, pages.public_url)
        finally:
            await server.close()
            await channel.close()
    finally:
        await platform.stop()
        await database.close()
