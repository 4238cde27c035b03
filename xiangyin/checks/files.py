"""Settings, folders, disks and the installation's key."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from xiangyin.checks.finding import Finding, State
from xiangyin.loading import settings_file, unknown_variables
from xiangyin.secret_files import SecretFileError, require_private
from xiangyin.settings import Settings

LOW_DISK = 2 * 1024**3
BAD_DISK = 300 * 1024**2


def check_files(settings: Settings) -> Sequence[Finding]:
    """Looks at the machine only; waits for nobody."""
    return [*_settings(), *_folders(settings), *_disks(settings), *_key(settings)]


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


def _disks(settings: Settings) -> Sequence[Finding]:
    """One finding per disk, named by the first folder on it."""
    disks: dict[int, Path] = {}
    for folder in (settings.var_dir, settings.media_dir, settings.spool_dir):
        existing = next(one for one in (folder, *folder.parents) if one.exists())
        disks.setdefault(existing.stat().st_dev, existing)
    return [_disk(path, shutil.disk_usage(path).free) for path in disks.values()]


def _disk(path: Path, free: int) -> Finding:
    fact = f"{path} 还剩 {free / 1024**3:.1f} GB"
    if free < BAD_DISK:
        return Finding("磁盘", State.BAD, fact, "马上清理或扩容：写不下就收不了消息")
    if free < LOW_DISK:
        return Finding("磁盘", State.NOTE, fact, "尽快清理或扩容")
    return Finding("磁盘", State.GOOD, fact)


def _key(settings: Settings) -> Sequence[Finding]:
    path = settings.secret_key_file
    if not path.exists():
        return [Finding("密钥", State.NOTE, f"{path} 还没有", "首次运行 xiangyin run 时自动生成")]
    try:
        require_private(path)
    except SecretFileError as error:
        return [Finding("密钥", State.BAD, str(error))]
    return [Finding("密钥", State.GOOD, f"{path} 只有自己能读")]
