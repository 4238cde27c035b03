"""Whom a draft is meant for: villages, with how many can be reached there, and an uploaded list."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console import forms
from backend.console.rendering import render
from backend.console.survey_access import (
    PATH,
    SmsAccount,
    account_names,
    found_draft,
    looks_by_id,
    refusal,
    require_author,
    sms_accounts,
    version_of,
)
from backend.console.survey_wording import SURVEY_TEXTS
from backend.surveys.audience import (
    PhoneList,
    Reached,
    chosen_codes,
    phone_list,
    reach_by_village,
    reach_together,
)
from backend.surveys.authoring import choose_divisions
from backend.surveys.lifecycle import SurveyRefused
from backend.surveys.list_file import LARGEST_FILE, ListRead, UnreadableList, read_list
from backend.surveys.phone_lists import remove_list, store_list
from backend.surveys.places import Township, townships_of
from backend.surveys.reading import Survey
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.markers import takes_file
from backend.web.posted_form import posted_form
from backend.web.sessions import require_session

ROOM_FOR_FIELDS = 16 * 1024
SHOWN_ERRORS = 50
READ_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Reach:
    """People who can be reached, by the look of their channel; those who have opted out are not
    among them."""

    wechat: int = 0
    sms: int = 0
    opted_out: int = 0

    @property
    def people(self) -> int:
        return self.wechat + self.sms


async def show(request: web.Request) -> web.StreamResponse:
    """GET /console/surveys/{id}/audience"""
    require_author(request)
    done = request.query.get("done", "")
    known = done in ("chosen", "removed")
    notice = request.app[SURVEY_TEXTS].done[done] if known else None
    return await _page(request, notice=notice)


async def choose(request: web.Request) -> web.StreamResponse:
    """POST /console/surveys/{id}/audience: the villages ticked, and all of a township ticked"""
    deps, actor = dependencies(request), require_author(request).actor
    form = await posted_form(request)
    ticked = {code for code in form.getall("place", []) if isinstance(code, str)}
    async with deps.database.read() as connection:
        towns = await townships_of(connection, deps.rules.catalogue, actor)
    codes = [
        village.code
        for town in towns
        for village in town.villages
        if ticked & {village.code, town.division.code}
    ]
    try:
        async with deps.database.write() as connection:
            found = await found_draft(connection, request)
            await choose_divisions(
                connection, actor, found.id, version_of(form), codes, deps.clock.now()
            )
    except SurveyRefused as refused:
        return await _page(request, error=refusal(request, refused, found.state), status=409)
    on = "survey_opening" if forms.words(form, "do") == "next" else "survey_audience"
    url = request.app.router[on].url_for(id=str(found.id))
    raise web.HTTPSeeOther(url if on == "survey_opening" else url.with_query(done="chosen"))


@takes_file(LARGEST_FILE + ROOM_FOR_FIELDS)
async def upload(request: web.Request) -> web.StreamResponse:
    """POST /console/surveys/{id}/list: multipart with `file`, `account`; the answer says which rows
    were not taken"""
    deps, actor = dependencies(request), require_author(request).actor
    words, form = request.app[SURVEY_TEXTS], await posted_form(request)
    file = form.get("file")
    if not isinstance(file, web.FileField) or not file.filename:
        return await _page(request, error=words.word("list_problems", "missing"), status=422)
    async with deps.database.read() as connection:
        await found_draft(connection, request)
        accounts = await sms_accounts(connection, deps, actor)
    chosen = _account(accounts, forms.number(form, "account"))
    if chosen is None:
        return await _page(request, error=words.word("list_problems", "no_account"), status=422)
    try:
        async with asyncio.timeout(READ_SECONDS):
            content = await asyncio.to_thread(file.file.read)
            read = await asyncio.to_thread(read_list, content)
    except UnreadableList as error:
        return await _page(request, error=words.word("list_problems", error.problem), status=422)
    try:
        async with deps.database.write() as connection:
            found = await found_draft(connection, request)
            await store_list(
                connection,
                actor,
                found.id,
                version_of(form),
                chosen.id,
                file.filename,
                read.entries,
                deps.clock.now(),
            )
    except SurveyRefused as refused:
        return await _page(request, error=refusal(request, refused, found.state), status=409)
    return await _page(request, read=read)


async def remove(request: web.Request) -> web.StreamResponse:
    """POST /console/surveys/{id}/list/remove"""
    deps, actor = dependencies(request), require_author(request).actor
    form = await posted_form(request)
    try:
        async with deps.database.write() as connection:
            found = await found_draft(connection, request)
            await remove_list(connection, actor, found.id, version_of(form), deps.clock.now())
    except SurveyRefused as refused:
        return await _page(request, error=refusal(request, refused, found.state), status=409)
    url = request.app.router["survey_audience"].url_for(id=str(found.id))
    raise web.HTTPSeeOther(url.with_query(done="removed"))


def _account(accounts: Sequence[SmsAccount], wanted: int | None) -> SmsAccount | None:
    """The one asked for, the nearest where none is."""
    if wanted is None:
        return accounts[0] if accounts else None
    return next((one for one in accounts if one.id == wanted), None)


async def _page(
    request: web.Request,
    *,
    notice: str | None = None,
    error: str = "",
    read: ListRead | None = None,
    status: int = 200,
) -> web.Response:
    deps, actor = dependencies(request), require_session(request).actor
    catalogue = deps.rules.catalogue
    async with deps.database.read() as connection:
        found = await found_draft(connection, request)
        towns = await townships_of(connection, catalogue, actor)
        every = [village.code for town in towns for village in town.villages]
        looks = await looks_by_id(connection, deps)
        by_village = _by_code(await reach_by_village(connection, catalogue, every), looks)
        meant = await meant_for(connection, deps, found, towns)
        accounts = await sms_accounts(connection, deps, actor)
    context = {
        "here": "surveys",
        "words": request.app[SURVEY_TEXTS],
        "survey": found,
        "towns": towns,
        "reach": by_village,
        "nobody": Reach(),
        "meant": meant,
        "accounts": accounts,
        "notice": notice,
        "error": error,
        "read": read,
        "row_errors": _row_errors(request, read),
    }
    return render(request, "survey_audience.html", context, status=status)


def _row_errors(request: web.Request, read: ListRead | None) -> Sequence[Mapping[str, Any]]:
    words = request.app[SURVEY_TEXTS]
    return [
        {
            "line": one.line,
            "words": words.word("row_problems", one.problem).format(line=one.same_as),
        }
        for one in (read.errors[:SHOWN_ERRORS] if read else ())
    ]


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom a draft is meant for: `codes` of villages within the official's reach; together with
    the list, each person once. `by_account`: people by account name."""

    codes: Sequence[str]
    villages: Reach
    phones: PhoneList | None
    by_account: Mapping[str, int]

    @property
    def people(self) -> int:
        return sum(self.by_account.values())

    @property
    def texted(self) -> int:
        """Of them by text message."""
        return self.people - self.villages.wechat


