"""The tree of offices. `path` is the materialised path of ids ('/1/4/17/'), kept right here only.

Changes of the tree run one at a time (they take a lock on the root's row), so that two moves
cannot make a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.tables import org

_EVERY = select(org).order_by(org.c.id)


class OrgEntry(Protocol):
    """One unit as the catalogue lists it; `parent` is a code."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def parent(self) -> str | None: ...


class TreeError(ValueError):
    """The tree cannot be so: unknown parent, circle. The message names the codes."""


@dataclass(frozen=True, slots=True)
class Org:
    """One office."""

    id: int
    code: str
    name: str
    type: str
    parent_id: int | None
    path: str
    active: bool

    @property
    def depth(self) -> int:
        """1 for a root."""
        return self.path.count("/") - 1


@dataclass(frozen=True, slots=True)
class TreeChanges:
    """Codes that `sync_tree` added, renamed (name or type) or moved, and those that are in the
    database but no longer in the entries (left as they are: petitions hang on them)."""

    added: Sequence[str] = ()
    renamed: Sequence[str] = ()
    moved: Sequence[str] = ()
    missing: Sequence[str] = ()


async def sync_tree(connection: AsyncConnection, entries: Iterable[OrgEntry]) -> TreeChanges:
    """Bring the offices of `entries` into the database; running it again changes nothing.

    Raises TreeError for an unknown parent or a circle; nothing is written then.
    """
    wanted = {entry.code: entry for entry in entries}
    order = _parents_first(wanted)
    await _lock(connection)
    known = {row.code: row for row in await all_orgs(connection)}
    added = [code for code in order if code not in known]
    renamed: list[str] = []
    moved: list[str] = []
    for code in order:
        entry, present = wanted[code], known.get(code)
        if present is not None and (present.name, present.type) != (entry.name, entry.type):
            await connection.execute(
                update(org)
                .where(org.c.id == present.id)
                .values(name=entry.name, type=str(entry.type))
            )
            renamed.append(code)
    known.update(await _add_all(connection, [wanted[code] for code in added], known))
    for code in order:
        parent_code = wanted[code].parent
        parent = known[parent_code] if parent_code is not None else None
        if known[code].parent_id != (parent.id if parent else None):
            await _move(connection, known[code], parent)
            moved.append(code)
            known = {row.code: row for row in await all_orgs(connection)}
    return TreeChanges(added, renamed, moved, sorted(set(known) - set(wanted)))


async def rename_org(connection: AsyncConnection, org_id: int, name: str) -> None:
    """Give an office another name."""
    await connection.execute(update(org).where(org.c.id == org_id).values(name=name))


async def move_org(connection: AsyncConnection, org_id: int, parent_id: int) -> None:
    """Hang an office, with all below it, under another. Raises TreeError for a circle, KeyError
    for an unknown office."""
    await _lock(connection)
    moving, parent = await org_by_id(connection, org_id), await org_by_id(connection, parent_id)
    if moving is None or parent is None:
        raise KeyError(org_id if moving is None else parent_id)
    if parent.path.startswith(moving.path):
        raise TreeError(f"{moving.code} cannot be moved under {parent.code}, which lies below it")
    if moving.parent_id != parent.id:
        await _move(connection, moving, parent)


async def set_org_active(connection: AsyncConnection, org_id: int, active: bool) -> None:
    """An inactive office keeps its history and gets nothing new."""
    await connection.execute(update(org).where(org.c.id == org_id).values(active=active))


async def all_orgs(connection: AsyncConnection) -> Sequence[Org]:
    """Every office, by id."""
    return [_org(row) for row in await connection.execute(_EVERY)]


async def branch(
    connection: AsyncConnection, path: str, *, active_only: bool = True
) -> Sequence[Org]:
    """The office with this path and all below it, parents before children."""
    rows = (await connection.execute(_EVERY)).all()
    return _branch(tuple(rows), path, active_only)


@lru_cache(maxsize=16)
def _branch(rows: tuple[Row[Any], ...], path: str, active_only: bool) -> Sequence[Org]:
    # Every page asks for it and it hardly ever changes; as rows are read each time, none is old.
    found = [
        _org(row) for row in rows if row.path.startswith(path) and (row.active or not active_only)
    ]
    return tuple(sorted(found, key=lambda one: ids_along(one.path)))


