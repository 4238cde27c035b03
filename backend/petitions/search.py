"""Finds petitions by what an official types: a number, its beginning, a phone's ending, words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    any_,
    cast,
    false,
    func,
    literal,
    literal_column,
    select,
    union,
)
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import TSQUERY

from backend.organisation.sessions import Actor
from backend.petitions.number import parse_number
from backend.petitions.search_terms import Term, postgresql_query, sqlite_match, terms_of
from backend.petitions.tables import petition, petition_search
from backend.petitions.visibility import identity_visible

SHORTEST_PHONE_ENDING = 4
_FTS = sql_table("petition_fts")
_FTS_NAME: ColumnElement[str] = literal_column("petition_fts")
_FTS_ROW: ColumnElement[int] = literal_column("petition_fts.rowid")
_TSVECTOR: ColumnElement[Any] = literal_column(
    "array_to_tsvector(string_to_array(petition_search.words, ' '))"
)
_DIGITS_AND_GAPS = re.compile(r"[0-9][0-9\s\-]*", re.ASCII)
_NUMBER_BEGINNING = re.compile(r"20\d{2,6}|20\d{6}-?\d{1,4}|20\d{6}-\d{4,6}-\d?", re.ASCII)


def says(dialect: str, actor: Actor, text: str, states: Sequence[str] = ()) -> ColumnElement[bool]:
    """The clause over `petition`: it is what `text` asks for. `dialect`: sqlite or postgresql.
    `states`: the only ones wanted, if any; the caller asks for them too, here they save work.

    A phone's ending finds only petitions whose writer the actor may know: no one learns by a
    match what they would not be shown.
    """
    number = parse_number(text)
    if number is not None:
        return petition.c.number == number
    ways: list[Select[Any]] = []
    terms = terms_of(text)
    if terms:
        ways.append(_by_words(dialect, terms, states))
    typed = unicodedata.normalize("NFKC", text).strip()
    if _DIGITS_AND_GAPS.fullmatch(typed):
        beginning = _number_beginning(re.sub(r"\s", "", typed))
        if beginning is not None:
            ways.append(select(petition.c.id).where(_begins(petition.c.number, beginning)))
        digits = re.sub(r"[^0-9]", "", typed)
        if len(digits) >= SHORTEST_PHONE_ENDING:
            ways.append(_by_phone(actor, digits))
    if not ways:
        return false()
    found = ways[0] if len(ways) == 1 else union(*ways)
    if dialect == "sqlite":
        return petition.c.id.in_(found)
    # As an array the ids are found once and then looked up; PostgreSQL would else walk all
    # petitions for rare words.
    return petition.c.id == any_(func.array(found.scalar_subquery()))


def _by_words(dialect: str, terms: list[Term], states: Sequence[str]) -> Select[Any]:
    if dialect == "sqlite":
        matching = _FTS_NAME.op("MATCH")(sqlite_match(terms, states))
        return select(_FTS_ROW.label("id")).select_from(_FTS).where(matching)
    query = cast(literal(postgresql_query(terms, states), String), TSQUERY)
    return select(petition_search.c.petition_id.label("id")).where(_TSVECTOR.op("@@")(query))


def _by_phone(actor: Actor, ending: str) -> Select[Any]:
    return (
        select(petition.c.id)
        .join(petition_search, petition_search.c.petition_id == petition.c.id)
        .where(_begins(petition_search.c.phone_backwards, ending[::-1]), identity_visible(actor))
    )


def _number_beginning(typed: str) -> str | None:
    """'202611230007' → '20261123-0007'; None for what no number begins with."""
    if not _NUMBER_BEGINNING.fullmatch(typed):
        return None
    if len(typed) > 8 and "-" not in typed:
        return f"{typed[:8]}-{typed[8:]}"
    return typed


def _begins(column: ColumnElement[Any], beginning: str) -> ColumnElement[bool]:
    """`column` begins so; as a range, which an index answers. Digits and dashes only."""
    stem = beginning.rstrip("9-")
    clause: ColumnElement[bool] = column.startswith(beginning, autoescape=True)
    if not stem:
        return clause
    return and_(column >= stem, column < f"{stem[:-1]}{int(stem[-1]) + 1}", clause)
