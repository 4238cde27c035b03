"""Before a draft opens: what will be asked of how many, when, and a confirmation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from aiohttp import web

from backend.console import forms
from backend.console.rendering import render
from backend.console.survey_access import (
    PATH,
    found_draft,
    refusal,
    require_author,
    sms_accounts,
    version_of,
)
from backend.console.survey_audience_page import meant_for
from backend.console.survey_wording import SURVEY_TEXTS, preview
from backend.petitions.deadline import SHANGHAI
from backend.surveys.authoring import Draft, draft_flaws
from backend.surveys.lifecycle import LONGEST, State, SurveyRefused
from backend.surveys.places import townships_of
from backend.surveys.reading import Survey
from backend.surveys.recipients import open_survey
from backend.surveys.trial import try_on
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.posted_form import posted_form
from backend.web.sessions import require_session

USUAL_DAYS = 14
PHONE_LENGTH = 20


async def show(request: web.Request) -> web.StreamResponse:
    """GET /console/surveys/{id}/opening"""
    require_author(request)
    return await opening_page(request)


async def open_(request: web.Request) -> web.StreamResponse:
    """POST /console/surveys/{id}/open: `confirmed`, `closes_on` (a day, '' for none)"""
    deps, actor = dependencies(request), require_author(request).actor
    form = await posted_form(request)
    async with deps.database.read() as connection:
        found = await found_draft(connection, request)
        towns = await townships_of(connection, deps.rules.catalogue, actor)
    try:
        if forms.words(form, "confirmed") != "1":
            raise SurveyRefused("unconfirmed")
        await open_survey(
            deps.database,
            deps.rules.catalogue,
            actor,
            found,
            version_of(form),
            closing(forms.words(form, "closes_on")),
            deps.clock.now(),
            may_ask={village.code for town in towns for village in town.villages},
        )
    except SurveyRefused as refused:
        status = 409 if refused.problem == "conflict" else 422
        return await opening_page(
            request, error=refusal(request, refused, found.state), status=status
        )
    url = request.app.router["survey"].url_for(id=str(found.id))
    raise web.HTTPSeeOther(url.with_query(done="opened"))


async def try_(request: web.Request) -> web.StreamResponse:
    """POST /console/surveys/{id}/trial: `phone`; then the page of the trial's own answers"""
    deps, actor = dependencies(request), require_author(request).actor
    form = await posted_form(request)
    phone = forms.words(form, "phone")[:PHONE_LENGTH]
    try:
        async with deps.database.write() as connection:
            found = await found_draft(connection, request)
            accounts = await sms_accounts(connection, deps, actor)
            if not accounts:
                raise refuse(422, request.app[SURVEY_TEXTS].list_problems["no_account"])
            trial = await try_on(
                connection, actor, found, accounts[0].name, phone, deps.clock.now()
            )
    except SurveyRefused as refused:
        error = refusal(request, refused, found.state)
        return await opening_page(request, error=error, phone=phone, status=422)
    url = request.app.router["survey"].url_for(id=str(trial))
    raise web.HTTPSeeOther(url.with_query(done="tried"))


def closing(day: str) -> datetime | None:
    """The end of a day in Asia/Shanghai, None for no day. Raises SurveyRefused for what is none."""
    if not day:
        return None
    try:
        last = date.fromisoformat(day)
        return datetime.combine(last + timedelta(days=1), time(), SHANGHAI)
    except (ValueError, OverflowError):
        raise SurveyRefused("closing_past") from None


def closing_day(closes_at: datetime | None) -> str:
    """The last day of a survey that closes at its end, '' for none."""
    if closes_at is None:
        return ""
    return (closes_at.astimezone(SHANGHAI) - timedelta(microseconds=1)).date().isoformat()


async def opening_page(
    request: web.Request,
    *,
    error: str = "",
    phone: str = "",
    status: int = 200,
) -> web.Response:
    deps, actor = dependencies(request), require_session(request).actor
    now = deps.clock.now()
    async with deps.database.read() as connection:
        found = await found_draft(connection, request)
        towns = await townships_of(connection, deps.rules.catalogue, actor)
        meant = await meant_for(connection, deps, found, towns)
        accounts = await sms_accounts(connection, deps, actor)
    shown = preview(deps, found.invitation, found.questions, accounts[0].name if accounts else "")
    context = {
        **_days(now),
        "here": "surveys",
        "words": request.app[SURVEY_TEXTS],
        "survey": found,
        "meant": meant,
        "asked_by": deps.asking_ends(now, meant.by_account),
        "waits": deps.asking_ends(now, {}) > now,
        "preview": shown,
        "flaws": len(draft_flaws(Draft(found.title, found.introduction, found.questions))),
        "error": error,
        "phone": phone,
        "accounts": accounts,
    }
    return render(request, "survey_opening.html", context, status=status)


def _days(now: datetime) -> Mapping[str, Any]:
    today = now.astimezone(SHANGHAI).date()
    return {
        "first_day": today.isoformat(),
        "usual_day": (today + timedelta(days=USUAL_DAYS)).isoformat(),
        "last_day": (today + LONGEST - timedelta(days=1)).isoformat(),
    }


def is_open(found: Survey) -> bool:
    """Whether answers still count."""
    return found.state in (State.OPEN, State.PAUSED)


ROUTES = (
    web.get(f"{PATH}/opening", show, name="survey_opening"),
    web.post(f"{PATH}/open", open_, name="survey_open"),
    web.post(f"{PATH}/trial", try_, name="survey_trial"),
)
