"""What became of each of many ticked petitions, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy import Row

from backend.console import forms
from backend.console.bulk_selection import back_to_list, title_for
from backend.console.forms import Form
from backend.console.rendering import render
from backend.organisation.sessions import Actor


@dataclass(frozen=True, slots=True)
class ResultLine:
    """`why_not` says why the step was not taken, '' where it was; `seen`: whether the official
    still sees the petition, whose title and lead office are '' otherwise."""

    number: str
    title: str
    office: str
    seen: bool
    why_not: str


def result_line(actor: Actor, number: str, row: Row[Any] | None, why_not: str) -> ResultLine:
    """`row`: the petition as it is now, None where the official does not see it."""
    if row is None:
        return ResultLine(number, "", "", seen=False, why_not=why_not)
    return ResultLine(number, title_for(actor, row), row.lead_name or "", True, why_not)


def results_page(
    request: web.Request,
    template: str,
    form: Form,
    results: Sequence[ResultLine],
    *,
    main: ResultLine | None = None,
) -> web.Response:
    """`main`: the petition that the others follow from now on."""
    context = {
        "here": "queue",
        "main": main,
        "done": [one for one in results if not one.why_not],
        "not_done": [one for one in results if one.why_not],
        "back": back_to_list(request, forms.words(form, "back")),
    }
    return render(request, template, context)
