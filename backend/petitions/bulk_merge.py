"""Merging many petitions into a main one the official chose: each in a transaction of its own,
with its own outcome."""

from __future__ import annotations

from collections.abc import Sequence

from backend.database.engine import Database
from backend.organisation.sessions import Actor
from backend.petitions.chosen import MOST_AT_ONCE, Chosen
from backend.petitions.desk import Desk
from backend.petitions.outcomes import Outcome


async def merge_each(
    database: Database, desk: Desk, actor: Actor, main: Chosen, others: Sequence[Chosen]
) -> Sequence[Outcome]:
    """The outcomes in the order of `others`; what is done stays done if a later one fails (see
    dispatch_each). Posted again, what follows `main` already is done. Raises ValueError for more
    than `MOST_AT_ONCE`."""
    if len(others) >= MOST_AT_ONCE:
        raise ValueError(f"{len(others) + 1} petitions at once")
    outcomes = []
    for one in others:
        async with database.write() as connection:
            at = (connection, actor, one.number, one.version)
            outcomes.append(await desk.merge_into(*at, main.number, main.version))
    return outcomes
