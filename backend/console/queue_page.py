"""The queue: what waits, nearest deadline first, with counts over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from backend.console.petition_page import domain_name
from backend.console.queue_filters import STRONG, TABS, Asked, asked_by
from backend.console.rendering import render, wants_part
from backend.console.wording import due
from backend.organisation.roles import Permission, may
from backend.organisation.tree import Org, branch, root_path
from backend.petitions.counting import QueueCounter, newest_event
from backend.petitions.lifecycle import OPEN_STATES
from backend.petitions.queue import MOST_COUNTED, BadCursor, QueueCounts, QueueItem, queue_page
from backend.petitions.rules import STRONG_SENTIMENTS, PetitionRules
from backend.petitions.saved_views import SavedView, views_of
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.sessions import require_session
from backend.web.texts import TEXTS, OfficialTexts

PAGE = 20
COUNTER = web.AppKey("xiangyin_queue_counter", QueueCounter)


async def queue(request: web.Request) -> web.StreamResponse:
    """GET /console/"""
    deps, actor = dependencies(request), require_session(request).actor
    texts = request.app[TEXTS]
    asked = asked_by(request.query, deps.rules, texts)
    now = deps.clock.now()
    filters = asked.filters(deps.rules, now)
    # The nearest deadline first while something is owed; what is over, newest first.
    order = "due" if asked.tab in ("open", "received", "accepted", "working") else "newest"
    async with deps.database.read() as connection:
        after = asked.after or None
        newest = await newest_event(connection)
        try:
            page = await queue_page(
                connection, actor, filters, now, order=order, after=after, limit=PAGE
            )
        except BadCursor:
            raise web.HTTPSeeOther(_url(request, replace(asked, after=""))) from None
        # Over the tabs stands what each would show: all but the deadline counts.
        over_all = replace(filters, due_from=None, due_until=None)
        counted = over_all if asked.due == "overdue" else filters
        counts = await request.app[COUNTER].counts(connection, actor, counted, now)
    async with deps.database.glance() as connection:
        views = await views_of(connection, actor.user_id)
        orgs = await branch(connection, root_path(actor.org_path))
    context = {
        "here": "queue",
        "notice": texts.done.get(request.query.get("done", "")),
        "tabs": _tabs(request, asked, counts, texts),
        "none_yet": not any(counts.by_state.values()),
        "asked": asked,
        "view": asked.view(),
        "views": [_view(request, one, asked) for one in views],
        "seen": newest,
        "may_dispatch": may(actor.role, Permission.DISPATCH),
        "back": urlencode(asked.query()),
        "rows": [_row(item, deps) for item in page.items],
        "domains": [(code, one.name) for code, one in deps.rules.catalogue.services.items()],
        "places": place_groups(deps.rules),
        "offices": _offices(orgs),
        "moods": _moods(texts),
        "first_page": not asked.after,
        "first_url": _url(request, replace(asked, after="")),
        "next_url": _url(request, replace(asked, after=page.next_cursor))
        if page.next_cursor
        else None,
    }
    template = "queue_list.html" if wants_part(request) else "queue.html"
    return render(request, template, context)


def _url(request: web.Request, asked: Asked) -> str:
    return str(request.app.router["queue"].url_for().with_query(asked.query()))


def _tabs(
    request: web.Request, asked: Asked, counts: QueueCounts, texts: OfficialTexts
) -> Sequence[Mapping[str, Any]]:
    def count(states: Sequence[str]) -> str:
        among = states or list(counts.by_state)
        if counts.more_than_counted(among):
            return f"{MOST_COUNTED}+"
        return str(sum(counts.by_state.get(state, 0) for state in among))

    late = asked.due == "overdue"
    plain = replace(asked, after="", due="" if late else asked.due)
    tabs = [
        {
            "label": texts.word("tabs", name),
            "count": count(states),
            "url": _url(request, replace(plain, tab=name)),
            "current": name == asked.tab and not late,
            "late": False,
        }
        for name, states in TABS.items()
    ]
    overdue = {
        "label": texts.word("tabs", "overdue"),
        "count": counts.overdue,
        "url": _url(request, replace(plain, tab="open", due="overdue")),
        "current": late,
        "late": True,
    }
    return [tabs[0], overdue, *tabs[1:]]


def _view(request: web.Request, view: SavedView, asked: Asked) -> Mapping[str, Any]:
    return {
        "id": view.id,
        "name": view.name,
        "url": str(request.app.router["queue"].url_for().with_query(view.filters)),
        "current": dict(view.filters) == asked.view(),
    }


def place_groups(rules: PetitionRules) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """Townships, each with itself and its villages: (name, [(code, name), …])."""
    divisions = rules.catalogue.divisions.values()
    return [
        (
            town.name,
            [
                (town.code, f"{town.name}（全部）"),
                *((one.code, one.name) for one in divisions if one.parent == town.code),
            ],
        )
        for town in divisions
        if town.level == "township"
    ]


def _moods(texts: OfficialTexts) -> Sequence[tuple[str, str]]:
    """The moods that are to be answered first, together and each."""
    each = [(code, texts.word("sentiments", code)) for code in STRONG_SENTIMENTS]
    return [(STRONG, "和".join(name for _, name in each)), *each]


def _offices(orgs: Sequence[Org]) -> Sequence[tuple[str, str]]:
    return [(str(one.id), one.name) for one in orgs if one.parent_id is not None]


def _row(item: QueueItem, deps: WebDependencies) -> Mapping[str, Any]:
    return {
        "number": item.number,
        "title": item.title,
        "state": item.state,
        "pickable": item.state in OPEN_STATES,
        "kind": item.kind,
        "domain_name": domain_name(deps, item.domain),
        "urgency": item.urgency,
        "sentiment": item.sentiment,
        "place": item.place,
        "lead_name": item.lead_name,
        "channel": item.channel,
        "confidential": item.confidential,
        "received_at": item.received_at,
        "reminders": item.reminders,
        "reopened": item.reopened,
        "rating": item.rating,
        "due": due(item.state, item.due_on, deps.clock.now(), deps.rules.calendar),
    }
