"""The official of a room, who answers what the citizen brought."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.passwords import one_time_password
from backend.organisation.roles import Role
from backend.organisation.sessions import Actor
from backend.organisation.tree import org_by_code
from backend.organisation.users import create_user, user_by_login
from backend.petitions.desk import Desk
from backend.petitions.lifecycle import OPEN_STATES, Action, By, State, possible
from backend.petitions.offices import suggest_offices
from backend.petitions.outcomes import Done, Outcome
from backend.petitions.tables import petition
from xiangyin.chat.room import Room

LOGIN = "chat-official"
NAME = "试聊办事员"


class NotAnswered(Exception):
    """The message says why, in Chinese."""


async def answer_newest(room: Room, citizen_id: int | None, text: str) -> str:
    """Bring the citizen's newest petition that is open to an answer, step by step as an office
    does; its number. Raises NotAnswered."""
    parts = room.parts
    desk = Desk(parts.notifier, parts.rules, room.clock)
    async with parts.database.write() as connection:
        actor = await _official(connection, room)
        row = await _newest_open(connection, citizen_id)
        if row is None:
            raise NotAnswered("还没有可以答复的诉求")
        if row.state == State.RECEIVED:
            row = await _after(
                connection, row, desk.accept(connection, actor, row.number, row.version)
            )
        if possible(row.state, Action.DISPATCH, By.OFFICIAL) and row.lead_org_id is None:
            offices = await suggest_offices(
                connection,
                parts.rules,
                petition_id=row.id,
                domain=row.domain,
                place_code=row.place_code,
            )
            if offices.lead is not None:
                step = desk.dispatch(connection, actor, row.number, row.version, offices.lead.id)
                row = await _after(connection, row, step)
        step = desk.answer(connection, actor, row.number, row.version, text)
        await _after(connection, row, step)
    return str(row.number)


async def _after(
    connection: AsyncConnection, row: Row[Any], step: Coroutine[Any, Any, Outcome]
) -> Row[Any]:
    """The petition after a step of the desk."""
    outcome = await step
    if not isinstance(outcome, Done):
        raise NotAnswered(f"办事员这一步走不通：{outcome}")
    found = await connection.execute(select(petition).where(petition.c.id == row.id))
    return found.one()


async def _newest_open(connection: AsyncConnection, citizen_id: int | None) -> Row[Any] | None:
    found = await connection.execute(
        select(petition)
        .where(petition.c.citizen_id == citizen_id, petition.c.state.in_(sorted(OPEN_STATES)))
        .order_by(petition.c.id.desc())
        .limit(1)
    )
    return found.first()


async def _official(connection: AsyncConnection, room: Room) -> Actor:
    """A supervisor of the county, who sees every petition; nobody knows the password."""
    county = await org_by_code(connection, room.parts.rules.catalogue.county.code)
    assert county is not None, "prepare_database brings the county"
    known = await user_by_login(connection, LOGIN)
    user_id = (
        known.id
        if known is not None
        else await create_user(
            connection,
            login=LOGIN,
            name=NAME,
            password=one_time_password(login=LOGIN, name=NAME),
            org_id=county.id,
            role=Role.SUPERVISOR,
            now=room.clock.now(),
        )
    )
    return Actor(user_id, NAME, county.id, county.path, Role.SUPERVISOR.value)
