"""Which petitions an official sees. Everything officials read or change goes through `visible_to`.

1. Branch: the petition belongs to an office of the official's branch (their office and all below
   it), or such an office leads or assists it, now or until it was answered. An office that sent
   it back no longer sees it.
2. Recusal: never one whose subject is the official, or an office the official works in, at
   whatever depth: staff of 柳河镇 and all its offices do not see what is said about 柳河镇. Offices
   above the subject, and beside it, still do. No role is exempt.
3. Confidential ones (reports, corruption): supervisors and administrators of the branch; and,
   once dispatched, the handlers of exactly the lead office, who must work on it. These handlers
   do not see who reported (`sees_identity`). Front desks, assisting offices and offices above the
   lead do not see them at all.

Who wrote (name, phone) of an ordinary petition is shown to every role but readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, false, not_, or_, select, true, union_all

from backend.organisation.roles import Permission, may
from backend.organisation.sessions import Actor
from backend.organisation.tables import org
from backend.organisation.tree import ids_along
from backend.petitions.tables import dispatch, petition, petition_subject

ACTORS = 512
"""Officials whose clauses are kept: building one takes longer than many a query it stands in."""


@lru_cache(maxsize=ACTORS)
def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The clause over `petition`; see above."""
    if not may(actor.role, Permission.READ):
        return false()
    return and_(or_(*_in_branch(actor)), ~_about(actor), _confidence(actor))


@lru_cache(maxsize=ACTORS)
def ways_to_see(actor: Actor) -> Sequence[ColumnElement[bool]]:
    """`visible_to` taken apart: what is visible is visible by one of these, each found by an index
    of its own where a database would go through all petitions for the whole."""
    if not may(actor.role, Permission.READ):
        return (false(),)
    return tuple(and_(way, ~_about(actor), _confidence(actor)) for way in _in_branch(actor))


def sees_identity(actor: Actor, row: Row[Any]) -> bool:
    """Whether the official sees who wrote this (visible) petition."""
    if row.confidential:
        return may(actor.role, Permission.SEE_CONFIDENTIAL)
    return may(actor.role, Permission.SEE_IDENTITY)


def identity_visible(actor: Actor) -> ColumnElement[bool]:
    """`sees_identity` as a clause over `petition`."""
    if may(actor.role, Permission.SEE_IDENTITY):
        return true() if may(actor.role, Permission.SEE_CONFIDENTIAL) else ~petition.c.confidential
    if may(actor.role, Permission.SEE_CONFIDENTIAL):
        return petition.c.confidential
    return false()


def _in_branch(actor: Actor) -> Sequence[ColumnElement[bool]]:
    """Any of these makes it the branch's."""
    ids = select(org.c.id).where(org.c.path.startswith(actor.org_path, autoescape=True))
    # An office that leads is found on the petition itself; only what is left is looked up: who
    # assists, and who led what was reopened later and may lie with another office now.
    assisted = select(dispatch.c.petition_id).where(
        dispatch.c.org_id.in_(ids),
        dispatch.c.role == "assisting",
        dispatch.c.state.in_(["open", "done"]),
    )
    again = petition.alias("again")
    answered_before = select(again.c.id).where(
        again.c.reopened > 0,
        exists().where(
            dispatch.c.petition_id == again.c.id,
            dispatch.c.org_id.in_(ids),
            dispatch.c.role == "lead",
            dispatch.c.state == "done",
        ),
    )
    return (
        petition.c.org_id.in_(ids),
        petition.c.lead_org_id.in_(ids),
        petition.c.id.in_(union_all(assisted, answered_before)),
    )


def _about(actor: Actor) -> ColumnElement[bool]:
    # Not correlated: the few that are about the actor are found once, not asked for each petition.
    return petition.c.id.in_(
        select(petition_subject.c.petition_id).where(
            petition_subject.c.lifted_at.is_(None),
            or_(
                petition_subject.c.user_id == actor.user_id,
                petition_subject.c.org_id.in_(ids_along(actor.org_path)),
            ),
        )
    )


def _confidence(actor: Actor) -> ColumnElement[bool]:
    if may(actor.role, Permission.SEE_CONFIDENTIAL):
        return true()
    if may(actor.role, Permission.HANDLE):
        # Not as "or", which SQLite would take for a reason to go through all in another index.
        elsewhere = petition.c.lead_org_id.is_distinct_from(actor.org_id)
        return not_(and_(petition.c.confidential, elsewhere))
    return ~petition.c.confidential
