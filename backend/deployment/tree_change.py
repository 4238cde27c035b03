"""A changed organisation as rows of the tree. An office that is still needed is not closed."""

from __future__ import annotations

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalogue import Catalogue
from backend.deployment.refusal import Problem, refuse_if_any
from backend.organisation.tables import account, user
from backend.organisation.tree import Org, all_orgs, set_org_active, sync_tree
from backend.petitions.tables import dispatch, petition

# By whom a petition may still be asked for: everything but what is over.
_OPEN = ("received", "accepted", "dispatched", "in_progress", "resolved")


async def bring_tree(connection: AsyncConnection, catalogue: Catalogue) -> None:
    """Add, rename, move, close and open offices as the catalogue has them; those it no longer has
    are closed. Raises ChangeRefused where one to be closed has open petitions, staff or accounts.
    """
    units = catalogue.organisation
    before = {one.code: one for one in await all_orgs(connection)}
    closing = [
        one
        for one in before.values()
        if one.active and not (one.code in units and units[one.code].active)
    ]
    refuse_if_any([p for one in closing for p in await _still_needed(connection, one)])
    await sync_tree(connection, units.values())
    for one in await all_orgs(connection):
        wanted = one.code in units and units[one.code].active
        if one.active != wanted:
            await set_org_active(connection, one.id, wanted)


async def _still_needed(connection: AsyncConnection, closing: Org) -> list[Problem]:
    given = select(dispatch.c.petition_id).where(
        dispatch.c.org_id == closing.id, dispatch.c.state == "open"
    )
    mine = or_(
        petition.c.org_id == closing.id,
        petition.c.lead_org_id == closing.id,
        petition.c.id.in_(given),
    )
    counts = {
        "open_petitions": select(func.count()).where(mine, petition.c.state.in_(_OPEN)),
        "staff": select(func.count()).where(user.c.org_id == closing.id, user.c.active),
        "accounts": select(func.count()).where(account.c.org_id == closing.id),
    }
    found = []
    for code, query in counts.items():
        count = int(await connection.scalar(query) or 0)
        if count:
            found.append(Problem("active", code, {"office": closing.name, "count": count}))
    return found
