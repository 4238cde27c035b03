"""Killed with -9 at any step, a backup or a restore leaves no half of anything."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from sqlalchemy import select

from backend.petitions.tables import petition
from tests.petitions.world import SetClock
from tests.xiangyin.backup.installation import Installation
from xiangyin.backup.restoring import restore
from xiangyin.backup.taking import take_backup

BACKUP = "xiangyin.backup.taking"
RESTORE = "xiangyin.backup.restoring"
CLOCK = SetClock()


@pytest.mark.parametrize("step", [f"{BACKUP}:snapshot:1", f"{BACKUP}:_pack:1", f"{BACKUP}:put:1"])
async def test_a_killed_backup_is_none_and_the_next_one_tidies_up(
    filled: Installation, file: Path, step: str
) -> None:
    assert filled.command("backup", str(file), dies_at=step).returncode == -signal.SIGKILL
    assert not file.exists()
    await take_backup(filled.settings, file, CLOCK)
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
    await take_backup(filled.settings, file, CLOCK)
    await filled.execute("UPDATE petition SET title = '改过的'")
    before = await filled.content()
    killed = filled.command("restore", str(file), "--replace", dies_at=step)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert await filled.content() == before

    await restore(filled.settings, file, CLOCK, may_replace=True)
    assert await filled.all(select(petition.c.title)) == ["下水道堵塞"]
    left = [path.name for path in filled.folder.rglob("*restoring*")]
    assert left == []


async def test_the_commands_speak_in_sentences(filled: Installation, file: Path) -> None:
    missing = filled.command("restore", str(file))
    assert (missing.returncode, "Traceback" in missing.stderr) == (1, False)
    done = filled.command("backup", str(file))
    assert done.returncode == 0, done.stderr
    assert "已备份到" in done.stdout
    assert f"密钥 {filled.settings.secret_key_file}" in done.stdout
    again = filled.command("backup", str(file))
    assert (again.returncode, "已经有了" in again.stderr) == (1, True)
    refused = filled.command("restore", str(file))
    assert (refused.returncode, "什么也没动" in refused.stderr) == (1, True)
    restored = filled.command("restore", str(file), "--replace")
    assert restored.returncode == 0, restored.stderr
    assert "2026年" in restored.stdout
