"""Secrets in files: readable by their owner alone, or refused."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO
KEY_BYTES = 32


class SecretFileError(ValueError):
    """The file is missing, empty or open to others; the text says so in Chinese."""


def require_private(path: Path) -> None:
    """Raises SecretFileError where group or others may read, write or enter."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise SecretFileError(f"读不到文件 {path}：{error.strerror}") from error
    if mode & OTHERS:
        raise SecretFileError(
            f"文件 {path} 的权限是 {mode:03o}，别人也能读；请运行 chmod 600 {path}"
        )


def read_secret(path: Path) -> str:
    """The file's text without surrounding white space. Raises SecretFileError."""
    require_private(path)
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretFileError(f"读不到文件 {path}，它应是一段 UTF-8 文字") from error
    if not secret:
        raise SecretFileError(f"文件 {path} 是空的")
    return secret


def read_or_create_key(path: Path) -> bytes:
    """The installation's key, 32 random bytes kept as hex; made with mode 600 if missing.

    Two processes that start at once get the same key: the file appears whole or not at all.
    Raises SecretFileError.
    """
    if not path.exists():
        _create(path, secrets.token_hex(KEY_BYTES))
    text = read_secret(path)
    try:
        key = bytes.fromhex(text)
    except ValueError as error:
        raise SecretFileError(f"文件 {path} 应是 {KEY_BYTES * 2} 个十六进制字符") from error
    if len(key) < KEY_BYTES:
        raise SecretFileError(f"文件 {path} 太短，应至少 {KEY_BYTES * 2} 个十六进制字符")
    return key


def _create(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails if another process was first: then its key holds
        except FileExistsError:
            return
        finally:
            draft.unlink()
    except OSError as error:
        raise SecretFileError(f"写不了文件 {path}：{error.strerror}") from error