async def org_by_id(connection: AsyncConnection, org_id: int) -> Org | None:
    """One office, None if there is none."""
    row = (await connection.execute(select(org).where(org.c.id == org_id))).first()
    return _org(row) if row else None


async def org_by_code(connection: AsyncConnection, code: str) -> Org | None:
    """One office by its catalogue code, None if there is none."""
    row = (await connection.execute(select(org).where(org.c.code == code))).first()
    return _org(row) if row else None


def root_path(path: str) -> str:
    """The path of the county an office belongs to: '/1/4/17/' → '/1/'."""
    return "/" + path.split("/")[1] + "/"


def ids_along(path: str) -> list[int]:
    """The offices of a path, from the county down: '/1/4/17/' → 1, 4, 17."""
    return [int(step) for step in path.strip("/").split("/")]


def _parents_first(wanted: Mapping[str, OrgEntry]) -> Sequence[str]:
    order: dict[str, None] = {}
    for start in wanted:
        chain: list[str] = []
        code: str | None = start
        while code is not None and code not in order:
            if code in chain:
                raise TreeError(f"the parents of {start} go round in a circle")
            if code not in wanted:
                raise TreeError(f"{chain[-1]} names the parent {code}, which is not listed")
            chain.append(code)
            code = wanted[code].parent
        order.update(dict.fromkeys(reversed(chain)))
    return list(order)


async def _lock(connection: AsyncConnection) -> None:
    # SQLite has one writer at a time anyway and takes no FOR UPDATE.
    await connection.execute(select(org.c.id).where(org.c.parent_id.is_(None)).with_for_update())


async def _add_all(
    connection: AsyncConnection, entries: Sequence[OrgEntry], known: Mapping[str, Org]
) -> dict[str, Org]:
    """Insert new offices level by level, since a path needs the parent's id."""
    found: dict[str, Org] = dict(known)
    waiting = list(entries)
    while waiting:
        level: list[OrgEntry] = []
        below: list[OrgEntry] = []
        for entry in waiting:
            ready = entry.parent is None or entry.parent in found
            (level if ready else below).append(entry)
        found.update(await _add_level(connection, level, found))
        waiting = below
    return {entry.code: found[entry.code] for entry in entries}


async def _add_level(
    connection: AsyncConnection, level: Sequence[OrgEntry], known: Mapping[str, Org]
) -> dict[str, Org]:
    parents = [known[entry.parent] if entry.parent is not None else None for entry in level]
    inserted = await connection.execute(
        org.insert().returning(org.c.id, sort_by_parameter_order=True),
        [
            {
                "code": entry.code,
                "name": entry.name,
                "type": str(entry.type),
                "parent_id": parent.id if parent else None,
                "path": "",
                "active": True,
            }
            for entry, parent in zip(level, parents, strict=True)
        ],
    )
    added: dict[str, Org] = {}
    for row, entry, parent in zip(inserted.all(), level, parents, strict=True):
        path = f"{parent.path if parent else '/'}{row.id}/"
        parent_id = parent.id if parent else None
        added[entry.code] = Org(
            row.id, entry.code, entry.name, str(entry.type), parent_id, path, True
        )
    await connection.execute(
        update(org).where(org.c.id == bindparam("which")).values(path=bindparam("new_path")),
        [{"which": one.id, "new_path": one.path} for one in added.values()],
    )
    return added


async def _move(connection: AsyncConnection, moving: Org, parent: Org | None) -> None:
    new_path = f"{parent.path if parent else '/'}{moving.id}/"
    await connection.execute(
        update(org)
        .where(org.c.path.startswith(moving.path, autoescape=True))
        .values(path=new_path + func.substr(org.c.path, len(moving.path) + 1))
    )
    await connection.execute(
        update(org).where(org.c.id == moving.id).values(parent_id=parent.id if parent else None)
    )


def _org(row: Row[tuple[object, ...]]) -> Org:
    return Org(row.id, row.code, row.name, row.type, row.parent_id, row.path, row.active)
