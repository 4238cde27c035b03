"""Who should handle a petition by the dispatch catalogue, recusal kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalogue import Level
from backend.organisation.tables import org
from backend.petitions.recusal import recused_among
from backend.petitions.rules import PetitionRules


@dataclass(frozen=True, slots=True)
class Office:
    """An office as people name it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Lead (主办) and assisting (协办) offices; `lead` is None where all are recused."""

    lead: Office | None
    assisting: Sequence[Office] = ()


async def suggest_offices(
    connection: AsyncConnection,
    rules: PetitionRules,
    *,
    petition_id: int,
    domain: str,
    place_code: str | None,
) -> Suggestion:
    """The catalogue's offices for the petition. Where the lead is its subject, the office of the
    county level takes its place; where that is one too, a human decides."""
    levels: tuple[Level | None, ...] = (None, "county")
    for level in levels:
        codes = rules.catalogue.offices(rules.domain(domain), place_code, level)
        rows = await connection.execute(
            select(org.c.id, org.c.code, org.c.name).where(
                org.c.code.in_([codes.lead, *codes.assisting]), org.c.active
            )
        )
        by_code = {row.code: Office(row.id, row.name) for row in rows}
        recused = await recused_among(
            connection, petition_id, [office.id for office in by_code.values()]
        )
        lead = by_code.get(codes.lead)
        if lead is not None and lead.id not in recused:
            assisting = [by_code[code] for code in codes.assisting if code in by_code]
            return Suggestion(lead, [one for one in assisting if one.id not in recused])
    return Suggestion(None)


async def office_name(connection: AsyncConnection, org_id: int | None) -> str | None:
    """The name of an office, None for none."""
    if org_id is None:
        return None
    found = await connection.execute(select(org.c.name).where(org.c.id == org_id))
    return found.scalar_one_or_none()
