"""Versions of a deployment's own data, in SQL: appended, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.deployment.tables import NOTE_LENGTH, deployment_file
from backend.organisation.tables import user

_NEWEST_ID = select(func.max(deployment_file.c.id))
_NEWEST = select(deployment_file.c.name, deployment_file.c.content).where(
    deployment_file.c.id.in_(
        select(func.max(deployment_file.c.id)).group_by(deployment_file.c.name)
    )
)


@dataclass(frozen=True, slots=True)
class Version:
    """One saved version. `user_name` is '' for the system."""

    name: str
    number: int
    content: Any
    note: str
    user_name: str
    at: datetime


async def newest_id(connection: AsyncConnection) -> int:
    """Changes whenever anything is saved; 0 where nothing was."""
    return int(await connection.scalar(_NEWEST_ID) or 0)


async def newest(connection: AsyncConnection) -> dict[str, Any]:
    """The newest content by name, of names that were ever saved."""
    return {row.name: row.content for row in await connection.execute(_NEWEST)}


async def append_version(
    connection: AsyncConnection,
    name: str,
    content: object,
    *,
    note: str,
    user_id: int | None,
    now: datetime,
) -> int:
    """Save a new version; its number, from 1. Raises IntegrityError where another process saved
    one at the same moment."""
    last = await connection.scalar(
        select(func.max(deployment_file.c.version)).where(deployment_file.c.name == name)
    )
    number = int(last or 0) + 1
    await connection.execute(
        deployment_file.insert().values(
            name=name,
            version=number,
            content=content,
            note=note[:NOTE_LENGTH],
            user_id=user_id,
            at=now,
        )
    )
    return number


async def history(connection: AsyncConnection, name: str, *, limit: int = 100) -> Sequence[Version]:
    """The versions of a name, newest first."""
    rows = await connection.execute(
        _versions()
        .where(deployment_file.c.name == name)
        .order_by(deployment_file.c.id.desc())
        .limit(limit)
    )
    return [_version(row) for row in rows]


async def last_changes(connection: AsyncConnection) -> Mapping[str, Version]:
    """The newest version of each name."""
    newest_ids = select(func.max(deployment_file.c.id)).group_by(deployment_file.c.name)
    rows = await connection.execute(_versions().where(deployment_file.c.id.in_(newest_ids)))
    return {row.name: _version(row) for row in rows}


async def version(connection: AsyncConnection, name: str, number: int) -> Version | None:
    """One version, None if there is none."""
    row = (
        await connection.execute(
            _versions().where(deployment_file.c.name == name, deployment_file.c.version == number)
        )
    ).first()
    return _version(row) if row else None


def _versions() -> Any:
    return select(deployment_file, user.c.name.label("user_name")).outerjoin(
        user, user.c.id == deployment_file.c.user_id
    )


def _version(row: Row[Any]) -> Version:
    return Version(row.name, row.version, row.content, row.note, row.user_name or "", row.at)
