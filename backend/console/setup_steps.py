"""What the steps of the first set-up share: who may, where they stand, an uploaded sheet and its
errors in words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import hdrs, web

from backend.console.deployment_editing import DEPLOYMENT_TEXTS, require_editor
from backend.console.rendering import render
from backend.deployment.setup_state import STEPS, SetupState, after, keep_setup, setup_state
from backend.deployment.sheet_files import template
from backend.deployment.sheets import LARGEST_FILE, Row, SheetRefused, Wrong, read_rows
from backend.organisation.sessions import Session
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.posted_form import posted_form

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORM_SIZE = LARGEST_FILE + 64 * 1024
READ_SECONDS = 30


async def require_setup(request: web.Request) -> tuple[Session, SetupState]:
    """The first administrator's session while set-up is unfinished. Raises a 403, a 404."""
    session = require_editor(request)
    async with dependencies(request).database.read() as connection:
        state = await setup_state(connection)
    if state.first_user != session.actor.user_id:
        raise refuse(403, "")
    if state.over:
        raise refuse(404, "")
    return session, state


async def done_with(request: web.Request, step: str) -> web.HTTPSeeOther:
    """Remember that `step` is done; the way to the next (build, not raise)."""
    session, state = await require_setup(request)
    deps = dependencies(request)
    async with deps.database.write() as connection:
        await keep_setup(
            connection, after(state, step), user_id=session.actor.user_id, now=deps.clock.now()
        )
    return web.HTTPSeeOther(f"/console/setup/{STEPS[STEPS.index(step) + 1]}")


async def step_page(
    request: web.Request,
    step: str,
    context: Mapping[str, Any],
    *,
    refusal: SheetRefused | None = None,
    error: str | None = None,
) -> web.Response:
    """The page of a step, with the errors of the sheet given before, if any."""
    _, state = await require_setup(request)
    words = request.app[DEPLOYMENT_TEXTS]
    always = {
        "words": words,
        "step": step,
        "steps": STEPS,
        "reached": STEPS.index(state.step),
        "wrongs": in_lines(words.expected, refusal.errors) if refusal else (),
        "more_wrongs": refusal.more if refusal else 0,
        "error": error,
        "here": "setup",
    }
    status = 422 if refusal or error else 200
    return render(request, f"setup_{step}.html", {**always, **context}, status=status)


def in_lines(expected: Mapping[str, str], errors: Sequence[Wrong]) -> Sequence[Mapping[str, str]]:
    """Each error as sheet, place, what should stand there and what does."""
    return [
        {
            "sheet": one.sheet,
            "row": str(one.row or ""),
            "column": one.column,
            "expected": expected[one.expected].format(**one.params),
            "given": one.given[:60],
        }
        for one in errors
    ]


async def uploaded(
    request: web.Request, sheet: str, columns: Sequence[str], most: int | None = None
) -> list[Row] | None:
    """The rows of the posted file, None where none was chosen. Raises SheetRefused."""
    posted = (await posted_form(request)).get("file")
    if not isinstance(posted, web.FileField) or not posted.filename:
        return None
    data = await asyncio.to_thread(posted.file.read)
    limits = {} if most is None else {"most": most}
    async with asyncio.timeout(READ_SECONDS):
        return await asyncio.to_thread(read_rows, data, sheet, columns, **limits)


async def template_file(
    request: web.Request,
    step: str,
    sheet: str,
    columns: Sequence[str],
    choices: Mapping[str, Sequence[str]],
) -> web.Response:
    """A sheet to fill in."""
    texts = request.app[DEPLOYMENT_TEXTS].setup_sheets[step]
    body = await asyncio.to_thread(
        template, sheet, columns, texts["explained"], texts["examples"], choices
    )
    return excel(body, f"xiangyin-{step}.xlsx")


def excel(body: bytes, name: str) -> web.Response:
    """An answer that is saved as a file."""
    headers = {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=XLSX, headers=headers)
