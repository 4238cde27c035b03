"""设置 → 服务和派单: the domains; one with its words, deadlines, lead and assisting offices."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from backend.console.deployment_editing import DEPLOYMENT_TEXTS, current, require_editor
from backend.console.deployment_form import EntryForm, Given, form_routes
from backend.console.forms import Form, words
from backend.console.rendering import render
from backend.deployment.effective import SERVICES, Effective, Shipped
from backend.deployment.function_names import function_names
from backend.deployment.live import Deployment, Edit
from backend.deployment.services import (
    LEVELS,
    LONGEST_NAME,
    URGENCIES,
    GivenService,
    functions,
    put_service,
)
from backend.web.errors import refuse

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


class ServiceForm(EntryForm):
    """One domain, or a new one."""

    template = "service.html"

    def __init__(self, request: web.Request, deployment: Deployment, now: Effective) -> None:
        super().__init__(request, deployment, now)
        self.code = request.match_info["code"]
        self.is_new = self.code == NEW
        if not self.is_new and self.code not in now.catalogue.services:
            raise refuse(404, "")
        # Codes are never shown and never used again.
        self.kept = f"own_{secrets.token_hex(4)}" if self.is_new else self.code

    def entry(self, now: Effective) -> Any:
        return now.contents[SERVICES].get(self.code)

    def held(self) -> Given:
        if self.is_new:
            days = {"low": "15", "normal": "10", "high": "5", "emergency": "1"}
            nobody: Mapping[str, Any] = dict.fromkeys(LEVELS, "")
            none: Mapping[str, Sequence[str]] = dict.fromkeys(LEVELS, ())
            return {"name": "", "level": "township", "words": "", "days": days, "lead": nobody,
                    "assisting": none}  # fmt: skip
        one, entry = self.now.catalogue.services[self.code], self.entry(self.now)
        return {
            "name": one.name,
            "level": one.level,
            "words": "、".join(one.words),
            "days": {urgency: str(one.deadline.days(urgency)) for urgency in URGENCIES},
            "lead": {level: entry[level]["lead"] for level in LEVELS},
            "assisting": {level: entry[level].get("assisting", []) for level in LEVELS},
        }

    def read(self, form: Form) -> Given:
        return {
            "name": words(form, "name"),
            "level": words(form, "level"),
            "words": words(form, "words"),
            "days": {urgency: words(form, f"days_{urgency}").strip() for urgency in URGENCIES},
            "lead": {level: words(form, f"{level}_lead") for level in LEVELS},
            "assisting": {
                level: [
                    one for one in form.getall(f"{level}_assisting", []) if isinstance(one, str)
                ]
                for level in LEVELS
            },
        }

    def edit(self, given: Given) -> Edit:
        return lambda now: put_service(now, self.kept, GivenService(**given))

    def around(self) -> Mapping[str, Any]:
        names = _names(self.now, self.deployment.shipped)
        return {
            "code": self.code,
            "is_new": self.is_new,
            "functions": {
                level: sorted(
                    (
                        (one, names[level].get(one, one))
                        for one in functions(self.now.catalogue, level)
                    ),
                    key=lambda pair: pair[1],
                )
                for level in LEVELS
            },
            "urgencies": URGENCIES,
            "levels": LEVELS,
            "longest": LONGEST_NAME,
        }

    def address(self) -> str:
        return f"/console/deployment/services/{self.kept}"


ROUTES = (
    web.get("/deployment/services", services, name="services"),
    *form_routes(ServiceForm, PATH, "service"),
)
