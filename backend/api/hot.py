"""Hot issues: what several people brought up at one place."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from backend.api.errors import error_response
from backend.api.models import HotIssueItem, HotIssuePetitions, HotIssues, Words
from backend.api.petition_json import row_json
from backend.api.responses import r200
from backend.api.view import ApiView, answer
from backend.overview.period import latest
from backend.petitions.hot import LISTED, Span, hot_issues, petitions_of_issue
from backend.petitions.rules import today
from backend.web.texts import TEXTS

LONGEST_DAYS = 90


class HotView(ApiView):
    """/api/v1/hot"""

    async def get(
        self,
        days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] = 30,
        place: Annotated[Words, Field(max_length=16)] | None = None,
        order: Literal["most", "rising"] = "most",
        limit: Annotated[int, Field(ge=1, le=LISTED)] = LISTED,
    ) -> r200[HotIssues]:
        """The hottest issues the caller sees of the last days, today among them, in a division and
        all below it: those with most people, or rising fastest against as many days before.

        Status Codes:
            200: The issues
        """
        catalogue, texts = self.deps.rules.catalogue, self.request.config_dict[TEXTS]
        if place is not None and place not in catalogue.divisions:
            return error_response(422, texts.problems["unknown"].format(field="place"), "place")
        period = latest(days, today(self.deps.clock.now()))
        async with self.deps.database.read() as connection:
            found = await hot_issues(
                connection,
                self.actor,
                Span(period.before.start, period.start, period.end),
                place_codes=catalogue.within(place) if place else (),
                order=order,
                limit=limit,
            )
        items = [HotIssueItem.model_validate(asdict(one)) for one in found]
        return answer(HotIssues(first_day=period.first, last_day=period.last, items=items))


class HotIssueView(ApiView):
    """/api/v1/hot/{issue}"""

    async def get(self, issue: Annotated[int, Field(ge=1, le=2**53)], /) -> r200[HotIssuePetitions]:
        """The newest petitions of an issue that the caller sees.

        Status Codes:
            200: The petitions
        """
        async with self.deps.database.read() as connection:
            rows = await petitions_of_issue(connection, self.actor, issue)
        if not rows:
            return error_response(404, self.request.config_dict[TEXTS].error(404)[1])
        now = self.deps.clock.now()
        return answer(HotIssuePetitions(items=[row_json(self.actor, row, now) for row in rows]))


ROUTES = [
    web.view("/hot", HotView),
    web.view("/hot/{issue}", HotIssueView),
]
