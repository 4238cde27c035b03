"""Writing a survey: title, introduction, questions, and beside them what citizens will get.

A draft is stored at every button, so nothing typed is lost; what keeps it from opening is said at
the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console import forms
from backend.console.rendering import render
from backend.console.survey_access import (
    PATH,
    found_draft,
    found_survey,
    require_author,
    sms_accounts,
    version_of,
)
from backend.console.survey_form import Levels, NoSuchButton, press, read_draft
from backend.console.survey_wording import DEAR_PARTS, SURVEY_TEXTS, Preview, flaw_words, preview
from backend.surveys.authoring import (
    LONGEST_INTRODUCTION,
    LONGEST_TITLE,
    Draft,
    create_survey,
    draft_flaws,
    save_draft,
)
from backend.surveys.deletion import was_sent
from backend.surveys.lifecycle import SurveyRefused
from backend.surveys.questions import (
    GREATEST_NUMBER,
    LONGEST_TEXT,
    LONGEST_UNIT,
    MOST_QUESTIONS,
    Flaw,
    QuestionType,
)
from backend.surveys.reading import Survey
from backend.surveys.wording import Invitation
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.posted_form import posted_form
from backend.web.sessions import require_session

EMPTY = Draft("", "", ())
_FOCUS = re.compile(r"q\d{1,2}-(text|options|up|down)")
LIMITS = {
    "title": LONGEST_TITLE,
    "introduction": LONGEST_INTRODUCTION,
    "questions": MOST_QUESTIONS,
    "text": LONGEST_TEXT,
    "unit": LONGEST_UNIT,
    "number": GREATEST_NUMBER,
}


async def new(request: web.Request) -> web.StreamResponse:
    """GET /console/surveys/new"""
    return await writing_page(request, None, EMPTY)


async def create(request: web.Request) -> web.StreamResponse:
    """POST /console/surveys/new: the first button pressed makes the draft"""
    deps, actor = dependencies(request), require_author(request).actor
    form = await posted_form(request)
    given, do = _read(form), forms.words(form, "do")
    pressed = _press(request, given, do)
    if _too_large(pressed.draft):
        return await writing_page(request, None, given, flaws=draft_flaws(given), status=422)
    async with deps.database.write() as connection:
        made = await create_survey(connection, actor, pressed.draft, deps.clock.now())
    raise _on(request, str(made), do, pressed.draft, pressed.focus)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /console/surveys/{id}/questions?checked=1"""
    require_author(request)
    async with dependencies(request).database.read() as connection:
        found = await found_draft(connection, request)
    draft = Draft(found.title, found.introduction, found.questions)
    done = request.query.get("done", "")
    notice = request.app[SURVEY_TEXTS].done[done] if done in ("saved", "copied") else None
    flaws = draft_flaws(draft) if "checked" in request.query else []
    return await writing_page(request, found, draft, flaws=flaws, notice=notice)


async def save(request: web.Request) -> web.StreamResponse:
    """POST /console/surveys/{id}/questions: any button of the form"""
    deps, actor = dependencies(request), require_author(request).actor
    form = await posted_form(request)
    given, do = _read(form), forms.words(form, "do")
    pressed = _press(request, given, do)
    try:
        async with deps.database.write() as connection:
            found = await found_draft(connection, request)
            if _too_large(pressed.draft):
                return await writing_page(
                    request, found, given, flaws=draft_flaws(given), status=422
                )
            await save_draft(
                connection, actor, found.id, version_of(form), pressed.draft, deps.clock.now()
            )
    except SurveyRefused:
        return await writing_page(
            request, found, given, error=request.app[SURVEY_TEXTS].changed_meanwhile, status=409
        )
    raise _on(request, str(found.id), do, pressed.draft, pressed.focus)


