"""What every page of surveys begins with: whose it is, who may change it, over which accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console.forms import Form, words
from backend.console.survey_wording import SURVEY_TEXTS
from backend.organisation.sessions import Actor, Session
from backend.organisation.tables import account, org
from backend.organisation.tree import root_path
from backend.surveys.after_restore import paused_by_restore
from backend.surveys.lifecycle import State, SurveyRefused
from backend.surveys.reading import ListedSurvey, Survey, read_survey
from backend.surveys.visibility import manages
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.errors import refuse
from backend.web.sessions import require_session

PATH = "/surveys/{id:[0-9]{1,18}}"


@dataclass(frozen=True, slots=True)
class SmsAccount:
    """An account that sends text messages."""

    id: int
    name: str
    org_name: str


async def found_survey(connection: AsyncConnection, request: web.Request) -> Survey:
    """The survey of the address. Raises a 404 for one of another branch."""
    deps, actor = dependencies(request), require_session(request).actor
    found = await read_survey(connection, actor, int(request.match_info["id"]), deps.clock.now())
    if found is None:
        raise refuse(404, "")
    return found


def require_author(request: web.Request) -> Session:
    """The session of someone who may manage surveys. Raises a 403."""
    session = require_session(request)
    if not manages(session.actor):
        raise refuse(403, "")
    return session


async def found_draft(connection: AsyncConnection, request: web.Request) -> Survey:
    """The survey of the address, still a draft. Raises a 404, or a 409 once it has opened."""
    found = await found_survey(connection, request)
    if found.state is not State.DRAFT:
        raise refuse(409, refusal(request, SurveyRefused("impossible"), found.state))
    return found


def refusal(request: web.Request, refused: SurveyRefused, state: str) -> str:
    """Why a step was not taken, in words."""
    texts = request.app[SURVEY_TEXTS]
    return texts.word("refused", refused.problem).format(state=texts.word("states", state))


def version_of(form: Form) -> int:
    """The version the form was made from; 0, which no survey has, where it says none."""
    text = words(form, "version")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


async def forgotten_since(
    connection: AsyncConnection, surveys: Sequence[Survey | ListedSurvey]
) -> dict[int, datetime]:
    """Surveys that stopped as a backup was put back: id → from when on it is not known who was
    asked."""
    opened = {
        one.id: one.opened_at for one in surveys if one.state is State.PAUSED and one.opened_at
    }
    if not opened:
        return {}
    return await paused_by_restore(connection, opened, min(opened.values()))


async def sms_accounts(
    connection: AsyncConnection, deps: WebDependencies, actor: Actor
) -> Sequence[SmsAccount]:
    """Those of the actor's county that send text messages, the nearest office's first."""
    rows = await connection.execute(
        select(account.c.id, account.c.name, org.c.name.label("org_name"), org.c.path)
        .join(org, org.c.id == account.c.org_id)
        .where(org.c.path.startswith(root_path(actor.org_path), autoescape=True))
        .order_by(account.c.id)
    )
    found = [row for row in rows if deps.looks.get(row.name) == "sms"]
    nearest = sorted(
        found, key=lambda row: (not actor.org_path.startswith(row.path), -len(row.path), row.id)
    )
    return [SmsAccount(row.id, row.name, row.org_name) for row in nearest]


async def looks_by_id(connection: AsyncConnection, deps: WebDependencies) -> dict[int, str]:
    """Account id → 'wechat', 'sms'; an account no longer configured goes by its channel."""
    rows = await connection.execute(select(account.c.id, account.c.name, account.c.channel))
    return {row.id: deps.looks.get(row.name, row.channel) for row in rows}


async def account_names(connection: AsyncConnection) -> dict[int, str]:
    """Name by id of all accounts."""
    rows = await connection.execute(select(account.c.id, account.c.name))
    return {row.id: row.name for row in rows}
