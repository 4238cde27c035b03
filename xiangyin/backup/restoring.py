"""Put a backup in the place of what an installation holds, all of it or nothing.

The rows go into a database of their own (SQLite: a new file, put in place by one rename;
PostgreSQL: one transaction). Media are named by their content, models by when they were trained,
and the spool's lines are stored once, so all may be there before the rows are: whenever it is
stopped, the old rows or the new ones hold, and neither lacks anything.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.spool import SET_ASIDE
from backend.database.migrate import upgrade
from backend.database.revision import newest_revision
from backend.ports import Clock
from xiangyin.backup import rows
from xiangyin.backup.archive import MEDIA, MODELS, SPOOL, TABLES, BackupDamaged, Manifest, unpack
from xiangyin.backup.durable import put
from xiangyin.backup.models import put_models
from xiangyin.backup.places import RestoreRefused, place_of
from xiangyin.backup.resumption import ready_to_resume
from xiangyin.backup.taking import UNREAD
from xiangyin.model_service import shelf_of
from xiangyin.settings import Settings

_FOLDER = ".restoring"


@dataclass(frozen=True, slots=True)
class Restored:
    """`schema`: the revision now; `other_media`: files of the media folder that are not of the
    backup, which were left alone; `surveys_paused`: how many were asking people and stopped."""

    manifest: Manifest
    schema: str
    other_media: int
    surveys_paused: int


async def restore(settings: Settings, file: Path, clock: Clock, *, may_replace: bool) -> Restored:
    """Restore `file`. Every hash is checked before anything is touched.

    The app must be stopped. Raises RestoreRefused, BackupDamaged, OSError and what the database
    raises.
    """
    staged = settings.media_dir / _FOLDER
    shutil.rmtree(staged, ignore_errors=True)  # of a restore that was killed
    staged.mkdir(parents=True, mode=0o700)
    try:
        manifest = await asyncio.to_thread(unpack, file, staged)
        if manifest.schema > newest_revision():
            raise RestoreRefused(
                f"备份来自更新的版本（数据库版本 {manifest.schema}，这里是 {newest_revision()}），"
                "先升级乡音再恢复"
            )
        place = place_of(settings.database_url)
        await place.check_free(may_replace)
        filling = _Filling(manifest, staged, settings, clock)
        await place.fill(filling)
        other = await asyncio.to_thread(_count_other_media, settings.media_dir, manifest)
        return Restored(manifest, newest_revision(), other, filling.surveys_paused)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


@dataclass(slots=True)
class _Filling:
    """What goes into the new place. `surveys_paused` holds once the rows are there."""

    manifest: Manifest
    staged: Path
    settings: Settings
    clock: Clock
    surveys_paused: int = 0

    async def rows(self, connection: AsyncConnection) -> None:
        """All rows into an empty database, then forward to the newest schema."""
        await connection.run_sync(upgrade, self.manifest.schema)
        tables = await connection.run_sync(rows.present_tables)
        if {table.name for table in tables} != self.manifest.tables.keys():
            raise BackupDamaged("里面的表和它的数据库版本不符")
        await _defer_references(connection, deferred=True)
        for table in tables:
            try:
                count = await rows.load(
                    connection, table, self.staged / TABLES / f"{table.name}.jsonl"
                )
            except (ValueError, KeyError, StopIteration) as error:
                raise BackupDamaged(f"表 {table.name} 读不懂") from error
            if count != self.manifest.tables[table.name]:
                raise BackupDamaged(f"表 {table.name} 的行数不对")
            await connection.run_sync(_count_on, table)
        await _defer_references(connection, deferred=False)
        await connection.run_sync(upgrade)
        self.surveys_paused = await ready_to_resume(connection, self.manifest, self.clock.now())

    def files(self) -> None:
        """Media, spooled lines and models into their folders."""
        for path in sorted((self.staged / MEDIA).glob("*")):
            target = self.settings.media_dir / path.name[:2] / path.name
            target.parent.mkdir(exist_ok=True)
            put(path, target)
        spool = self.staged / SPOOL
        # Named after the backup: restoring it again puts the same file there.
        name = f"restored-{self.manifest.made_at.replace(':', '')}"
        for source, suffix in ((UNREAD, ".spool"), (SET_ASIDE, f".{SET_ASIDE}")):
            if (spool / source).stat().st_size:
                self.settings.spool_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
                target = self.settings.spool_dir / f"{name}{suffix}"
                beside = target.with_suffix(".new")
                shutil.copyfile(spool / source, beside)
                beside.chmod(0o600)
                put(beside, target)
        if self.manifest.format > 1:
            put_models(self.staged / MODELS, shelf_of(self.settings))


async def _defer_references(connection: AsyncConnection, *, deferred: bool) -> None:
    """An office may stand before the one above it: references are checked when all rows are in."""
    if connection.dialect.name == "sqlite":
        if deferred:
            await connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        elif (await connection.execute(text("PRAGMA foreign_key_check"))).first() is not None:
            raise BackupDamaged("有的行指向不存在的行")
        return
    if not deferred:
        await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    wanted = "DEFERRABLE INITIALLY DEFERRED" if deferred else "NOT DEFERRABLE"
    quote = connection.dialect.identifier_preparer.quote
    for table in await connection.run_sync(rows.present_tables):
        for constraint in table.foreign_key_constraints:
            await connection.execute(
                text(
                    f"ALTER TABLE {quote(table.name)}"
                    f" ALTER CONSTRAINT {quote(str(constraint.name))} {wanted}"
                )
            )


def _count_on(connection: Connection, table: Any) -> None:
    """PostgreSQL gives the next row the id after the last one's, as SQLite does by itself."""
    if connection.dialect.name != "postgresql" or "id" not in table.columns:
        return
    last = connection.scalar(select(func.max(table.c.id)))
    sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, "id")))
    if last is not None and sequence is not None:
        connection.execute(select(func.setval(sequence, last)))


def _count_other_media(folder: Path, manifest: Manifest) -> int:
    return sum(
        f"{MEDIA}/{path.name}" not in manifest.members
        for path in folder.glob("??/*")
        if not path.name.endswith(".shown")
    )
