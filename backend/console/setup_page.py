"""The first set-up: where it stands, the county with its places, and the offices."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from backend.catalogue import Catalogue
from backend.console.deployment_editing import DEPLOYMENT_TEXTS, current, save
from backend.console.forms import words
from backend.console.setup_steps import (
    FORM_SIZE,
    done_with,
    require_setup,
    step_page,
    template_file,
    uploaded,
)
from backend.deployment import county_sheet, office_sheet, versions
from backend.deployment.effective import DIVISIONS, ORGANISATION
from backend.deployment.function_names import function_names
from backend.deployment.live import Edit
from backend.deployment.places import LONGEST_NAME
from backend.deployment.sheets import SheetRefused, Wrong
from backend.web.dependencies import dependencies
from backend.web.markers import takes_file
from backend.web.posted_form import posted_form

_CODE = re.compile(r"[0-9]{6}")


async def index(request: web.Request) -> web.StreamResponse:
    """GET: on to the first step that is not done."""
    _, state = await require_setup(request)
    raise web.HTTPFound(f"/console/setup/{state.step}")


async def county(request: web.Request) -> web.StreamResponse:
    """GET: step 1."""
    return await _county_page(request)


async def _county_page(
    request: web.Request, given: Mapping[str, str] | None = None, **wrong: Any
) -> web.Response:
    _, now = await current(request)
    own = await _own(request)
    divisions = now.catalogue.divisions.values()
    shown = {"name": now.county_name, "code": now.contents[DIVISIONS]["county"]["code"]}
    context = {
        "given": given or (shown if DIVISIONS in own else {"name": "", "code": ""}),
        "is_own": DIVISIONS in own,
        "county": now.county_name,
        "towns": sum(one.level == "township" for one in divisions),
        "villages": sum(one.level == "village" for one in divisions),
        "longest": LONGEST_NAME,
    }
    return await step_page(request, "county", context, **wrong)


async def _own(request: web.Request) -> Mapping[str, Any]:
    async with dependencies(request).database.read() as connection:
        return await versions.newest(connection)


async def keep_county(request: web.Request) -> web.StreamResponse:
    """POST: go on with the county there is, the example or one uploaded before."""
    await require_setup(request)
    raise await done_with(request, "county")


@takes_file(FORM_SIZE)
async def take_county(request: web.Request) -> web.StreamResponse:
    """POST: name, code and the sheet of places."""
    await require_setup(request)
    form, texts = await posted_form(request), request.app[DEPLOYMENT_TEXTS].setup
    name, code = words(form, "name").strip(), words(form, "code").strip()
    given = {"name": name[:LONGEST_NAME], "code": code[:12]}
    if not name:
        return await _county_page(request, given, error=texts["name_empty"])
    if len(name) > LONGEST_NAME:
        longest = texts["name_long"].format(longest=LONGEST_NAME)
        return await _county_page(request, given, error=longest)
    if not _CODE.fullmatch(code):
        return await _county_page(request, given, error=texts["code"])
    try:
        rows = await uploaded(request, county_sheet.SHEET, county_sheet.COLUMNS)
        if rows is None:
            return await _county_page(request, given, error=texts["no_file"])
        divisions = county_sheet.county_of_rows(name, code, rows)
        keep = ORGANISATION in await _own(request)
        await _save(
            request,
            county_sheet.SHEET,
            lambda now: county_sheet.county_contents(now, divisions, keep=keep),
        )
    except SheetRefused as refusal:
        return await _county_page(request, given, refusal=refusal)
    raise await done_with(request, "county")


async def county_template(request: web.Request) -> web.StreamResponse:
    """GET: the sheet of places to fill in."""
    await require_setup(request)
    return await template_file(request, "county", county_sheet.SHEET, county_sheet.COLUMNS, {})


async def offices(request: web.Request) -> web.StreamResponse:
    """GET: step 2."""
    return await _offices_page(request)


async def _offices_page(request: web.Request, **wrong: Any) -> web.Response:
    _, now = await current(request)
    listed = [one for one in now.catalogue.organisation.values() if one.division is None]
    is_own = ORGANISATION in await _own(request)
    context = {"count": len(listed), "is_own": is_own, "county": now.county_name}
    return await step_page(request, "offices", context, **wrong)


async def keep_offices(request: web.Request) -> web.StreamResponse:
    """POST: go on with the offices there are."""
    await require_setup(request)
    raise await done_with(request, "offices")


@takes_file(FORM_SIZE)
async def take_offices(request: web.Request) -> web.StreamResponse:
    """POST: the sheet of offices."""
    await require_setup(request)
    deployment, now = await current(request)
    codes = _function_codes(now.catalogue, deployment.shipped.catalogue)
    try:
        rows = await uploaded(request, office_sheet.SHEET, office_sheet.COLUMNS)
        if rows is None:
            missing = request.app[DEPLOYMENT_TEXTS].setup["no_file"]
            return await _offices_page(request, error=missing)
        await _save(
            request,
            office_sheet.SHEET,
            lambda now: office_sheet.offices_of_rows(now, rows, codes),
        )
    except SheetRefused as refusal:
        return await _offices_page(request, refusal=refusal)
    raise await done_with(request, "offices")


async def offices_template(request: web.Request) -> web.StreamResponse:
    """GET: the sheet of offices to fill in."""
    await require_setup(request)
    deployment, now = await current(request)
    codes = _function_codes(now.catalogue, deployment.shipped.catalogue)
    towns = [one.name for one in now.catalogue.organisation.values() if one.type == "township"]
    choices: Mapping[str, Sequence[str]] = {
        office_sheet.TYPE: list(office_sheet.TYPES),
        office_sheet.PARENT: towns,
        office_sheet.FUNCTION: sorted({name for known in codes.values() for name in known}),
    }
    return await template_file(
        request, "offices", office_sheet.SHEET, office_sheet.COLUMNS, choices
    )


def _function_codes(catalogue: Catalogue, shipped: Catalogue) -> office_sheet.FunctionCodes:
    """By every name they have, the shipped ones too: a sheet read before may come again."""
    return {
        level: {
            name: code
            for each in (shipped, catalogue)
            for code, name in function_names(each, shipped, level).items()
        }
        for level in ("county", "township")
    }


async def _save(request: web.Request, sheet: str, edit: Edit) -> None:
    """Save; what stands in the way is told like an error of the sheet. Raises SheetRefused."""
    note = request.app[DEPLOYMENT_TEXTS].setup["note"]
    errors = await save(request, edit, note=note)
    if errors:
        raise SheetRefused(
            [
                Wrong(sheet, 0, "", "not_possible", "", {"problem": sentence})
                for sentences in errors.values()
                for sentence in sentences
            ]
        )


ROUTES = (
    web.get("/setup", index, name="setup"),
    web.get("/setup/county", county, name="setup_county"),
    web.post("/setup/county", take_county),
    web.post("/setup/county/keep", keep_county, name="setup_keep_county"),
    web.get("/setup/county/template", county_template, name="setup_county_template"),
    web.get("/setup/offices", offices, name="setup_offices"),
    web.post("/setup/offices", take_offices),
    web.post("/setup/offices/keep", keep_offices, name="setup_keep_offices"),
    web.get("/setup/offices/template", offices_template, name="setup_offices_template"),
)
