"""What an official does with one petition. Every step is a form that works without scripts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import hdrs, web
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console import forms
from backend.console.petition_page import Notice, path_of, show_petition
from backend.console.rendering import render, wants_part
from backend.organisation.audit import record_audit
from backend.organisation.sessions import Actor
from backend.organisation.tables import account
from backend.organisation.users import user_by_login
from backend.petitions.access import select_visible
from backend.petitions.correction import Correction
from backend.petitions.desk import LONGEST_ANSWER
from backend.petitions.outcomes import Done, Invalid, Outcome
from backend.petitions.tables import petition
from backend.petitions.visibility import sees_identity
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.errors import refuse
from backend.web.outcomes import problem_of
from backend.web.posted_form import posted_form
from backend.web.sessions import require_session
from backend.web.texts import TEXTS

ANSWER_KEY = "answer_to_petition"
DRAFTS = ("answer", "reason", "note")

# A step of the desk, in the transaction it is given.
Step = Callable[[AsyncConnection, WebDependencies, Actor, str, int, forms.Form], Awaitable[Outcome]]


async def accept(
    connection: AsyncConnection,
    deps: WebDependencies,
    actor: Actor,
    number: str,
    version: int,
    _form: forms.Form,
) -> Outcome:
    return await deps.desk.accept(connection, actor, number, version)


async def dispatch(
    connection: AsyncConnection,
    deps: WebDependencies,
    actor: Actor,
    number: str,
    version: int,
    form: forms.Form,
) -> Outcome:
    lead = forms.number(form, "lead")
    if lead is None:
        return Invalid("lead_org_id", "required")
    return await deps.desk.dispatch(
        connection,
        actor,
        number,
        version,
        lead,
        forms.numbers(form, "assisting"),
        forms.words(form, "reason"),
    )


async def start(
    connection: AsyncConnection,
    deps: WebDependencies,
    actor: Actor,
    number: str,
    version: int,
    _form: forms.Form,
) -> Outcome:
    return await deps.desk.start(connection, actor, number, version)


async def send_back(
    connection: AsyncConnection,
    deps: WebDependencies,
    actor: Actor,
    number: str,
    version: int,
    form: forms.Form,
) -> Outcome:
    reason = forms.words(form, "reason")
    return await deps.desk.return_(connection, actor, number, version, reason)


async def answer(
    connection: AsyncConnection,
    deps: WebDependencies,
    actor: Actor,
    number: str,
    version: int,
    form: forms.Form,
) -> Outcome:
    text = forms.words(form, "answer")
    return await deps.desk.answer(connection, actor, number, version, text)


async def correct(
    connection: AsyncConnection,
    deps: WebDependencies,
    actor: Actor,
    number: str,
    version: int,
    form: forms.Form,
) -> Outcome:
    field, value = forms.words(form, "field"), forms.words(form, "value")
    if field == "place":
        place_code = forms.words(form, "place_code") or None
        correction = Correction(place=value, place_code=place_code)
    elif field in ("kind", "domain", "urgency"):
        correction = Correction(**{field: value})
    else:
        return Invalid("field", "unknown")
    return await deps.desk.correct(connection, actor, number, version, correction)


async def recuse(
    connection: AsyncConnection,
    deps: WebDependencies,
    actor: Actor,
    number: str,
    version: int,
    form: forms.Form,
) -> Outcome:
    org_id, login = forms.number(form, "org_id"), forms.words(form, "login").strip()
    user_id = None
    if login:
        found = await user_by_login(connection, login) if login.isprintable() else None
        if found is None:
            return Invalid("user_id", "unknown")
        user_id = found.id
    return await deps.desk.set_subject(
        connection,
        actor,
        number,
        version,
        org_id=org_id,
        user_id=user_id,
        reason=forms.words(form, "reason"),
    )


async def note(
    connection: AsyncConnection,
    deps: WebDependencies,
    actor: Actor,
    number: str,
    version: int,
    form: forms.Form,
) -> Outcome:
    return await deps.desk.note(connection, actor, number, version, forms.words(form, "note"))


# name of the route and last part of its path → the step, and the words for having done it
STEPS: Mapping[str, tuple[Step, str]] = {
    "accept": (accept, "accepted"),
    "dispatch": (dispatch, "dispatched"),
    "start": (start, "started"),
    "send_back": (send_back, "returned"),
    "answer": (answer, "answered"),
    "correct": (correct, "corrected"),
    "recuse": (recuse, "recused"),
    "note": (note, "noted"),
}


def _handler(step: Step, done: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def take_step(request: web.Request) -> web.StreamResponse:
        """POST: take the step and show the petition as it is now, or say why not."""
        deps, actor = dependencies(request), require_session(request).actor
        number = request.match_info["number"]
        form = await posted_form(request)
        version = forms.required_number(form, "version")
        async with deps.database.write() as connection:
            outcome = await step(connection, deps, actor, number, version, form)
        texts = request.app[TEXTS]
        if isinstance(outcome, Done):
            if not wants_part(request):
                location = f"{path_of(request, number)}?done={done}"
                return web.Response(status=303, headers={hdrs.LOCATION: location})
            return await show_petition(request, Notice("done", texts.done[done]))
        problem = problem_of(outcome, texts)
        if problem.status in (403, 404):
            raise refuse(problem.status, problem.words)
        notice = Notice("warn" if problem.status == 409 else "bad", problem.words)
        # What was typed comes back with the page: nobody writes an answer twice.
        drafts = {name: forms.words(form, name) for name in DRAFTS}
        return await show_petition(request, notice, status=problem.status, drafts=drafts)

    return take_step


async def preview(request: web.Request) -> web.StreamResponse:
    """POST: the words the citizen would get for this answer."""
    deps, session = dependencies(request), require_session(request)
    form = await posted_form(request)
    text = forms.words(form, "answer").strip()[:LONGEST_ANSWER]
    async with deps.database.read() as connection:
        query = (
            select_visible(session.actor)
            .add_columns(account.c.name.label("account_name"))
            .join(account, account.c.id == petition.c.account_id)
            .where(petition.c.number == request.match_info["number"])
        )
        found = (await connection.execute(query)).first()
    if found is None:
        raise web.HTTPNotFound
    words = ""
    if text:
        params = {
            "number": found.number,
            "title": found.title,
            "answer": text,
            "office": found.lead_name or session.org_name,
        }
        words = deps.preview(found.account_name, found.channel, ANSWER_KEY, params)
    return render(request, "preview.html", {"preview": words})


async def reveal_phone(request: web.Request) -> web.StreamResponse:
    """POST: the whole phone number, and a line in the audit that it was looked at."""
    deps, actor = dependencies(request), require_session(request).actor
    number = request.match_info["number"]
    async with deps.database.write() as connection:
        query = select_visible(actor).where(petition.c.number == number)
        found = (await connection.execute(query)).first()
        if found is None:
            raise web.HTTPNotFound
        if not sees_identity(actor, found):
            raise web.HTTPForbidden
        phone = found.contact_phone
        await record_audit(
            connection, "phone_shown", deps.clock.now(), user_id=actor.user_id, subject=number
        )
    if not wants_part(request):
        return await show_petition(request, None, phone=phone)
    return render(
        request,
        "phone.html",
        {"p": {"phone": phone, "phone_masked": False, "number": number}, "may": ()},
    )


def routes(path: str) -> Sequence[web.RouteDef]:
    """All routes below one petition's `path`."""
    steps = [
        web.post(f"{path}/{name}", _handler(step, done), name=name)
        for name, (step, done) in STEPS.items()
    ]
    return [
        *steps,
        web.post(f"{path}/preview", preview, name="preview"),
        web.post(f"{path}/reveal", reveal_phone, name="reveal"),
    ]
