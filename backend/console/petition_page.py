"""The page of one petition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console.event_words import EventLine, event_lines
from backend.console.reading_rows import ReadingRow, reading_rows
from backend.console.rendering import render, wants_part
from backend.console.wording import due
from backend.conversation.media_files import PLAYED
from backend.duty.alarm import opened
from backend.organisation.roles import Permission, may
from backend.organisation.sessions import Actor
from backend.organisation.tree import Org, branch, root_path
from backend.petitions.lifecycle import Action
from backend.petitions.masking import mask_name, mask_phone
from backend.petitions.offices import Suggestion, suggest_offices
from backend.petitions.queries import PetitionView, petition_view
from backend.petitions.recusal import recused_among
from backend.petitions.similar import similar_petitions
from backend.petitions.timeline import Happened, Said, Told
from backend.petitions.together import together_with
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.sessions import require_session
from backend.web.texts import TEXTS, OfficialTexts

PATH = "/petitions/{number:[0-9-]{1,24}}"
# Steps that have a form on the page, and its name.
FORMS: Mapping[Action, str] = {
    Action.ACCEPT: "accept",
    Action.CORRECT: "correct",
    Action.DISPATCH: "dispatch",
    Action.START: "start",
    Action.RETURN: "send_back",
    Action.ANSWER: "answer",
    Action.SET_SUBJECT: "recuse",
    Action.NOTE: "note",
    Action.MERGE: "merge",
    Action.UNMERGE: "unmerge",
}
STEPS_AHEAD = frozenset({"accept", "dispatch", "start", "answer"})


@dataclass(frozen=True, slots=True)
class Notice:
    """A line above the petition; `tone` is done, warn or bad."""

    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class Office:
    """A line of the list of offices one may dispatch to."""

    id: int
    name: str
    lead: bool = False
    assisting: bool = False

    @property
    def suggested(self) -> bool:
        return self.lead or self.assisting


def path_of(request: web.Request, number: str) -> str:
    return str(request.app.router["petition"].url_for(number=number))


async def show(request: web.Request) -> web.StreamResponse:
    """GET /petitions/{number}"""
    done = request.app[TEXTS].done.get(request.query.get("done", ""))
    return await show_petition(request, Notice("done", done) if done else None)


async def show_petition(
    request: web.Request,
    notice: Notice | None,
    *,
    status: int = 200,
    drafts: Mapping[str, str] | None = None,
    phone: str | None = None,
) -> web.Response:
    """The petition as it is now, whole or as the part htmx swaps in; 404 if it may not be seen.

    `drafts` puts back what a refused form held; `phone` shows the number unmasked this once.
    """
    deps, session = dependencies(request), require_session(request)
    async with deps.database.glance() as connection:
        view = await petition_view(connection, session.actor, request.match_info["number"])
        if view is None:
            if notice is None:
                raise web.HTTPNotFound
            return _gone(request, notice)
        orgs = await branch(connection, root_path(session.actor.org_path))
        suggestion = await _suggestion(connection, deps, view)
        recused = await _recused(connection, view, orgs)
        similar = await similar_petitions(connection, session.actor, view.id)
        together = await together_with(connection, session.actor, view.id)
    if view.urgency == "emergency":
        async with deps.database.write() as writing:
            # Who is on duty is asked to look; then nobody else need be told.
            await opened(writing, view.id, session.actor.user_id, deps.clock.now())
    texts = request.app[TEXTS]
    actions = [name for action, name in FORMS.items() if action in view.actions]
    may_act = bool(STEPS_AHEAD & set(actions))
    context = {
        "seen": max((one.id for one in view.timeline if isinstance(one, Happened)), default=0),
        "p": _facts(view, deps, session.actor, phone),
        "notice": notice,
        "may": [*actions, "reveal"] if view.identity_shown else actions,
        "may_act": may_act,
        "hint": texts.word("states", view.state),
        "waiting_for": texts.waiting_for[view.state].format(office=view.lead_name or "主办单位"),
        "steps": _steps(view, texts),
        "talk": _talk(view),
        "played": PLAYED,
        "events": _events(view, texts, deps, orgs),
        "readings": _readings(view, texts, deps),
        "offices": _offices(view, orgs, suggestion, recused),
        "all_offices": [(one.id, one.name) for one in orgs if one.parent_id is not None],
        "subjects": [one for one in view.subjects if one.lifted_at is None],
        "similar": similar,
        "together": together,
        "drafts": drafts or {},
        "preview": None,
        "places": _places(deps),
    }
    template = "petition_part.html" if wants_part(request) else "petition.html"
    return render(request, template, context, status=status)


def _gone(request: web.Request, notice: Notice) -> web.Response:
    """After a step the official may no longer see it (sent back, recused): to the queue."""
    location = str(request.app.router["queue"].url_for().with_query(done="gone"))
    if wants_part(request):
        return web.Response(headers={"HX-Redirect": location})
    return web.Response(status=303, headers={"Location": location})


async def _suggestion(
    connection: AsyncConnection, deps: WebDependencies, view: PetitionView
) -> Suggestion:
    if Action.DISPATCH not in view.actions:
        return Suggestion(None)
    return await suggest_offices(
        connection,
        deps.rules,
        petition_id=view.id,
        domain=view.domain,
        place_code=view.place_code,
    )


async def _recused(
    connection: AsyncConnection, view: PetitionView, orgs: Sequence[Org]
) -> frozenset[int]:
    if Action.DISPATCH not in view.actions:
        return frozenset()
    return await recused_among(connection, view.id, [one.id for one in orgs])


def _facts(
    view: PetitionView, deps: WebDependencies, actor: Actor, phone: str | None
) -> Mapping[str, Any]:
    """What the templates call `p`: the petition with words for people, the phone masked."""
    masked = phone is None and view.identity_shown and view.contact_phone is not None
    known = phone or view.contact_phone
    name = view.contact_name
    if name and not may(actor.role, Permission.SEE_IDENTITY):
        name = mask_name(name)
    open_ones = [one for one in view.dispatches if one.state in ("open", "done")]
    return {
        "number": view.number,
        "version": view.version,
        "state": view.state,
        "kind": view.kind,
        "urgency": view.urgency,
        "sentiment": view.sentiment,
        "title": view.title,
        "place": view.place,
        "place_code": view.place_code,
        "since": view.since,
        "sensitive": view.sensitive,
        "confidential": view.confidential,
        "channel": view.channel,
        "org_name": view.org_name,
        "lead_name": view.lead_name,
        "assisting": [one.org_name for one in open_ones if one.role == "assisting"],
        "contact_name": name,
        "phone": mask_phone(known) if masked and known else known,
        "phone_masked": masked,
        "rating": view.rating,
        "rating_comment": view.rating_comment,
        "reminders": view.reminders,
        "reopened": view.reopened,
        "received_at": view.received_at,
        "answered_at": view.answered_at,
        "domain_name": domain_name(deps, view.domain),
        "due": due(view.state, view.due_on, deps.clock.now(), deps.rules.calendar),
    }


def domain_name(deps: WebDependencies, code: str) -> str:
    service = deps.rules.catalogue.services.get(code)
    return service.name if service else code


def _steps(view: PetitionView, texts: OfficialTexts) -> Sequence[Mapping[str, str]]:
    """The way of a petition; tone past, now or next."""
    position = next(
        (at for at, step in enumerate(texts.steps) if view.state in step["states"]),
        len(texts.steps),
    )
    tones = ["past" if at < position else "next" for at in range(len(texts.steps))]
    if position < len(tones):
        tones[position] = "now"
    return [
        {"label": step["label"], "tone": tone}
        for step, tone in zip(texts.steps, tones, strict=True)
    ]


def _talk(view: PetitionView) -> Sequence[Mapping[str, Any]]:
    lines: list[Mapping[str, Any]] = []
    for item in view.timeline:
        if isinstance(item, Said):
            lines.append(
                {
                    "side": "in",
                    "at": item.at,
                    "kind": item.kind,
                    "text": item.text,
                    "media": item.media,
                    "addition": not item.original,
                    "delivery": None,
                    "way": None,
                }
            )
        elif isinstance(item, Told):
            lines.append(
                {
                    "side": "out",
                    "at": item.sent_at or item.at,
                    "kind": "text",
                    "text": item.text,
                    "media": (),
                    "addition": False,
                    "delivery": item.state,
                    "way": item.way,
                }
            )
    return lines


def _events(
    view: PetitionView, texts: OfficialTexts, deps: WebDependencies, orgs: Sequence[Org]
) -> Sequence[EventLine]:
    services = {code: one.name for code, one in deps.rules.catalogue.services.items()}
    names = {one.id: one.name for one in orgs}
    return event_lines(view.timeline, texts, services, names)


def _readings(
    view: PetitionView, texts: OfficialTexts, deps: WebDependencies
) -> Sequence[ReadingRow]:
    services = {code: one.name for code, one in deps.rules.catalogue.services.items()}
    return reading_rows(view, texts, services)


def _offices(
    view: PetitionView, orgs: Sequence[Org], suggestion: Suggestion, recused: frozenset[int]
) -> Sequence[Office]:
    """Those it may be given to, the proposed ones (or those that have it) first."""
    if Action.DISPATCH not in view.actions:
        return []
    lead = view.lead_org_id or (suggestion.lead.id if suggestion.lead else None)
    assisting = {one.id for one in suggestion.assisting}
    home_first = sorted(orgs, key=lambda one: (one.id != view.org_id, one.parent_id != view.org_id))
    offices = [
        Office(one.id, one.name, one.id == lead, one.id in assisting and one.id != lead)
        for one in home_first
        if one.parent_id is not None and one.id not in recused
    ]
    return sorted(offices, key=lambda one: (not one.lead, not one.assisting))


def _places(deps: WebDependencies) -> Sequence[tuple[str, str]]:
    """Villages and communities with their township, for choosing where it is."""
    divisions = deps.rules.catalogue.divisions
    named = []
    for code, one in divisions.items():
        above = divisions[one.parent].names[0] if one.level == "village" and one.parent else ""
        named.append((code, f"{above}{one.names[0]}"))
    return named
