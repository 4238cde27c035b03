"""Which surveys an official sees: those of their own branch of the tree. Everything officials read
or change of a survey goes through `visible_to`.

Whoever may read sees results; writing, asking and closing need MANAGE_SURVEYS.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, false, select

from backend.organisation.roles import Permission, may
from backend.organisation.sessions import Actor
from backend.organisation.tables import org, user
from backend.surveys.tables import survey


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The clause over `survey`; see above."""
    if not may(actor.role, Permission.READ):
        return false()
    ids = select(org.c.id).where(org.c.path.startswith(actor.org_path, autoescape=True))
    return survey.c.org_id.in_(ids)


def select_visible(actor: Actor) -> Select[Any]:
    """Surveys the actor sees, with `org_name` and the `author`'s name."""
    return (
        select(survey, org.c.name.label("org_name"), user.c.name.label("author"))
        .join(org, org.c.id == survey.c.org_id)
        .join(user, user.c.id == survey.c.created_by)
        .where(visible_to(actor))
    )


def manages(actor: Actor) -> bool:
    """Whether the official may write surveys, open and close them."""
    return may(actor.role, Permission.MANAGE_SURVEYS)
