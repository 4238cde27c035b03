"""Which steps an official may take on a petition they see: role, state and office together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, Select, func, select

from backend.organisation.roles import Permission, may
from backend.organisation.sessions import Actor
from backend.organisation.tables import org
from backend.petitions.lifecycle import Action, By, possible_actions
from backend.petitions.tables import petition
from backend.petitions.visibility import visible_to

_NEEDS: Mapping[Action, Permission] = {
    Action.ACCEPT: Permission.ACCEPT,
    Action.CORRECT: Permission.CORRECT,
    Action.DISPATCH: Permission.DISPATCH,
    Action.START: Permission.HANDLE,
    Action.RETURN: Permission.HANDLE,
    Action.ANSWER: Permission.HANDLE,
    Action.NOTE: Permission.NOTE,
    Action.SET_SUBJECT: Permission.RECUSE,
    Action.LIFT_SUBJECT: Permission.RECUSE,
    Action.SET_CONFIDENTIAL: Permission.SET_CONFIDENTIAL,
    Action.MERGE: Permission.DISPATCH,
    Action.UNMERGE: Permission.DISPATCH,
}
# Steps of the office the petition belongs to, and of those above it: an office it was only
# dispatched to does not sort or redirect it.
_OF_THE_DESK = frozenset(
    {
        Action.ACCEPT,
        Action.CORRECT,
        Action.DISPATCH,
        Action.SET_SUBJECT,
        Action.LIFT_SUBJECT,
        Action.SET_CONFIDENTIAL,
        Action.MERGE,
        Action.UNMERGE,
    }
)
# Steps of the lead office (and those above it); without one, of the desk.
_OF_THE_LEAD = frozenset({Action.START, Action.RETURN, Action.ANSWER})


def select_visible(actor: Actor) -> Select[Any]:
    """Petitions the actor sees, with `org_path` and `lead_path` for `permitted`."""
    home, lead = org.alias("home_org"), org.alias("lead_org")
    return (
        select(
            petition,
            home.c.path.label("org_path"),
            home.c.name.label("org_name"),
            func.coalesce(lead.c.path, "").label("lead_path"),
            lead.c.name.label("lead_name"),
        )
        .join(home, home.c.id == petition.c.org_id)
        .outerjoin(lead, lead.c.id == petition.c.lead_org_id)
        .where(visible_to(actor))
    )


def permitted(actor: Actor, row: Row[Any], action: Action) -> bool:
    """Whether role and office allow the step, whatever the state. `row` of `select_visible`."""
    needed = _NEEDS.get(action)
    if needed is None or not may(actor.role, needed):
        return False
    at_desk = str(row.org_path).startswith(actor.org_path)
    if action in _OF_THE_DESK:
        return at_desk
    if action in _OF_THE_LEAD:
        return str(row.lead_path).startswith(actor.org_path) if row.lead_path else at_desk
    return True


def permitted_actions(actor: Actor, row: Row[Any]) -> frozenset[Action]:
    """The steps a page should offer: permitted and possible in this state."""
    possible = possible_actions(row.state, By.OFFICIAL)
    return frozenset(action for action in possible if permitted(actor, row, action))
