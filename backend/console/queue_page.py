"""The queue: what waits, nearest deadline first, with counts over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from backend.console.petition_page import domain_name
from backend.console.rendering import render, wants_part
from backend.console.wording import OPEN_STATES, due
from backend.petitions.lifecycle import State
from backend.petitions.queue import (
    BadCursor,
    Filters,
    QueueCounts,
    QueueItem,
    queue_counts,
    queue_page,
)
from backend.petitions.rules import KINDS
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.sessions import require_session
from backend.web.texts import TEXTS, OfficialTexts

PAGE = 20
LONGEST_SEARCH = 100
ALL = "all"
# The tabs over the list: name → the states in it. The first is what one sees on coming.
TABS: Mapping[str, Sequence[str]] = {
    "open": sorted(OPEN_STATES),
    "received": [State.RECEIVED],
    "accepted": [State.ACCEPTED],
    "working": [State.DISPATCHED, State.IN_PROGRESS],
    "answered": [State.RESOLVED],
    "over": [State.CLOSED, State.WITHDRAWN],
    ALL: [],
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; anything unknown is left out."""

    tab: str = "open"
    kind: str = ""
    domain: str = ""
    text: str = ""
    overdue: bool = False
    after: str = ""

    def filters(self) -> Filters:
        return Filters(
            states=[str(state) for state in TABS[self.tab]],
            kinds=[self.kind] if self.kind else [],
            domains=[self.domain] if self.domain else [],
            overdue=self.overdue,
            text=self.text,
        )

    def query(self) -> dict[str, str]:
        """The shortest query string that asks the same."""
        wanted = {
            "state": "" if self.tab == "open" else self.tab,
            "kind": self.kind,
            "domain": self.domain,
            "q": self.text,
            "overdue": "1" if self.overdue else "",
            "after": self.after,
        }
        return {name: value for name, value in wanted.items() if value}


async def queue(request: web.Request) -> web.StreamResponse:
    """GET /console/"""
    deps, actor = dependencies(request), require_session(request).actor
    asked = _asked(request, deps)
    now = deps.clock.now()
    # The nearest deadline first while something is owed; what is over, newest first.
    order = "due" if asked.tab in ("open", "received", "accepted", "working") else "newest"
    async with deps.database.read() as connection:
        try:
            page = await queue_page(
                connection,
                actor,
                asked.filters(),
                now,
                order=order,
                after=asked.after or None,
                limit=PAGE,
            )
        except BadCursor:
            raise web.HTTPSeeOther(_url(request, replace(asked, after=""))) from None
        over_all = Filters(kinds=asked.filters().kinds, domains=asked.filters().domains)
        counts = await queue_counts(connection, actor, replace(over_all, text=asked.text), now)
    texts = request.app[TEXTS]
    after = page.next_cursor
    context = {
        "here": "queue",
        "notice": texts.done.get(request.query.get("done", "")),
        "tabs": _tabs(request, asked, counts, texts),
        "asked": asked,
        "rows": [_row(item, deps) for item in page.items],
        "domains": [(code, one.name) for code, one in deps.rules.catalogue.services.items()],
        "filtered": bool(asked.kind or asked.domain or asked.text or asked.overdue),
        "first_page": not asked.after,
        "first_url": _url(request, replace(asked, after="")),
        "next_url": _url(request, replace(asked, after=after)) if after else None,
    }
    template = "queue_list.html" if wants_part(request) else "queue.html"
    return render(request, template, context)


def _asked(request: web.Request, deps: WebDependencies) -> Asked:
    query = request.query
    tab, kind, domain = query.get("state", "open"), query.get("kind", ""), query.get("domain", "")
    return Asked(
        tab=tab if tab in TABS else "open",
        kind=kind if kind in KINDS else "",
        domain=domain if domain in deps.rules.catalogue.services else "",
        text=query.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH],
        overdue=query.get("overdue") == "1",
        after=query.get("after", ""),
    )


def _url(request: web.Request, asked: Asked) -> str:
    return str(request.app.router["queue"].url_for().with_query(asked.query()))


def _tabs(
    request: web.Request, asked: Asked, counts: QueueCounts, texts: OfficialTexts
) -> Sequence[Mapping[str, Any]]:
    def count(states: Sequence[str]) -> int:
        return sum(counts.by_state.get(str(state), 0) for state in states)

    plain = replace(asked, after="", overdue=False)
    tabs = [
        {
            "label": texts.word("tabs", name),
            "count": count(states) if states else counts.total,
            "url": _url(request, replace(plain, tab=name)),
            "current": name == asked.tab and not asked.overdue,
            "late": False,
        }
        for name, states in TABS.items()
    ]
    late = {
        "label": texts.word("tabs", "overdue"),
        "count": counts.overdue,
        "url": _url(request, replace(plain, tab="open", overdue=True)),
        "current": asked.overdue,
        "late": True,
    }
    return [tabs[0], late, *tabs[1:]]


def _row(item: QueueItem, deps: WebDependencies) -> Mapping[str, Any]:
    return {
        "number": item.number,
        "title": item.title,
        "state": item.state,
        "kind": item.kind,
        "domain_name": domain_name(deps, item.domain),
        "urgency": item.urgency,
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
