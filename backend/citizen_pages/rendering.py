"""Pages out of templates: autoescaped, with the words and the one style sheet they need."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import hdrs, web

from backend.clock import SHANGHAI
from backend.web.markers import public
from backend.web.texts import OfficialTexts

FOLDER = Path(__file__).parent
STYLE = (FOLDER / "static" / "citizen.css").read_bytes()
STYLE_DIGEST = hashlib.sha256(STYLE).hexdigest()[:16]
FOR_EVER = "public, max-age=31536000, immutable"


def setup_templates(app: web.Application, texts: OfficialTexts) -> None:
    """Prepare the app's template environment."""
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    style = str(app.router["style"].url_for(digest=STYLE_DIGEST))
    environment.globals.update(texts=texts, style=style)
    environment.filters.update(day=day, iso=lambda at: at.isoformat())


def render(
    request: web.Request, template: str, context: Mapping[str, Any], *, status: int = 200
) -> web.Response:
    return aiohttp_jinja2.render_template(template, request, context, status=status)


def day(at: datetime | date) -> str:
    """'11月23日', in Asia/Shanghai."""
    there = at.astimezone(SHANGHAI) if isinstance(at, datetime) else at
    return f"{there.month}月{there.day}日"


@public
async def style(request: web.Request) -> web.Response:
    """GET /me/style/{digest}: kept by browsers for ever, as its address changes with it."""
    if request.match_info["digest"] != STYLE_DIGEST:
        raise web.HTTPNotFound
    return web.Response(
        body=STYLE,
        content_type="text/css",
        charset="utf-8",
        headers={hdrs.CACHE_CONTROL: FOR_EVER},
    )
