"""Folders, disks and the key."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from xiangyin.checks.files import BAD_DISK, LOW_DISK, check_files
from xiangyin.checks.finding import State
from xiangyin.settings import Settings


def states(settings: Settings) -> dict[str, State]:
    return {one.subject: one.state for one in check_files(settings)}


@pytest.mark.parametrize(
    ("free", "state"),
    [(LOW_DISK + 1, State.GOOD), (LOW_DISK - 1, State.NOTE), (BAD_DISK - 1, State.BAD)],
)
def test_a_disk_nearly_full(
    settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch, free: int, state: State
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    found = [one for one in check_files(settings()) if one.subject == "磁盘"]
    assert [one.state for one in found] == [state]  # one disk, said once


def test_the_key_missing_open_to_others_or_kept(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    key = tmp_path / "var" / "secret.key"
    assert states(settings())["密钥"] is State.NOTE
    key.parent.mkdir()
    key.write_text("00" * 32)
    key.chmod(0o640)
    assert states(settings())["密钥"] is State.BAD
    key.chmod(0o600)
    assert states(settings())["密钥"] is State.GOOD
