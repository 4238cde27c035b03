"""Petitions: the queue, one, and what may be done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field

from backend.api.errors import error_response
from backend.api.models import (
    AnswerGiven,
    Change,
    Correct,
    Dispatch,
    Kind,
    LiftSubject,
    Note,
    Number,
    PetitionAnswer,
    PetitionPage,
    Return,
    Sentiment,
    SetSubject,
    State,
    Words,
)
from backend.api.petition_json import item_json, petition_json
from backend.api.responses import r200
from backend.api.view import ApiView, answer
from backend.duty.alarm import opened
from backend.petitions.correction import Correction
from backend.petitions.outcomes import Done, Outcome
from backend.petitions.queries import petition_view
from backend.petitions.queue import BadCursor, Filters, queue_page
from backend.petitions.together import together_with
from backend.web.outcomes import problem_of
from backend.web.texts import TEXTS


class PetitionsView(ApiView):
    """/api/v1/petitions"""

    async def get(
        self,
        state: State | None = None,
        kind: Kind | None = None,
        domain: Annotated[Words, Field(max_length=64)] | None = None,
        sentiment: Sentiment | None = None,
        overdue: bool = False,
        q: Annotated[Words, Field(max_length=100)] = "",
        order: Literal["newest", "due"] = "newest",
        after: Annotated[Words, Field(max_length=40)] | None = None,
        limit: Annotated[int, Field(ge=1, le=100)] = 50,
    ) -> r200[PetitionPage]:
        """The petitions the caller may see, page by page.

        Status Codes:
            200: One page
        """
        filters = Filters(
            states=(state,) if state else (),
            kinds=(kind,) if kind else (),
            domains=(domain,) if domain else (),
            sentiments=(sentiment,) if sentiment else (),
            overdue=overdue,
            text=q,
        )
        async with self.deps.database.read() as connection:
            try:
                page = await queue_page(
                    connection,
                    self.actor,
                    filters,
                    self.deps.clock.now(),
                    order=order,
                    after=after,
                    limit=limit,
                )
            except BadCursor:
                texts = self.request.config_dict[TEXTS]
                words = texts.problems["unknown"].format(field="after")
                return error_response(422, words, "after")
        items = [item_json(item) for item in page.items]
        return answer(PetitionPage(items=items, next=page.next_cursor))


class OnePetition(ApiView):
    """What all views of one petition share."""

    async def shown(self, number: str) -> web.Response:
        """The petition as it is now, 404 where the caller sees none such."""
        async with self.deps.database.read() as connection:
            view = await petition_view(connection, self.actor, number)
            if view is not None:
                together = await together_with(connection, self.actor, view.id)
        if view is None:
            return error_response(404, self.request.config_dict[TEXTS].error(404)[1])
        if view.urgency == "emergency":
            async with self.deps.database.write() as writing:
                await opened(writing, view.id, self.actor.user_id, self.deps.clock.now())
        return answer(petition_json(view, together, self.deps.clock.now()))

    async def take(
        self,
        step: Callable[..., Awaitable[Outcome]],
        number: str,
        body: Change,
        *args: Any,
        **more: Any,
    ) -> web.Response:
        """Take a step of the desk; the petition as it is now, read in the same transaction. One
        the caller no longer sees (sent back, recused) is 404 from then on, so it is shown as
        204."""
        async with self.deps.database.write() as connection:
            outcome = await step(connection, self.actor, number, body.version, *args, **more)
            if not isinstance(outcome, Done):
                problem = problem_of(outcome, self.request.config_dict[TEXTS])
                return error_response(problem.status, problem.words, problem.field)
            view = await petition_view(connection, self.actor, outcome.number)
            if view is None:
                return web.Response(status=204)
            together = await together_with(connection, self.actor, view.id)
        return answer(petition_json(view, together, self.deps.clock.now()))


class PetitionView(OnePetition):
    """/api/v1/petitions/{number}"""

    async def get(self, number: Number, /) -> r200[PetitionAnswer]:
        """One petition with its conversation, readings and events.

        Status Codes:
            200: The petition
        """
        return await self.shown(number)


class AcceptView(OnePetition):
    async def post(self, number: Number, /, body: Change) -> r200[PetitionAnswer]:
        """Accept it (受理).

        Status Codes:
            200: The petition as it is now
        """
        return await self.take(self.deps.desk.accept, number, body)


class CorrectView(OnePetition):
    async def post(self, number: Number, /, body: Correct) -> r200[PetitionAnswer]:
        """Set the machine's reading right (更正).

        Status Codes:
            200: The petition as it is now
        """
        correction = Correction(**{body.field: body.value})
        if body.field == "place":
            correction = Correction(place=body.value, place_code=body.place_code)
        return await self.take(self.deps.desk.correct, number, body, correction, body.reason)


class DispatchView(OnePetition):
    async def post(self, number: Number, /, body: Dispatch) -> r200[PetitionAnswer]:
        """Give it to a lead office and assisting ones (派单).

        Status Codes:
            200: The petition as it is now
        """
        return await self.take(
            self.deps.desk.dispatch,
            number,
            body,
            body.lead_org_id,
            body.assisting_org_ids,
            body.reason,
        )


class StartView(OnePetition):
    async def post(self, number: Number, /, body: Change) -> r200[PetitionAnswer]:
        """The lead office has begun (办理).

        Status Codes:
            200: The petition as it is now
        """
        return await self.take(self.deps.desk.start, number, body)


class ReturnView(OnePetition):
    async def post(self, number: Number, /, body: Return) -> r200[PetitionAnswer]:
        """'Not ours' (退回); 204 where the caller no longer sees it.

        Status Codes:
            200: The petition as it is now
        """
        return await self.take(self.deps.desk.return_, number, body, body.reason)


class AnswerView(OnePetition):
    async def post(self, number: Number, /, body: AnswerGiven) -> r200[PetitionAnswer]:
        """Answer the citizen (答复), by the channel they used.

        Status Codes:
            200: The petition as it is now
        """
        return await self.take(self.deps.desk.answer, number, body, body.text)


class NoteView(OnePetition):
    async def post(self, number: Number, /, body: Note) -> r200[PetitionAnswer]:
        """A word among officials.

        Status Codes:
            200: The petition as it is now
        """
        return await self.take(self.deps.desk.note, number, body, body.text)


class SubjectView(OnePetition):
    async def post(self, number: Number, /, body: SetSubject) -> r200[PetitionAnswer]:
        """It speaks about this office or official (回避); 204 where the caller no longer sees it.

        Status Codes:
            200: The petition as it is now
        """
        return await self.take(
            self.deps.desk.set_subject,
            number,
            body,
            org_id=body.org_id,
            user_id=body.user_id,
            reason=body.reason,
        )


class LiftSubjectView(OnePetition):
    async def post(self, number: Number, /, body: LiftSubject) -> r200[PetitionAnswer]:
        """It does not speak about them after all.

        Status Codes:
            200: The petition as it is now
        """
        return await self.take(
            self.deps.desk.lift_subject, number, body, body.subject_id, body.reason
        )


ROUTES = [
    web.view("/petitions", PetitionsView),
    web.view("/petitions/{number}", PetitionView),
    web.view("/petitions/{number}/accept", AcceptView),
    web.view("/petitions/{number}/correct", CorrectView),
    web.view("/petitions/{number}/dispatch", DispatchView),
    web.view("/petitions/{number}/start", StartView),
    web.view("/petitions/{number}/return", ReturnView),
    web.view("/petitions/{number}/answer", AnswerView),
    web.view("/petitions/{number}/note", NoteView),
    web.view("/petitions/{number}/subject", SubjectView),
    web.view("/petitions/{number}/subject/lift", LiftSubjectView),
]
