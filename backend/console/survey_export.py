"""A survey as an Excel file: a row for each respondent, and the counts. Masked, or in full for
those who may and say what for; either way it is written down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import hdrs, web
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console import forms
from backend.console.overview_export import (
    LONGEST_REASON,
    ONE_AT_A_TIME,
    SHORTEST_REASON,
    WAIT_SECONDS,
    XLSX,
)
from backend.console.survey_access import PATH, found_survey, looks_by_id
from backend.console.survey_figures import Figures, question_figures
from backend.console.survey_results_page import read_part, results_page
from backend.console.survey_wording import SURVEY_TEXTS, source_name
from backend.organisation.audit import record_audit
from backend.organisation.roles import Permission, may
from backend.petitions.masking import mask_name, mask_numbers, mask_phone
from backend.spreadsheet import Book, Cell, Column
from backend.surveys.questions import Question
from backend.surveys.reading import Survey
from backend.surveys.respondents import Answer, Respondent, count_respondents, respondents
from backend.surveys.results import Part, question_counts
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.posted_form import posted_form
from backend.web.sessions import require_session
from backend.web.texts import TEXTS

WIDTHS = (6, 18, 8, 10, 14, 10, 17, 17)
ANSWER_WIDTH = 26
COUNT_WIDTHS = (44, 24, 8, 10)


async def export(request: web.Request) -> web.StreamResponse:
    """POST /console/surveys/{id}/export: source, look as the page's; full, reason"""
    deps, actor = dependencies(request), require_session(request).actor
    form = await posted_form(request)
    in_full, reason = forms.words(form, "full") == "1", forms.words(form, "reason").strip()
    if in_full and not may(actor.role, Permission.EXPORT_IDENTITY):
        raise web.HTTPForbidden
    asked = {name: forms.words(form, name) for name in ("source", "look")}
    async with deps.database.read() as connection:
        found = await found_survey(connection, request)
        part = await read_part(connection, request, asked)
        number = await count_respondents(connection, found.id, part)
    if in_full and not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        problem = request.app[SURVEY_TEXTS].word("refused", "reason")
        return await results_page(request, error=problem, status=422)
    async with deps.database.write() as connection:
        detail = {**asked, "rows": number, "full": in_full, "reason": reason if in_full else ""}
        await record_audit(
            connection,
            "survey_exported",
            deps.clock.now(),
            user_id=actor.user_id,
            subject=str(found.id),
            detail=detail,
        )
    async with asyncio.timeout(WAIT_SECONDS):
        await request.app[ONE_AT_A_TIME].acquire()
    try:
        async with deps.database.read() as connection:
            return await _file(connection, request, found, part, in_full=in_full)
    finally:
        request.app[ONE_AT_A_TIME].release()


async def _file(
    connection: AsyncConnection, request: web.Request, found: Survey, part: Part, *, in_full: bool
) -> web.Response:
    deps, words = dependencies(request), request.app[SURVEY_TEXTS]
    looks = await looks_by_id(connection, deps)
    counted = await question_counts(connection, found, part)
    figures = [question_figures(words, place, one) for place, one in enumerate(counted, 1)]
    rows = _Rows(request, found, looks, in_full=in_full)
    notes = [found.title, words.export["full" if in_full else "masked"]]
    with TemporaryDirectory(prefix="xiangyin-export-") as folder:
        path = Path(folder) / "survey.xlsx"
        book = await asyncio.to_thread(Book, path)
        sheet = book.sheet(words.export["answers"], notes, rows.columns)
        async for piece in respondents(connection, found.id, part):
            await asyncio.to_thread(sheet.add, [rows.cells(one) for one in piece])
        columns = [
            Column(title, width)
            for title, width in zip(words.export["count_columns"], COUNT_WIDTHS, strict=True)
        ]
        counts = book.sheet(words.export["counts"], [found.title], columns)
        skipped = words.export["skipped"]
        await asyncio.to_thread(
            counts.add, [row for one in figures for row in _count(one, skipped)]
        )
        await asyncio.to_thread(book.close)
        # Opened before the folder goes: its content stays readable for as long as it is sent.
        body = await asyncio.to_thread(path.open, "rb")
    return web.Response(
        body=body,
        content_type=XLSX,
        headers={
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="xiangyin-survey-{found.id}.xlsx"'
        },
    )


class _Rows:
    """Turns respondents into rows, in order of `columns`."""

    def __init__(
        self, request: web.Request, found: Survey, looks: Mapping[int, str], *, in_full: bool
    ) -> None:
        self._deps: WebDependencies = dependencies(request)
        self._words, self._texts = request.app[SURVEY_TEXTS], request.app[TEXTS]
        self._found, self._looks, self._in_full = found, looks, in_full
        self._number = 0
        titles = self._words.export["columns"]
        self.columns = [
            *(Column(title, width) for title, width in zip(titles, WIDTHS, strict=True)),
            *(
                Column(f"{place}. {question.text}", ANSWER_WIDTH)
                for place, question in enumerate(found.questions, 1)
            ),
        ]

    def cells(self, one: Respondent) -> Sequence[Cell]:
        self._number += 1
        look = self._looks.get(one.account_id, "")
        phone = one.known_as if look == "sms" else one.phone
        return [
            self._number,
            source_name(self._deps, self._words, one.source),
            self._texts.word("channels", look),
            one.name if self._in_full else mask_name(one.name),
            phone if self._in_full or not phone else mask_phone(phone),
            self._words.word("recipients", one.state),
            one.asked_at,
            one.answered_at,
            *(
                self._answer(question, one.answers.get(id_))
                for id_, question in zip(
                    self._found.question_ids, self._found.questions, strict=True
                )
            ),
        ]

    def _answer(self, question: Question, answer: Answer | None) -> Cell:
        if answer is None:
            return None
        if answer.option is not None:
            return question.options[answer.option]
        if answer.number is not None:
            whole = answer.number.is_integer()
            return int(answer.number) if whole else answer.number
        if answer.text is not None:
            return answer.text if self._in_full else mask_numbers(answer.text)
        return str(self._words.export["skipped"])


def _count(one: Figures, skipped: str) -> Sequence[Sequence[Cell]]:
    title = f"{one.position}. {one.text}"
    rows: list[Sequence[Cell]] = [[title, row.name, row.count, row.share] for row in one.rows]
    rows += [[title, name, value, None] for name, value in one.notes]
    return [*rows, [title, skipped, one.skipped, None]]


ROUTES = (web.post(f"{PATH}/export", export, name="survey_export"),)
