"""`xiangyin migrate`: bring the database to the newest schema, and the offices into it."""

from __future__ import annotations

import argparse
import asyncio

from backend.clock import SystemClock
from backend.database.engine import Database
from backend.database.revision import current_revision
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason, failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.loading import load_settings
from xiangyin.preparation import FIRST_LOGIN, make_first_user, prepare_database
from xiangyin.settings import Settings


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser(
        "migrate", help="建立或升级数据库，并把机构目录写进去；重复运行无妨"
    )
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    settings = load_settings()
    try:
        before, after, password = asyncio.run(_migrate(settings))
    except DATABASE_ERRORS as error:
        return failed(
            f"数据库 {settings.masked_database_url} 连不上或升级不了：{database_reason(error)}"
        )
    print(f"数据库 {settings.masked_database_url}：{before or '空库'} → {after}")
    if password:
        print(f"第一个管理员：{FIRST_LOGIN}，一次性口令：{password}（首次登录时要改）")
    return 0


async def _migrate(settings: Settings) -> tuple[str | None, str | None, str | None]:
    database = Database(settings.database_url)
    try:
        before = await current_revision(database)
        await prepare_database(database)
        password = await make_first_user(database, SystemClock())
        return before, await current_revision(database), password
    finally:
        await database.close()
