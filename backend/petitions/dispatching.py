"""Which offices a petition may be given to. Pure but for reading the tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.tables import org
from backend.organisation.tree import root_path
from backend.petitions.outcomes import Invalid
from backend.petitions.recusal import recused_among


async def check_targets(
    connection: AsyncConnection, row: Row[Any], lead: int, assisting: Sequence[int]
) -> Invalid | None:
    """The first office that cannot have it: unknown, inactive, in another county, or a subject."""
    wanted = [lead, *assisting]
    rows = await connection.execute(
        select(org.c.id, org.c.path, org.c.active).where(org.c.id.in_(wanted))
    )
    known = {one.id: one for one in rows}
    recused = await recused_among(connection, row.id, wanted)
    for org_id in wanted:
        field = "lead_org_id" if org_id == lead else "assisting_org_ids"
        office = known.get(org_id)
        if office is None:
            return Invalid(field, "unknown")
        if not office.active:
            return Invalid(field, "inactive")
        if not office.path.startswith(root_path(row.org_path)):
            return Invalid(field, "elsewhere")
        if org_id in recused:
            return Invalid(field, "recused")
    return None
