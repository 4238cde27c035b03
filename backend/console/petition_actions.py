"""What an official does with one petition. Every step is a form that works without scripts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

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
from backend.petitions.correction import LISTED_FIELDS, Correction
from backend.petitions.desk import LONGEST_ANSWER, Desk
from backend.petitions.outcomes import Done, Invalid, Outcome
from backend.petitions.tables import petition
from backend.petitions.visibility import sees_identity
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.outcomes import problem_of
from backend.web.posted_form import posted_form
from backend.web.sessions import require_session
from backend.web.texts import TEXTS

ANSWER_KEY = "answer_to_petition"
DRAFTS = ("answer", "reason", "note")


@dataclass(frozen=True, slots=True)
class PostedStep:
    """A form posted for one petition. `at`: transaction, official, number and the version they
    saw, as every step of the desk wants them first."""

    desk: Desk
    at: tuple[AsyncConnection, Actor, str, int]
    form: forms.Form

    def words(self, name: str) -> str:
        return forms.words(self.form, name)


Step = Callable[[PostedStep], Awaitable[Outcome]]


async def accept(posted: PostedStep) -> Outcome:
    return await posted.desk.accept(*posted.at)


async def dispatch(posted: PostedStep) -> Outcome:
    lead = forms.number(posted.form, "lead")
    if lead is None:
        return Invalid("lead_org_id", "required")
    assisting = forms.numbers(posted.form, "assisting")
    return await posted.desk.dispatch(*posted.at, lead, assisting, posted.words("reason"))


async def start(posted: PostedStep) -> Outcome:
    return await posted.desk.start(*posted.at)


async def send_back(posted: PostedStep) -> Outcome:
    return await posted.desk.return_(*posted.at, posted.words("reason"))


async def answer(posted: PostedStep) -> Outcome:
    return await posted.desk.answer(*posted.at, posted.words("answer"))


async def correct(posted: PostedStep) -> Outcome:
    field, value = posted.words("field"), posted.words("value")
    if field == "place":
        correction = Correction(place=value, place_code=posted.words("place_code") or None)
    elif field in LISTED_FIELDS:
        correction = Correction(**{field: value})
    else:
        return Invalid("field", "unknown")
    return await posted.desk.correct(*posted.at, correction)


async def recuse(posted: PostedStep) -> Outcome:
    org_id, login = forms.number(posted.form, "org_id"), posted.words("login").strip()
    user_id = None
    if login:
        connection = posted.at[0]
        found = await user_by_login(connection, login) if login.isprintable() else None
        if found is None:
            return Invalid("user_id", "unknown")
        user_id = found.id
    return await posted.desk.set_subject(
        *posted.at, org_id=org_id, user_id=user_id, reason=posted.words("reason")
    )


async def merge(posted: PostedStep) -> Outcome:
    return await posted.desk.merge(*posted.at, posted.words("other"))


async def unmerge(posted: PostedStep) -> Outcome:
    return await posted.desk.unmerge(*posted.at)


async def note(posted: PostedStep) -> Outcome:
    return await posted.desk.note(*posted.at, posted.words("note"))


# name of the route and last part of its path → the step, and the words for having done it
STEPS: Mapping[str, tuple[Step, str]] = {
    "accept": (accept, "accepted"),
    "dispatch": (dispatch, "dispatched"),
    "start": (start, "started"),
    "send_back": (send_back, "returned"),
    "answer": (answer, "answered"),
    "correct": (correct, "corrected"),
    "recuse": (recuse, "recused"),
    "merge": (merge, "merged"),
    "unmerge": (unmerge, "unmerged"),
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
            at = (connection, actor, number, version)
            outcome = await step(PostedStep(deps.desk, at, form))
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
