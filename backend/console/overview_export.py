"""The petitions behind a number as an Excel file: masked, or in full for those who may and say
what for; either way it is written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import hdrs, web

from backend.console import forms
from backend.console.overview_page import Asked, read_asked, read_cut, show_rows
from backend.console.overview_wording import OVERVIEW_TEXTS, period_words, place_names
from backend.console.petition_page import domain_name
from backend.organisation.audit import record_audit
from backend.organisation.roles import Permission, may
from backend.organisation.tree import branch
from backend.overview.rows import FiledPetition, count_rows, file_rows
from backend.overview.working_time import DAY_SECONDS
from backend.spreadsheet import Book, Cell, Column
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.posted_form import posted_form
from backend.web.sessions import require_session
from backend.web.texts import TEXTS, OfficialTexts

MOST_ROWS = 20_000
SHORTEST_REASON, LONGEST_REASON = 4, 200
WAIT_SECONDS = 60
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# In characters, in the order of the titles in overview.yml and of `_cells`.
WIDTHS = (18, 30, 8, 16, 8, 9, 8, 10, 14, 24, 18, 22, 17,
          12, 12, 10, 17, 10, 8, 8, 50, 50, 24, 10, 14)  # fmt: skip
# One file at a time: each holds a connection that pages need too.
ONE_AT_A_TIME = web.AppKey("xiangyin_export_lock", asyncio.Lock)


async def export(request: web.Request) -> web.StreamResponse:
    """POST /console/overview/export: fields as the address of the list, and full, reason"""
    deps, actor = dependencies(request), require_session(request).actor
    words, form = request.app[OVERVIEW_TEXTS], await posted_form(request)
    fields = {
        name: forms.words(form, name) for name in ("days", "from", "to", "office", "by", "key")
    }
    in_full, reason = forms.words(form, "full") == "1", forms.words(form, "reason").strip()
    if in_full and not may(actor.role, Permission.EXPORT_IDENTITY):
        raise web.HTTPForbidden
    if in_full and not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        return await show_rows(request, fields, words.problems["reason"])
    now, calendar = deps.clock.now(), deps.rules.calendar
    async with deps.database.read() as connection:
        asked = read_asked(fields, await branch(connection, actor.org_path), deps)
        cut = read_cut(request, fields, asked, deps)
        number = await count_rows(connection, actor, asked.scope, cut, calendar, now)
    if asked.problem:
        return await show_rows(request, fields, words.problems[asked.problem])
    if number > MOST_ROWS:
        problem = words.problems["too_many"].format(count=number, most=MOST_ROWS)
        return await show_rows(request, fields, problem)
    async with deps.database.write() as connection:
        detail = {**asked.query(), "by": cut.by, "key": cut.key, "rows": number}
        detail |= {"full": in_full, "reason": reason if in_full else ""}
        await record_audit(
            connection, "petitions_exported", now, user_id=actor.user_id, detail=detail
        )
    async with asyncio.timeout(WAIT_SECONDS):
        await request.app[ONE_AT_A_TIME].acquire()
    try:
        async with deps.database.read() as connection:
            pieces = file_rows(connection, actor, asked.scope, cut, calendar, now, in_full=in_full)
            return await _file(request, asked, pieces, in_full=in_full)
    finally:
        request.app[ONE_AT_A_TIME].release()


async def _file(
    request: web.Request,
    asked: Asked,
    pieces: AsyncIterator[Sequence[FiledPetition]],
    *,
    in_full: bool,
) -> web.Response:
    words, texts = request.app[OVERVIEW_TEXTS], request.app[TEXTS]
    deps = dependencies(request)
    titles = words.export["columns"]
    columns = [Column(title, width) for title, width in zip(titles, WIDTHS, strict=True)]
    notes = [
        f"{asked.office.name if asked.office else require_session(request).org_name} "
        f"{period_words(asked.period)}",
        words.export["full" if in_full else "masked"],
    ]
    with TemporaryDirectory(prefix="xiangyin-export-") as folder:
        path = Path(folder) / "petitions.xlsx"
        book = await asyncio.to_thread(Book, path)
        sheet = book.sheet(words.export["sheet"], notes, columns)

        def add(piece: Sequence[FiledPetition]) -> None:
            sheet.add([_cells(one, deps, texts, words) for one in piece])

        async for piece in pieces:
            await asyncio.to_thread(add, piece)
        await asyncio.to_thread(book.close)
        # Opened before the folder goes: the file's last name is gone, its content stays readable
        # for as long as it takes to send.
        body = await asyncio.to_thread(path.open, "rb")
    name = f"xiangyin-{asked.period.first}-{asked.period.last}.xlsx"
    return web.Response(
        body=body,
        content_type=XLSX,
        headers={hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"'},
    )


def _cells(
    one: FiledPetition, deps: WebDependencies, texts: OfficialTexts, words: OfficialTexts
) -> Sequence[Cell]:
    town, village, _ = place_names(deps, one.place_code)
    return [
        one.number,
        one.title,
        texts.word("kinds", one.kind),
        domain_name(deps, one.domain),
        texts.word("urgencies", one.urgency),
        texts.word("states", one.state),
        texts.word("channels", one.channel),
        town,
        village,
        one.place,
        one.org_name,
        one.lead_name,
        one.received_at,
        one.due_on,
        None if one.waited is None else one.waited / DAY_SECONDS,
        words.word("timeliness", one.timeliness),
        one.answered_at,
        texts.word("ratings", one.rating) if one.rating else None,
        one.reopened,
        one.reminders,
        one.text,
        one.answer,
        one.rating_comment,
        one.contact_name,
        one.contact_phone,
    ]
