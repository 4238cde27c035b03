"""The database and what wakes the workers."""

from __future__ import annotations

from backend.database.engine import Database
from backend.database.revision import current_revision, newest_revision
from xiangyin.checks.finding import Finding, State
from xiangyin.child import Health
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason
from xiangyin.probes import redis_health
from xiangyin.settings import Settings


async def check_database(settings: Settings) -> Finding:
    shown = settings.masked_database_url
    database = Database(settings.database_url)
    try:
        revision = await current_revision(database)
    except DATABASE_ERRORS as error:
        return Finding(
            "数据库", State.BAD, f"{shown} 连不上：{database_reason(error)}",
            "检查 XIANGYIN_DATABASE_URL 和数据库服务",
        )  # fmt: skip
    finally:
        await database.close()
    if revision != newest_revision():
        fact = f"{shown} 是{revision or '空库'}，应为 {newest_revision()}"
        return Finding("数据库", State.BAD, fact, "运行 xiangyin migrate")
    return Finding("数据库", State.GOOD, f"{shown}，版本 {revision}")


async def check_store(settings: Settings) -> Finding:
    url = settings.shared_store_url
    if url is None:
        return Finding("Redis", State.NOTE, "没有使用，一切靠轮询数据库，慢一些")
    if await redis_health(url) is Health.READY:
        return Finding("Redis", State.GOOD, "有回应")
    if settings.embeds_valkey:
        return Finding("Redis", State.NOTE, "自带的 Valkey 没有运行", "xiangyin run 会启动它")
    return Finding(
        "Redis", State.BAD, "没有回应；消息照收照答，只是慢一些", "检查 XIANGYIN_REDIS_URL 和服务"
    )
