"""`xiangyin backup`: everything citizens and officials entrusted to it, in one file."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from backend.clock import SystemClock
from xiangyin.backup.archive import Manifest
from xiangyin.backup.taking import NothingToBackUp, take_backup
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason, failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.loading import load_settings
from xiangyin.settings import Settings


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser(
        "backup", help="备份数据库、照片、模型和暂存的消息到一个文件；不用停止运行"
    )
    parser.add_argument("file", type=Path, metavar="文件", help="如 xiangyin-20261126.tar.gz")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    settings = load_settings()
    file: Path = args.file.absolute()
    try:
        manifest = asyncio.run(take_backup(settings, file, SystemClock()))
    except NothingToBackUp:
        return failed("数据库是空的，还没有可备份的")
    except FileExistsError as error:
        return failed(str(error))
    except DATABASE_ERRORS as error:
        return failed(f"没有备份成：{database_reason(error)}")
    print("\n".join(_report(settings, file, manifest)))
    return 0


def _report(settings: Settings, file: Path, manifest: Manifest) -> list[str]:
    rows = sum(manifest.tables.values())
    size = file.stat().st_size / 1024**2
    lines = [
        f"已备份到 {file}（{size:.1f} MB，只有您自己能读）",
        f"  数据库 {len(manifest.tables)} 张表 {rows} 行，版本 {manifest.schema}",
        f"  照片、语音等 {manifest.media} 个",
    ]
    if manifest.models:
        lines.append(f"  学过的模型 {manifest.models} 个")
    if manifest.spooled:
        lines.append(f"  还没写进数据库的消息 {manifest.spooled} 条")
    if manifest.absent:
        lines.append(f"  有 {len(manifest.absent)} 个照片或语音在文件夹里找不到，没有备份到")
    return [
        *lines,
        "里面有群众的个人信息，请放在安全的地方。",
        "设置和密钥不在里面：请另外保存 xiangyin.toml、其中提到的口令文件，"
        f"和密钥 {settings.secret_key_file}",
    ]
