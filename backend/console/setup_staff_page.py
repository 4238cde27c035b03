"""The first set-up: staff from a sheet, their one-time passwords shown and saved once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from backend.console.deployment_editing import DEPLOYMENT_TEXTS, current
from backend.console.setup_steps import (
    FORM_SIZE,
    done_with,
    excel,
    require_setup,
    step_page,
    template_file,
    uploaded,
)
from backend.deployment.setup_state import keep_setup, setup_state
from backend.deployment.sheet_files import listing
from backend.deployment.sheets import SheetRefused
from backend.deployment.staff_intake import offices_by_name, take_in, taken_logins, with_passwords
from backend.deployment.staff_sheet import (
    COLUMNS,
    LOGIN,
    MOST_STAFF,
    NAME,
    OFFICE,
    ROLE,
    SHEET,
    staff_of_rows,
)
from backend.organisation.roles import Role
from backend.web.dependencies import dependencies
from backend.web.markers import takes_file
from backend.web.posted_form import posted_form
from backend.web.texts import TEXTS

GIVEN_ONCE = "一次性密码"
LONGEST_FIELD = 200


async def staff(request: web.Request) -> web.StreamResponse:
    """GET: step 3."""
    return await _page(request)


async def _page(request: web.Request, **wrong: Any) -> web.Response:
    _, state = await require_setup(request)
    context = {"count": len(state.staff), "most": MOST_STAFF}
    return await step_page(request, "staff", context, **wrong)


async def skip(request: web.Request) -> web.StreamResponse:
    """POST: go on without, or with those there are."""
    await require_setup(request)
    raise await done_with(request, "staff")


@takes_file(FORM_SIZE)
async def take_staff(request: web.Request) -> web.StreamResponse:
    """POST: the sheet of staff; the answer shows the passwords, and nothing else ever will."""
    session, state = await require_setup(request)
    deps = dependencies(request)
    try:
        rows = await uploaded(request, SHEET, COLUMNS, MOST_STAFF)
        if rows is None:
            return await _page(request, error=request.app[DEPLOYMENT_TEXTS].setup["no_file"])
        async with deps.database.read() as connection:
            offices = await offices_by_name(connection)
            taken = await taken_logins(connection, state)
        found = staff_of_rows(rows, offices, _roles(request), taken)
    except SheetRefused as refusal:
        return await _page(request, refusal=refusal)
    hired = await with_passwords(found)
    async with deps.database.write() as connection:
        now, by = deps.clock.now(), session.actor.user_id
        state = await setup_state(connection)
        state = await take_in(connection, hired, state, by_user_id=by, now=now)
        await keep_setup(connection, state, user_id=by, now=now)
    return await step_page(request, "passwords", {"hired": hired, "roles": _words(request)})


@takes_file(FORM_SIZE)
async def passwords_file(request: web.Request) -> web.StreamResponse:
    """POST: the list just shown, as a file. The page sends it back: nothing keeps it here."""
    await require_setup(request)
    form = await posted_form(request)
    columns = [
        [str(value)[:LONGEST_FIELD] for value in form.getall(field, [])][:MOST_STAFF]
        for field in ("login", "name", "office", "password")
    ]
    rows = list(zip(*columns, strict=False))
    titles = (LOGIN, NAME, OFFICE, GIVEN_ONCE)
    body = await asyncio.to_thread(listing, GIVEN_ONCE, titles, rows)
    return excel(body, "xiangyin-passwords.xlsx")


async def staff_template(request: web.Request) -> web.StreamResponse:
    """GET: the sheet of staff to fill in."""
    await require_setup(request)
    _, now = await current(request)
    names = [one.name for one in now.catalogue.organisation.values() if one.active]
    choices = {OFFICE: names, ROLE: list(_roles(request))}
    return await template_file(request, "staff", SHEET, COLUMNS, choices)


def _words(request: web.Request) -> Mapping[str, str]:
    return {role.value: request.app[TEXTS].word("roles", role.value) for role in Role}


def _roles(request: web.Request) -> Mapping[str, Role]:
    return {word: Role(code) for code, word in _words(request).items()}


ROUTES = (
    web.get("/setup/staff", staff, name="setup_staff"),
    web.post("/setup/staff", take_staff),
    web.post("/setup/staff/skip", skip, name="setup_skip_staff"),
    web.post("/setup/staff/passwords", passwords_file, name="setup_passwords"),
    web.get("/setup/staff/template", staff_template, name="setup_staff_template"),
)
