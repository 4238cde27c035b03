"""设置 → 服务和派单: the domains; one with its words, deadlines, lead and assisting offices."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from backend.console.deployment_editing import (
    DEPLOYMENT_TEXTS,
    SEAL,
    Errors,
    current,
    require_editor,
    save,
    seal,
    show_form,
)
from backend.console.forms import Form, words
from backend.console.rendering import render
from backend.deployment.effective import SERVICES, Effective, Shipped
from backend.deployment.function_names import function_names
from backend.deployment.services import (
    LEVELS,
    LONGEST_NAME,
    URGENCIES,
    GivenService,
    functions,
    put_service,
)
from backend.web.errors import refuse
from backend.web.posted_form import posted_form

PATH = "/deployment/services/{code:[a-z][a-z0-9_]{0,63}}"
NEW = "new"


async def services(request: web.Request) -> web.StreamResponse:
    """GET: all domains."""
    require_editor(request)
    deployment, now = await current(request)
    shipped = deployment.shipped
    names = _names(now, shipped)
    rows = [
        {
            "code": code,
            "name": one.name,
            "level": one.level,
            "words": one.words,
            "days": [one.deadline.days(urgency) for urgency in URGENCIES],
            "leads": {
                level: names[level].get(leading.lead, leading.lead)
                for level, leading in (
                    ("township", now.catalogue.dispatch[code].township),
                    ("county", now.catalogue.dispatch[code].county),
                )
            },
            "own": now.contents[SERVICES][code] != shipped.contents[SERVICES].get(code),
        }
        for code, one in now.catalogue.services.items()
    ]
    context = {"words": request.app[DEPLOYMENT_TEXTS], "services": rows, "here": "deployment"}
    return render(request, "services.html", context)


def _names(now: Effective, shipped: Shipped) -> Mapping[str, Mapping[str, str]]:
    return {level: function_names(now.catalogue, shipped.catalogue, level) for level in LEVELS}


async def service(request: web.Request) -> web.StreamResponse:
    """GET: one domain, or the form of a new one."""
    return await _page(request)


async def _page(
    request: web.Request, given: Mapping[str, Any] | None = None, errors: Errors | None = None
) -> web.Response:
    require_editor(request)
    deployment, now = await current(request)
    code = request.match_info["code"]
    if code != NEW and code not in now.catalogue.services:
        raise refuse(404, "")
    names = _names(now, deployment.shipped)
    context = {
        "code": code,
        "is_new": code == NEW,
        "given": given or _given(now, code),
        "functions": {
            level: sorted(
                ((one, names[level].get(one, one)) for one in functions(now.catalogue, level)),
                key=lambda pair: pair[1],
            )
            for level in LEVELS
        },
        "urgencies": URGENCIES,
        "levels": LEVELS,
        "longest": LONGEST_NAME,
    }
    return show_form(request, "service.html", context, errors)


def _given(now: Effective, code: str) -> Mapping[str, Any]:
    """What the form holds at first."""
    if code == NEW:
        days = {"low": "15", "normal": "10", "high": "5", "emergency": "1"}
        nobody: Mapping[str, Any] = dict.fromkeys(LEVELS, "")
        none: Mapping[str, Sequence[str]] = dict.fromkeys(LEVELS, ())
        return {"name": "", "level": "township", "words": "", "days": days, "lead": nobody,
                "assisting": none, SEAL: seal(None)}  # fmt: skip
    one, entry = now.catalogue.services[code], now.contents[SERVICES][code]
    return {
        "name": one.name,
        "level": one.level,
        "words": "、".join(one.words),
        "days": {urgency: str(one.deadline.days(urgency)) for urgency in URGENCIES},
        "lead": {level: entry[level]["lead"] for level in LEVELS},
        "assisting": {level: entry[level].get("assisting", []) for level in LEVELS},
        SEAL: seal(entry),
    }


async def change(request: web.Request) -> web.StreamResponse:
    """POST: one domain as the form has it."""
    require_editor(request)
    _, now = await current(request)
    code = request.match_info["code"]
    if code != NEW and code not in now.catalogue.services:
        raise refuse(404, "")
    form = await posted_form(request)
    given = _read(form)
    # Codes are never shown and never used again.
    kept = f"own_{secrets.token_hex(4)}" if code == NEW else code
    errors = await save(
        request,
        lambda now: put_service(now, kept, given),
        lambda now: now.contents[SERVICES].get(code),
    )
    if errors:
        return await _page(request, {**vars(given), SEAL: words(form, SEAL)}, errors)
    raise web.HTTPSeeOther(f"/console/deployment/services/{kept}?done=saved")


def _read(form: Form) -> GivenService:
    return GivenService(
        name=words(form, "name"),
        level=words(form, "level"),
        words=words(form, "words"),
        days={urgency: words(form, f"days_{urgency}").strip() for urgency in URGENCIES},
        lead={level: words(form, f"{level}_lead") for level in LEVELS},
        assisting={
            level: [one for one in form.getall(f"{level}_assisting", []) if isinstance(one, str)]
            for level in LEVELS
        },
    )


ROUTES = (
    web.get("/deployment/services", services, name="services"),
    web.get(PATH, service, name="service"),
    web.post(PATH, change),
)
