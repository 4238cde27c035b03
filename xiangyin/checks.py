"""What the doctor looks at. Each check gives its finding and, where something is wrong, advice."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from backend.database.engine import Database
from backend.database.revision import current_revision, newest_revision
from xiangyin.child import Health
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason
from xiangyin.loading import settings_file, unknown_variables
from xiangyin.operator_health import PATH, operator_headers
from xiangyin.probes import ask_http, http_health, redis_health
from xiangyin.secret_files import SecretFileError, require_private
from xiangyin.settings import Settings

LOW_DISK = 2 * 1024**3
BAD_DISK = 300 * 1024**2


class State(Enum):
    GOOD = "good"
    NOTE = "note"  # works, but worth knowing
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """`fact` and `advice` are plain Chinese; `advice` is empty where nothing is to be done."""

    subject: str
    state: State
    fact: str
    advice: str = ""


async def check_all(settings: Settings) -> Sequence[Finding]:
    """Every finding, in the order to read them."""
    database, store, bots, channels = await asyncio.gather(
        _database(settings), _store(settings), _bots(settings), _app_and_channels(settings)
    )
    return [
        *_settings(), *_folders(settings), *_disk(settings), *_key(settings),
        database, store, *bots, *channels,
    ]  # fmt: skip


def _settings() -> Sequence[Finding]:
    path = settings_file()
    found = [Finding("设置", State.GOOD, f"读自 {path}" if path else "用默认值和环境变量")]
    advice = "改正名字，或删掉它"
    return found + [Finding("设置", State.BAD, said, advice) for said in unknown_variables()]


def _folders(settings: Settings) -> Sequence[Finding]:
    named = (("数据", settings.var_dir), ("照片", settings.media_dir), ("暂存", settings.spool_dir))
    return [_folder(f"{name}文件夹", path) for name, path in named]


def _folder(subject: str, path: Path) -> Finding:
    existing = next((one for one in (path, *path.parents) if one.exists()), path)
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Finding(subject, State.GOOD, f"{path} 可写")
    return Finding(subject, State.BAD, f"{path} 不可写", f"让运行乡音的用户可以写 {existing}")


def _disk(settings: Settings) -> Sequence[Finding]:
    existing = next(one for one in (settings.var_dir, *settings.var_dir.parents) if one.exists())
    free = shutil.disk_usage(existing).free
    fact = f"还剩 {free / 1024**3:.1f} GB"
    if free < BAD_DISK:
        return [Finding("磁盘", State.BAD, fact, "马上清理或扩容：写不下就收不了消息")]
    if free < LOW_DISK:
        return [Finding("磁盘", State.NOTE, fact, "尽快清理或扩容")]
    return [Finding("磁盘", State.GOOD, fact)]


def _key(settings: Settings) -> Sequence[Finding]:
    path = settings.secret_key_file
    if not path.exists():
        return [Finding("密钥", State.NOTE, f"{path} 还没有", "首次运行 xiangyin run 时自动生成")]
    try:
        require_private(path)
    except SecretFileError as error:
        return [Finding("密钥", State.BAD, str(error))]
    return [Finding("密钥", State.GOOD, f"{path} 只有自己能读")]


async def _database(settings: Settings) -> Finding:
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


async def _store(settings: Settings) -> Finding:
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


async def _bots(settings: Settings) -> Sequence[Finding]:
    if settings.bot_url:
        health = await http_health(f"{settings.bot_url}/health")
        advice = "" if health is Health.READY else "检查 XIANGYIN_BOT_URL 和那边的机器人"
        return [_bot("机器人", settings.bot_url, health, advice)]
    advice = "xiangyin run 会启动它；启动不了就看 var/log/ 里它的日志"
    return [
        _bot("机器人", path.name, health, "" if health is Health.READY else advice)
        for path in settings.bot_sockets
        for health in [await http_health("http://bot/health", socket=path)]
    ]


def _bot(subject: str, where: str, health: Health, advice: str) -> Finding:
    facts = {Health.READY: "就绪", Health.NOT_READY: "还没有就绪", Health.SILENT: "没有运行"}
    state = State.GOOD if health is Health.READY else State.BAD
    return Finding(subject, state, f"{where} {facts[health]}", advice)


async def _app_and_channels(settings: Settings) -> Sequence[Finding]:
    """What the running app says of itself."""
    url = f"{settings.local_url}{PATH}"
    try:
        proof = operator_headers(settings) if settings.secret_key_file.exists() else {}
        status, body = await ask_http(url, headers=proof)
    except SecretFileError:
        return []  # said already: the key's own finding
    except OSError:
        return [Finding("应用", State.BAD, f"{settings.local_url} 没有回应", "运行 xiangyin run")]
    if status != 200:
        fact = f"{settings.local_url} 答 {status}"
        advice = "那个端口上是别的程序，或用的是另一个 secret_key_file"
        return [Finding("应用", State.BAD, fact, advice)]
    found = [Finding("应用", State.GOOD, f"{settings.local_url} 有回应")]
    for name, said in body["channels"].items():
        good = bool(said.get("ok"))
        advice = "" if good else "见该渠道的说明：channels/ 下同名文件夹里的 README.md"
        detail = str(said.get("detail", ""))
        found.append(Finding(f"渠道 {name}", State.GOOD if good else State.BAD, detail, advice))
    return found