async def show_preview(request: web.Request) -> web.StreamResponse:
    """POST /console/surveys/preview, /console/surveys/{id}/preview: as the form now stands;
    nothing is stored"""
    require_author(request)
    draft = _read(await posted_form(request))
    async with dependencies(request).database.read() as connection:
        found = await found_survey(connection, request) if "id" in request.match_info else None
        shown = await _preview(connection, request, found, draft)
    return render(request, "survey_preview.html", _preview_context(request, shown))


async def writing_page(
    request: web.Request,
    found: Survey | None,
    draft: Draft,
    *,
    flaws: list[Flaw] | None = None,
    notice: str | None = None,
    error: str = "",
    status: int = 200,
) -> web.Response:
    """The form with `draft` in it; `found` None before its first button made it a survey."""
    require_author(request)
    words = request.app[SURVEY_TEXTS]
    async with dependencies(request).database.read() as connection:
        shown = await _preview(connection, request, found, draft)
        may_delete = found is not None and not await was_sent(connection, found.id)
    focus = request.query.get("focus", "")
    context = {
        **_preview_context(request, shown),
        "survey": found,
        "may_delete": may_delete,
        "draft": draft,
        "flaws": flaw_words(words, flaws or []),
        "types": [one.value for one in QuestionType],
        "limits": LIMITS,
        "notice": notice,
        "error": error,
        "focus": focus if _FOCUS.fullmatch(focus) else "",
    }
    return render(request, "survey_writing.html", context, status=status)


def _preview_context(request: web.Request, shown: Preview) -> Mapping[str, Any]:
    return {
        "here": "surveys",
        "words": request.app[SURVEY_TEXTS],
        "preview": shown,
        "dear_parts": DEAR_PARTS,
    }


async def _preview(
    connection: AsyncConnection, request: web.Request, found: Survey | None, draft: Draft
) -> Preview:
    deps, session = dependencies(request), require_session(request)
    accounts = await sms_accounts(connection, deps, session.actor)
    invitation = Invitation(
        found.id if found else 0,
        found.org_name if found else session.org_name,
        draft.title or "……",
        draft.introduction,
        len(draft.questions),
    )
    return preview(deps, invitation, draft.questions, accounts[0].name if accounts else "")


def _read(form: forms.Form) -> Draft:
    try:
        return read_draft(form)
    except NoSuchButton:
        raise refuse(400, "") from None


def _press(request: web.Request, draft: Draft, do: str) -> Any:
    groups = request.app[SURVEY_TEXTS].levels
    levels: Levels = {name: group["words"] for name, group in groups.items()}
    try:
        return press(draft, do, levels)
    except NoSuchButton:
        raise refuse(400, "") from None


def _too_large(draft: Draft) -> bool:
    """What the database would not hold; the page's own fields let nobody type that much."""
    return any(
        flaw.problem == "too_long" or (flaw.position, flaw.problem) == (0, "too_many")
        for flaw in draft_flaws(draft)
    )


def _on(
    request: web.Request, survey_id: str, do: str, draft: Draft, focus: str
) -> web.HTTPSeeOther:
    """Where a button leads: on to whom to ask, or back to the form where the work goes on."""
    router = request.app.router
    back = router["survey_questions"].url_for(id=survey_id)
    if do == "next":
        if draft_flaws(draft):
            return web.HTTPSeeOther(back.with_query(checked="1"))
        return web.HTTPSeeOther(router["survey_audience"].url_for(id=survey_id))
    if do in ("save", ""):
        return web.HTTPSeeOther(back.with_query(done="saved", checked="1"))
    query = {"focus": focus} if focus else {}
    # No fragment: a browser that goes to one leaves `autofocus` alone.
    return web.HTTPSeeOther(back.with_query(query))


ROUTES = (
    web.get("/surveys/new", new, name="survey_new"),
    web.post("/surveys/new", create),
    web.post("/surveys/preview", show_preview, name="survey_new_preview"),
    web.get(f"{PATH}/questions", show, name="survey_questions"),
    web.post(f"{PATH}/questions", save),
    web.post(f"{PATH}/preview", show_preview, name="survey_preview"),
)
