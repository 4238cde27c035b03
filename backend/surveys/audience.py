"""Whom a survey can reach: the people of its villages, and how.

Someone counts as of a village who lives there or has told of a matter there. Each is reached by the
newest of their addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Subquery,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalogue import Catalogue
from backend.conversation.consent import unwanted
from backend.conversation.tables import address, citizen
from backend.petitions.tables import petition
from backend.surveys.places import home_names
from backend.surveys.tables import survey_division, survey_list, survey_listed


@dataclass(frozen=True, slots=True)
class Reached:
    """How many people of a village (`code`, '' for all together) have their newest address on an
    account, and how many of them have opted out or are blocked."""

    code: str
    account_id: int
    people: int
    opted_out: int


@dataclass(frozen=True, slots=True)
class PhoneList:
    """The uploaded list of a draft. Of `phones`: `new` nobody has written from; `opted_out`;
    `counted_already`, people of the chosen villages; `added`, who come to these and can be
    asked."""

    file_name: str
    account_id: int
    phones: int
    new: int
    opted_out: int
    counted_already: int
    added: int


async def chosen_codes(connection: AsyncConnection, survey_id: int) -> Sequence[str]:
    """The villages of a draft, in the order of their codes."""
    rows = await connection.scalars(
        select(survey_division.c.code)
        .where(survey_division.c.survey_id == survey_id)
        .order_by(survey_division.c.code)
    )
    return rows.all()


async def reach_by_village(
    connection: AsyncConnection, catalogue: Catalogue, codes: Sequence[str]
) -> Sequence[Reached]:
    """A row for each village and account with people on it."""
    if not codes:
        return []
    people = people_of(catalogue, codes).subquery("people")
    return await _reach(connection, people, people.c.code)


async def reach_together(
    connection: AsyncConnection, catalogue: Catalogue, codes: Sequence[str]
) -> Sequence[Reached]:
    """A row for each account; who is of two villages counts once."""
    if not codes:
        return []
    people = people_of(catalogue, codes).subquery("people")
    once = select(people.c.citizen_id, people.c.address_id, people.c.account_id).distinct()
    return await _reach(connection, once.subquery("once"), literal(""))


async def _reach(
    connection: AsyncConnection, people: Subquery, code: ColumnElement[str]
) -> Sequence[Reached]:
    out = func.sum(case((unwanted(people.c.address_id), 1), else_=0))
    rows = await connection.execute(
        select(code.label("code"), people.c.account_id, func.count(), out)
        .group_by(code, people.c.account_id)
        .order_by(people.c.account_id)
    )
    return [Reached(row[0], row[1], row[2], int(row[3])) for row in rows]


def people_of(catalogue: Catalogue, codes: Sequence[str]) -> Select[tuple[int, str, int, int]]:
    """`citizen_id`, `code`, `address_id`, `account_id` of everyone who can be reached in these
    villages; who is of two of them comes twice."""
    # A confidential reporter must not be found by where they are asked.
    told = select(petition.c.citizen_id, petition.c.place_code.label("code")).where(
        petition.c.place_code.in_(codes), ~petition.c.confidential
    )
    names = home_names(catalogue, codes)
    at_home = select(
        citizen.c.id, case(names, value=citizen.c.home_place, else_="").label("code")
    ).where(citizen.c.home_place.in_(names))
    of = union(told, at_home).subquery("of")
    known = citizen.alias("known")
    people = (
        select(func.coalesce(known.c.merged_into, known.c.id).label("citizen_id"), of.c.code)
        .join(known, known.c.id == of.c.citizen_id)
        .distinct()
        .cte("village_people")
    )
    ways = (
        select(
            address.c.citizen_id,
            address.c.id,
            address.c.account_id,
            func.row_number()
            .over(partition_by=address.c.citizen_id, order_by=address.c.id.desc())
            .label("rank"),
        )
        .where(address.c.ended_at.is_(None), address.c.citizen_id.in_(select(people.c.citizen_id)))
        .subquery("ways")
    )
    return (
        select(
            people.c.citizen_id,
            people.c.code,
            ways.c.id.label("address_id"),
            ways.c.account_id,
        )
        .join(ways, and_(ways.c.citizen_id == people.c.citizen_id, ways.c.rank == 1))
        .join(citizen, citizen.c.id == people.c.citizen_id)
        .where(citizen.c.erased_at.is_(None))
    )


async def phone_list(
    connection: AsyncConnection, catalogue: Catalogue, survey_id: int, codes: Sequence[str]
) -> PhoneList | None:
    """What is known of a draft's list; `codes` are its villages. None without a list."""
    found = (
        await connection.execute(select(survey_list).where(survey_list.c.survey_id == survey_id))
    ).first()
    if found is None:
        return None
    counts = await _list_counts(connection, catalogue, found, codes)
    return PhoneList(
        found.file_name,
        found.account_id,
        counts.phones,
        counts.phones - counts.known,
        int(counts.out or 0),
        int(counts.already or 0),
        int(counts.added or 0),
    )


async def _list_counts(
    connection: AsyncConnection,
    catalogue: Catalogue,
    found: Row[Any],
    codes: Sequence[str],
) -> Any:
    already: ColumnElement[bool] = false()
    if codes:
        people = people_of(catalogue, codes).subquery("people")
        already = address.c.citizen_id.in_(select(people.c.citizen_id))
    current = and_(
        address.c.account_id == found.account_id,
        address.c.external_id == survey_listed.c.phone,
        address.c.ended_at.is_(None),
    )
    result = await connection.execute(
        select(
            func.count().label("phones"),
            func.count(address.c.id).label("known"),
            func.sum(case((unwanted(address.c.id), 1), else_=0)).label("out"),
            func.sum(case((already, 1), else_=0)).label("already"),
            func.sum(case((or_(already, unwanted(address.c.id)), 0), else_=1)).label("added"),
        )
        .select_from(survey_listed)
        .outerjoin(address, current)
        .where(survey_listed.c.survey_id == found.survey_id)
    )
    return result.one()
