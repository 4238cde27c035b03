"""What people wrote to one question: paged, searched; from there to the citizen's record."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console.query_numbers import number_asked
from backend.console.rendering import render
from backend.console.survey_access import PATH, found_survey, looks_by_id
from backend.console.survey_results_page import part_query, read_part
from backend.console.survey_wording import SURVEY_TEXTS, shown_text, source_name
from backend.organisation.sessions import Actor
from backend.petitions.tables import petition
from backend.petitions.visibility import identity_visible, visible_to
from backend.surveys.questions import QuestionType
from backend.surveys.written_answers import written_answers
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.sessions import require_session

SEARCH_LENGTH = 40


async def answers(request: web.Request) -> web.StreamResponse:
    """GET /console/surveys/{id}/answers?question=&q=&before=&source=&look="""
    deps, actor = dependencies(request), require_session(request).actor
    words, query = request.app[SURVEY_TEXTS], request.query
    sought = query.get("q", "")[:SEARCH_LENGTH].replace("\x00", "").strip()
    async with deps.database.read() as connection:
        found = await found_survey(connection, request)
        question_id = number_asked(query, "question")
        if question_id is None or question_id not in found.question_ids:
            raise refuse(404, "")
        place = list(found.question_ids).index(question_id)
        if found.questions[place].type is not QuestionType.TEXT:
            raise refuse(404, "")
        part = await read_part(connection, request, query)
        before = number_asked(query, "before")
        page = await written_answers(
            connection, found.id, question_id, part, sought=sought, before=before
        )
        looks = await looks_by_id(connection, deps)
        records = await _records(connection, actor, {one.citizen_id for one in page.answers})
    here = {"question": str(question_id), **part_query(query), **({"q": sought} if sought else {})}
    url = request.app.router["survey_answers"].url_for(id=str(found.id))
    context = {
        "here": "surveys",
        "words": words,
        "survey": found,
        "question": found.questions[place],
        "q": sought,
        "total": page.total,
        "fields": {name: value for name, value in here.items() if name != "q"},
        "rows": [
            {
                "text": shown_text(actor.role, one.text),
                "at": one.at,
                "source": source_name(deps, words, one.source),
                "look": looks.get(one.account_id, ""),
                "record": records.get(one.citizen_id),
            }
            for one in page.answers
        ],
        "next_url": str(url.with_query({**here, "before": str(page.further)}))
        if page.further
        else None,
    }
    return render(request, "survey_answers.html", context)


async def _records(
    connection: AsyncConnection, actor: Actor, citizens: Collection[int]
) -> Mapping[int, str]:
    """Citizen id → a petition of theirs through which the official may open their record."""
    rows = await connection.execute(
        select(petition.c.citizen_id, func.max(petition.c.number).label("number"))
        .where(petition.c.citizen_id.in_(citizens), visible_to(actor), identity_visible(actor))
        .group_by(petition.c.citizen_id)
    )
    return {row.citizen_id: row.number for row in rows}


ROUTES = (web.get(f"{PATH}/answers", answers, name="survey_answers"),)
