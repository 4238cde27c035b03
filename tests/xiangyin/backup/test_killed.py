"""Killed with -9 at any step, a backup or a restore leaves no half of anything."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from sqlalchemy import select

from backend.petitions.tables import petition
from tests.xiangyin.backup.installation import Installation

BACKUP = "xiangyin.backup.taking"
RESTORE = "xiangyin.backup.restoring"


@pytest.mark.parametrize("step", [f"{BACKUP}:snapshot:1", f"{BACKUP}:_pack:1", f"{BACKUP}:put:1"])
async def test_a_killed_backup_is_none_and_the_next_one_tidies_up(
    filled: Installation, file: Path, step: str
) -> None:
    assert filled.command("backup", str(file), dies_at=step).returncode == -signal.SIGKILL
    assert not file.exists()
    done = filled.command("backup", str(file))
    assert done.returncode == 0, done.stderr
    assert "已备份到" in done.stdout
    assert "密钥不在里面" in done.stdout
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    "step",
    [
        f"{RESTORE}:unpack:1",
        f"{RESTORE}:ready_to_resume:1",
        f"{RESTORE}:put:1",
        f"{RESTORE}:put:5",
        "xiangyin.backup.places:put:1",
    ],
)
async def test_a_killed_restore_leaves_the_old_data_or_the_new(
    filled: Installation, file: Path, step: str
) -> None:
    if "places" in step and not filled.url.startswith("sqlite"):
        pytest.skip("PostgreSQL has its own commit")
    await filled.spool(20)
    assert filled.command("backup", str(file)).returncode == 0
    await filled.execute("UPDATE petition SET title = '改过的'")
    before = await filled.content()
    killed = filled.command("restore", str(file), "--replace", dies_at=step)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert await filled.content() == before

    done = filled.command("restore", str(file), "--replace")
    assert done.returncode == 0, done.stderr
    assert "已恢复到" in done.stdout
    assert await filled.all(select(petition.c.title)) == ["下水道堵塞"]
    left = [path.name for path in filled.folder.rglob("*restoring*")]
    assert left == []


async def test_refusals_are_sentences(filled: Installation, file: Path) -> None:
    missing = filled.command("restore", str(file))
    assert (missing.returncode, "Traceback" in missing.stderr) == (1, False)
    file.write_bytes(b"x" * 100)
    damaged = filled.command("restore", str(file))
    assert damaged.returncode == 1
    assert "什么也没动" in damaged.stderr
    again = filled.command("backup", str(file))
    assert (again.returncode, "已经有了" in again.stderr) == (1, True)
