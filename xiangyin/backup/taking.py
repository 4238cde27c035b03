"""Take a backup while the app runs."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import String, column, select, table
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.spool import SET_ASIDE
from backend.conversation.tables import media
from backend.deployment import versions
from backend.deployment.effective import DIVISIONS
from backend.deployment.tables import deployment_file
from backend.ports import Clock
from xiangyin.backup import rows
from xiangyin.backup.archive import (
    MEDIA,
    SPOOL,
    TABLES,
    ArchiveWriter,
    Manifest,
    manifest_text,
    write_archive,
)
from xiangyin.backup.durable import put
from xiangyin.backup.models import add_models
from xiangyin.backup.snapshot import snapshot
from xiangyin.model_service import shelf_of
from xiangyin.settings import Settings

UNREAD = "unread.jsonl"
_UNFINISHED = ".{}.unfinished"
_REVISION = select(column("version_num", String)).select_from(table(rows.VERSIONS))
_STORED = select(media.c.sha256).where(media.c.state == "stored", media.c.sha256.is_not(None))


class NothingToBackUp(Exception):
    """The database has no tables yet."""


async def take_backup(settings: Settings, file: Path, clock: Clock) -> Manifest:
    """Write `file` (mode 600), which appears whole or not at all; what it holds.

    The spool is read before SQL: a message that moves from one to the other meanwhile is in both,
    and stored once when it is restored. Media are written before SQL names them, so all that the
    snapshot names are there, but for those erased since.

    Raises FileExistsError, OSError, NothingToBackUp and what the database raises.
    """
    with _working_folder(file) as folder:
        spooled = await asyncio.to_thread(_read_spool, settings.spool_dir, folder)
        made_at = clock.now().isoformat()
        async with snapshot(settings.database_url, folder) as connection:
            schema, counts = await _write_tables(connection, folder)
            known = set(await connection.scalars(_STORED))
            database = connection.dialect.name
            county = await _county(connection, counts) or settings.county
        manifest = Manifest(county, made_at, database, schema, counts, (), spooled)
        return await asyncio.to_thread(_pack, manifest, known, settings, folder, file)


async def _county(connection: AsyncConnection, counts: Mapping[str, int]) -> str | None:
    """The county's name where it was set in the console."""
    if not counts.get(deployment_file.name):
        return None
    divisions = (await versions.newest(connection)).get(DIVISIONS)
    return divisions["county"]["name"] if divisions else None


async def _write_tables(connection: AsyncConnection, folder: Path) -> tuple[str, dict[str, int]]:
    found = await connection.run_sync(_schema)
    if found is None:
        raise NothingToBackUp
    schema, tables = found
    counts = {}
    for each in tables:
        path = folder / TABLES / f"{each.name}.jsonl"
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            count = -1  # the first line names the columns
            async for line in rows.lines(connection, each):
                file.write(line)
                count += 1
        counts[each.name] = count
    return schema, counts


def _schema(connection: Connection) -> tuple[str, list[Any]] | None:
    if not connection.dialect.has_table(connection, rows.VERSIONS):
        return None
    return connection.scalars(_REVISION).one(), rows.present_tables(connection)


def _read_spool(spool: Path, folder: Path) -> int:
    """Copy what waits there, whole lines only: a torn last one was never acknowledged."""
    target = folder / SPOOL
    target.mkdir()
    waiting = sorted(spool.glob("*.spool"), key=_written_at)
    count = _join(waiting, target / UNREAD)
    _join([spool / SET_ASIDE], target / SET_ASIDE)
    return count


def _join(sources: Iterable[Path], target: Path) -> int:
    count = 0
    with target.open("wb") as joined:
        for source in sources:
            try:
                with source.open("rb") as lines:
                    whole = (line for line in lines if line.endswith(b"\n") and line.strip())
                    for line in whole:
                        joined.write(line)
                        count += 1
            except FileNotFoundError:  # drained just now: its lines are in SQL, or none was there
                continue
    return count


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _pack(
    manifest: Manifest, known: set[str], settings: Settings, folder: Path, file: Path
) -> Manifest:
    draft = folder / "archive"
    with write_archive(draft) as archive:
        for name in sorted(manifest.tables):
            archive.add(f"{TABLES}/{name}.jsonl", folder / TABLES / f"{name}.jsonl")
        for path in sorted((folder / SPOOL).iterdir()):
            archive.add(f"{SPOOL}/{path.name}", path)
        media = settings.media_dir
        absent = [sha for sha in sorted(known) if not _add_medium(archive, media, sha)]
        add_models(archive, shelf_of(settings))
        manifest = replace(manifest, absent=tuple(absent), members=archive.members)
        listing = folder / "manifest"
        listing.write_text(manifest_text(manifest), encoding="utf-8")
        archive.finish(listing)
    put(draft, file)
    return manifest


def _add_medium(archive: ArchiveWriter, media: Path, sha: str) -> bool:
    path = media / sha[:2] / sha
    shown = path.with_name(f"{sha}.shown")
    try:
        archive.add(f"{MEDIA}/{sha}", path)
        if shown.exists():
            archive.add(f"{MEDIA}/{shown.name}", shown)
    except FileNotFoundError:
        return False
    return True


@contextmanager
def _working_folder(file: Path) -> Iterator[Path]:
    """Everything half done lies in one folder beside the file, mode 700, removed in the end. One
    whose process died holds personal data too: the next backup removes it."""
    if file.exists():
        raise FileExistsError(f"{file} 已经有了，换一个名字")
    for left in file.parent.glob(_UNFINISHED.format("*")):
        with _locked(left) as free:
            if free:
                shutil.rmtree(left)
    folder = file.with_name(_UNFINISHED.format(f"{file.name}.{os.getpid()}"))
    folder.mkdir(mode=0o700)
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield _lock(handle)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
