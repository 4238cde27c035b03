"""Where one citizen talks: the real bot as a child, the app's own parts in this process.

Nothing leaves for a provider: what is said is read from the outbox, and counts as delivered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Table, func, select

from backend.conversation.tables import address
from backend.database.engine import Database
from backend.database.revision import current_revision
from backend.database.schema import metadata
from backend.organisation.accounts import ensure_accounts
from backend.organisation.tables import account
from xiangyin.bot_process import bot_spec
from xiangyin.chat.clock import ForwardClock
from xiangyin.child import Child, Health
from xiangyin.loading import load_settings
from xiangyin.preparation import prepare_database
from xiangyin.settings import REDIS_OFF, Settings
from xiangyin.wiring import SIMULATED, Parts, build

SIMULATOR = "simulator"
ACCOUNTS = {channel: name for name, channel in SIMULATED.items()}
READY_SECONDS = 120.0
STOP_SECONDS = 5.0
_PROBE_EVERY_SECONDS = 0.1


class ChatUnavailable(Exception):
    """Nobody can talk here; the message is a Chinese sentence."""


class Room:
    """The app's parts without their loops: whoever talks takes each step, one after the other."""

    def __init__(
        self, parts: Parts, clock: ForwardClock, bot: Child, made: Sequence[Table]
    ) -> None:
        self.parts = parts
        self.clock = clock
        self._bot = bot
        self._made = made

    def check_bot(self) -> None:
        """Raises ChatUnavailable with the last words of a bot that has died."""
        if not self._bot.alive:
            raise ChatUnavailable(f"机器人停了：\n{self._bot.log_tail()}")

    async def forget(self) -> None:
        """Empty every table that was empty when the room was opened, and go by today's time."""
        async with self.parts.database.write() as connection:
            for table in reversed(self._made):
                await connection.execute(table.delete())
        self.clock.reset()


@asynccontextmanager
async def open_room(folder: Path, database_url: str = "") -> AsyncIterator[Room]:
    """A room whose files lie in `folder`, with a database of its own there or the one given, which
    no real citizen may have written to. Raises ChatUnavailable, InvalidSettings, ModelError, and
    what the database raises."""
    settings = _settings(folder, database_url)
    clock = ForwardClock()
    parts = build(settings, clock)
    bot = Child(bot_spec(settings, settings.bot_socket))
    try:
        await bot.start()
        await _prepare(parts)  # while it loads
        await _ready(bot)
        await parts.bot.start()
        yield Room(parts, clock, bot, await _empty_tables(parts))
    finally:
        await parts.bot.close()
        await bot.stop(STOP_SECONDS)
        await parts.database.close()


def _settings(folder: Path, database_url: str) -> Settings:
    """Of this room alone: no account of the deployment's, nothing shared."""
    return load_settings(
        var_dir=folder,
        media_dir=folder / "media",
        spool_dir=folder / "spool",
        secret_key_file=folder / "secret.key",
        bot_socket=folder / "bot.sock",
        bot_url="",
        bot_workers=1,
        database_url=database_url,
        redis_url=REDIS_OFF,
        simulator=True,
        demo=False,
        accounts={},
    )


async def _prepare(parts: Parts) -> None:
    await _refuse_real_citizens(parts.database)
    await prepare_database(parts.database)
    county = parts.rules.catalogue.county.code
    async with parts.database.write() as connection:
        wanted = [(name, SIMULATOR, county) for name in ACCOUNTS.values()]
        await ensure_accounts(connection, wanted)
    await parts.deployment.refresh()


async def _refuse_real_citizens(database: Database) -> None:
    """Before anything is written, the schema included."""
    if await current_revision(database) is None:
        return
    async with database.read() as connection:
        others = await connection.scalar(
            select(func.count())
            .select_from(address.join(account, account.c.id == address.c.account_id))
            .where(account.c.name.not_in(list(ACCOUNTS.values())))
        )
    if others:
        raise ChatUnavailable(
            "这个数据库里有真实的群众，不能拿来试聊。请换一个新的，或者不写 --database"
        )


async def _ready(bot: Child) -> None:
    end = time.monotonic() + READY_SECONDS
    while await bot.spec.probe() is not Health.READY:
        if not bot.alive or time.monotonic() > end:
            raise ChatUnavailable(f"机器人没有起来：\n{bot.log_tail()}")
        await asyncio.sleep(_PROBE_EVERY_SECONDS)


async def _empty_tables(parts: Parts) -> Sequence[Table]:
    async with parts.database.read() as connection:
        return [
            table
            for table in metadata.sorted_tables
            if not (await connection.execute(select(1).select_from(table).limit(1))).first()
        ]
