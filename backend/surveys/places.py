"""Which villages an official may ask: those their office serves. Pure but for the tree's codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalogue import Catalogue, Division
from backend.organisation.sessions import Actor
from backend.organisation.tables import org


@dataclass(frozen=True, slots=True)
class Township:
    """A township and those of its villages that may be asked."""

    division: Division
    villages: Sequence[Division]


async def townships_of(
    connection: AsyncConnection, catalogue: Catalogue, actor: Actor
) -> Sequence[Township]:
    """The villages served by the actor's office or, where it serves none of its own (a front desk,
    a department), by the nearest office above that does."""
    ids = [int(step) for step in actor.org_path.strip("/").split("/")]
    rows = await connection.execute(select(org.c.id, org.c.code).where(org.c.id.in_(ids)))
    codes = {row.id: row.code for row in rows}
    units = (catalogue.organisation.get(codes.get(one, "")) for one in reversed(ids))
    served = next((unit.division for unit in units if unit and unit.division), None)
    return _within(catalogue, served) if served else []


def _within(catalogue: Catalogue, served: str) -> Sequence[Township]:
    divisions = catalogue.divisions
    found = []
    for town in divisions.values():
        if town.level != "township":
            continue
        villages = [
            one
            for one in divisions.values()
            if one.parent == town.code and served in (one.code, town.code, town.parent)
        ]
        if villages:
            found.append(Township(town, villages))
    return found


def home_names(catalogue: Catalogue, codes: Sequence[str]) -> dict[str, str]:
    """What a citizen's home place may be called → code: '柳河镇新民村', and '新民村' where no other
    township has one of that name."""
    divisions = catalogue.divisions
    names: dict[str, str] = {}
    for code in codes:
        one = divisions[code]
        town = divisions[one.parent] if one.parent else None
        if town is not None:
            names[town.name + one.name] = code
        if sum(other.name == one.name for other in divisions.values()) == 1:
            names[one.name] = code
    return names
