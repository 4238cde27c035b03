"""An installation with something in it, to back up and to restore into."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import select, text, update

from backend.conversation.arrivals import Arrival, Arrivals
from backend.conversation.media_files import store_file
from backend.conversation.spool import Spool
from backend.conversation.tables import media, message
from backend.database.engine import Database
from backend.database.migrate import upgrade
from backend.ports import Inbound, MediaRef, MessageKind
from tests.petitions.world import World
from xiangyin.backup import rows
from xiangyin.loading import load_settings
from xiangyin.settings import PROJECT, Settings


def photo(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(buffer, "PNG")
    return buffer.getvalue()


def inbound(number: int, *, refs: tuple[str, ...] = ()) -> Inbound:
    return Inbound(
        "wechat", "wx", f"openid-{number % 5}", f"m{number}", MessageKind.TEXT,
        f"第{number}条 '\"\\ 𠮷", raw=bytes(range(256)),
        media=tuple(MediaRef(MessageKind.IMAGE, ref) for ref in refs),
    )  # fmt: skip


@dataclass
class Installation:
    """`folder` is its var_dir."""

    folder: Path
    url: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "XIANGYIN_CONFIG": os.devnull,
            "XIANGYIN_VAR_DIR": str(self.folder),
            "XIANGYIN_DATABASE_URL": self.url,
        }

    @property
    def settings(self) -> Settings:
        return load_settings(Path(os.devnull), var_dir=self.folder, database_url=self.url)

    def media(self) -> dict[str, bytes]:
        """Content by place, of every file in the media folder."""
        root = self.settings.media_dir
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file()
        }

    async def fill(self) -> None:
        """Offices, officials, petitions, messages with photos, one of them not yet fetched."""
        database = Database(self.url)
        try:
            world = await World.create(database)
            await world.official("county_water", "handler")
            filed = await world.file()
            desk = await world.official("qinghe", "dispatcher")
            await world.done(desk, filed.number, "accept")
            arrivals = Arrivals(database, world.clock)
            refs = [("red",), ("blue", "red"), (), ("waiting",)]
            group = [Arrival(inbound(n, refs=found)) for n, found in enumerate(refs)]
            await arrivals.store(group)
            async with database.write() as connection:
                for colour in ("red", "blue"):
                    stored = store_file(self.settings.media_dir, photo(colour))
                    await connection.execute(
                        update(media)
                        .where(media.c.provider_ref == colour)
                        .values(state="stored", sha256=stored.sha256, size=stored.size)
                    )
        finally:
            await database.close()

    async def at_revision(self, revision: str) -> None:
        """An empty database of an older schema."""
        self.folder.mkdir(parents=True, exist_ok=True)
        database = Database(self.url)
        try:
            async with database.write() as connection:
                await connection.run_sync(upgrade, revision)
        finally:
            await database.close()

    async def spool(self, *numbers: int) -> None:
        """Messages that wait on disk, as while SQL is away."""
        spool = Spool(self.settings.spool_dir)
        spool.open()
        await spool.append([inbound(number) for number in numbers])
        spool.close()

    async def content(self, *, without: tuple[str, ...] = ()) -> dict[str, list[bytes]]:
        """Every row of every table, in the form that is the same for both databases."""
        database = Database(self.url)
        try:
            async with database.read() as connection:
                tables = await connection.run_sync(rows.present_tables)
                return {
                    table.name: [line async for line in rows.lines(connection, table)]
                    for table in tables
                    if table.name not in without
                }
        finally:
            await database.close()

    async def messages(self) -> list[str]:
        return await self.all(select(message.c.external_id).order_by(message.c.id))

    async def all(self, query: Any) -> list[Any]:
        database = Database(self.url)
        try:
            async with database.read() as connection:
                return list(await connection.scalars(query))
        finally:
            await database.close()

    async def execute(self, statement: str) -> None:
        database = Database(self.url)
        try:
            async with database.write() as connection:
                await connection.execute(text(statement))
        finally:
            await database.close()

    def command(self, *arguments: str, dies_at: str = "") -> subprocess.CompletedProcess[str]:
        """`xiangyin …` as a process; `dies_at` 'module:name:n' kills it with -9 when that module
        calls `name` for the n-th time."""
        return subprocess.run(
            [sys.executable, "-m", "tests.xiangyin.backup.mortal", dies_at, *arguments],
            cwd=PROJECT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
