"""`xiangyin restore`: put a backup in place, whole or not at all."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from backend.clock import SHANGHAI, SystemClock
from xiangyin import run_lock
from xiangyin.backup.archive import BackupDamaged
from xiangyin.backup.places import RestoreRefused
from xiangyin.backup.restoring import Restored, restore
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason, failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.loading import load_settings
from xiangyin.settings import Role, Settings


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("restore", help="从备份文件恢复；先停止运行")
    parser.add_argument("file", type=Path, metavar="文件", help="xiangyin backup 写的文件")
    parser.add_argument("--replace", action="store_true", help="这里已有的数据由备份换掉")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    settings = load_settings()
    try:
        with _stopped(settings):
            done = asyncio.run(
                restore(settings, args.file, SystemClock(), may_replace=args.replace)
            )
    except RestoreRefused as error:
        return failed(f"没有恢复，什么也没动：{error}")
    except BackupDamaged as error:
        return failed(f"没有恢复，什么也没动。{args.file} 不能用：{error}")
    except DATABASE_ERRORS as error:
        return failed(f"没有恢复成，原来的数据没有动：{database_reason(error)}")
    print("\n".join(_report(settings, done)))
    return 0


@contextmanager
def _stopped(settings: Settings) -> Iterator[None]:
    """Holds the locks of every `xiangyin run` on this machine. Raises RestoreRefused, OSError."""
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    held: list[int] = []
    try:
        for role in Role:
            lock = run_lock.take(settings.var_dir, role)
            if lock is None:
                raise RestoreRefused(
                    f"乡音正在 {settings.var_dir} 里运行，先停掉它（Ctrl-C）再恢复"
                )
            held.append(lock)
        yield
    finally:
        for lock in held:
            os.close(lock)


def _report(settings: Settings, done: Restored) -> list[str]:
    manifest = done.manifest
    made_at = datetime.fromisoformat(manifest.made_at).astimezone(SHANGHAI)
    lines = [
        f"已恢复到 {settings.masked_database_url}",
        f"  备份是{manifest.county} {made_at:%Y年%m月%d日 %H:%M} 做的",
        f"  数据库 {len(manifest.tables)} 张表 {sum(manifest.tables.values())} 行",
        f"  照片、语音等 {manifest.media} 个，放在 {settings.media_dir}",
    ]
    if done.schema != manifest.schema:
        lines.append(f"  数据库由 {manifest.schema} 升级到 {done.schema}")
    if manifest.spooled:
        lines.append(f"  没写进数据库的消息 {manifest.spooled} 条，启动后自动写进去")
    if manifest.absent:
        lines.append(f"  有 {len(manifest.absent)} 个照片或语音备份里本来就没有")
    if done.other_media:
        lines.append(f"  照片文件夹里另有 {done.other_media} 个文件不属于这份备份，没有动")
    if done.surveys_paused:
        lines.append(
            f"  还没问完的调查 {done.surveys_paused} 份先停下了：备份以后问过谁，系统不记得，"
            "接着问会再问他们一遍。请到网页的“调查”里，看过再点“接着问”或“现在结束”"
        )
    return [
        *lines,
        "备份时还没发出去的话不再自动发，群众下次来时会问要不要再说一遍；干部都要重新登录。",
        "设置和密钥不在备份里，请确认 xiangyin.toml 和密钥文件也已放回，然后 xiangyin run。",
    ]