async def meant_for(
    connection: AsyncConnection,
    deps: WebDependencies,
    found: Survey,
    towns: Sequence[Township],
) -> Meant:
    """How many a draft would reach now."""
    catalogue = deps.rules.catalogue
    within = {village.code for town in towns for village in town.villages}
    codes = [one for one in await chosen_codes(connection, found.id) if one in within]
    looks = await looks_by_id(connection, deps)
    together = await reach_together(connection, catalogue, codes)
    phones = await phone_list(connection, catalogue, found.id, codes)
    names = await account_names(connection)
    people = {names[one.account_id]: one.people - one.opted_out for one in together}
    if phones is not None:
        via = names[phones.account_id]
        people[via] = people.get(via, 0) + phones.added
    villages = _by_code(together, looks).get("", Reach())
    return Meant(codes, villages, phones, people)


def _by_code(rows: Sequence[Reached], looks: Mapping[int, str]) -> dict[str, Reach]:
    found: dict[str, Reach] = {}
    for row in rows:
        so_far = found.get(row.code, Reach())
        texted = looks.get(row.account_id) == "sms"
        people = row.people - row.opted_out
        found[row.code] = Reach(
            so_far.wechat + (0 if texted else people),
            so_far.sms + (people if texted else 0),
            so_far.opted_out + row.opted_out,
        )
    return found


ROUTES = (
    web.get(f"{PATH}/audience", show, name="survey_audience"),
    web.post(f"{PATH}/audience", choose),
    web.post(f"{PATH}/list", upload, name="survey_list"),
    web.post(f"{PATH}/list/remove", remove, name="survey_list_remove"),
)
