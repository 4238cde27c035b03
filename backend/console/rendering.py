"""Pages out of templates: autoescaped, with the words, addresses and files they need."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web
from markupsafe import Markup

from backend.console.assets import Assets
from backend.console.option_lists import option_groups, options
from backend.console.wording import file_size, iso, last_day, local, moment
from backend.organisation.roles import Permission, may
from backend.organisation.tree import root_path
from backend.ports import Clock
from backend.web.dependencies import DEPENDENCIES
from backend.web.sessions import CSRF_FIELD, session_of_request
from backend.web.texts import TEXTS, OfficialTexts

TEMPLATES = Path(__file__).parent / "templates"


def setup_templates(
    app: web.Application, *, assets: Assets, texts: OfficialTexts, clock: Clock
) -> None:
    """Prepare the app's template environment."""
    app[TEXTS] = texts

    def path(name: str, /, **parts: object) -> str:
        return str(app.router[name].url_for(**{key: str(value) for key, value in parts.items()}))

    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        asset=assets.url, texts=texts, path=path, options=options, option_groups=option_groups
    )
    environment.filters.update(
        iso=iso,
        last_day=last_day,
        local=local,
        file_size=file_size,
        moment=lambda at: moment(at, clock.now()),
    )


def render(
    request: web.Request, template: str, context: Mapping[str, Any], *, status: int = 200
) -> web.Response:
    """A page for whoever asks; `me`, `csrf_token` and `csrf_field` are always there."""
    session = session_of_request(request)
    token = session.csrf_token if session else ""

    def csrf_field() -> Markup:
        return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, token)

    me = None
    if session is not None:
        me = {
            "name": session.actor.name,
            "login": session.login,
            "org_name": session.org_name,
            "role": session.actor.role,
            "edits_deployment": may(session.actor.role, Permission.EDIT_DEPLOYMENT)
            and session.actor.org_path == root_path(session.actor.org_path),
            "sets_up": request.config_dict[DEPENDENCIES].deployment.may_set_up(
                session.actor.user_id
            ),
            "manages_users": may(session.actor.role, Permission.MANAGE_USERS),
        }
    always = {"me": me, "csrf_token": token, "csrf_field": csrf_field, "here": "", "notice": None}
    return aiohttp_jinja2.render_template(template, request, {**always, **context}, status=status)


def wants_part(request: web.Request) -> bool:
    """htmx asks for a part of the page; a browser that goes back in history wants it whole."""
    return request.headers.get("HX-Request") == "true" and (
        request.headers.get("HX-History-Restore-Request") != "true"
    )
