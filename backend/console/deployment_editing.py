"""What the pages under 设置 share: who may, saving with what is wrong in words, and seals that
tell whether an entry changed since its form was opened."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from backend.catalogue import CatalogueError
from backend.console.forms import words
from backend.deployment.effective import Effective
from backend.deployment.live import Deployment, Edit
from backend.deployment.refusal import ChangeRefused, Problem, refused
from backend.guide.entries import GuideError
from backend.organisation.roles import Permission, may
from backend.organisation.sessions import Session
from backend.organisation.tree import root_path
from backend.petitions.deadline import CalendarError
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.posted_form import posted_form
from backend.web.sessions import require_session
from backend.web.texts import OfficialTexts

DEPLOYMENT_TEXTS = web.AppKey("xiangyin_deployment_texts", OfficialTexts)
SEAL, NOTE = "seal", "note"
# Field ('' for the whole) → sentences.
Errors = Mapping[str, Sequence[str]]


def require_editor(request: web.Request) -> Session:
    """The session of an administrator of the whole county: what is changed here holds for all of
    it. Raises a 403."""
    session = require_session(request)
    actor = session.actor
    if not may(actor.role, Permission.EDIT_DEPLOYMENT) or actor.org_path != root_path(
        actor.org_path
    ):
        raise refuse(403, "")
    return session


async def current(request: web.Request) -> tuple[Deployment, Effective]:
    """The deployment's data, what other processes saved a moment ago included."""
    deployment = dependencies(request).deployment
    await deployment.refresh()
    return deployment, deployment.current


def seal(entry: object) -> str:
    """Changes with the entry; goes into its form."""
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()[:16]


async def save(
    request: web.Request,
    edit: Edit,
    entry: Callable[[Effective], Any] | None = None,
    *,
    note: str = "",
) -> Errors:
    """Save, unless `entry` changed since its form was opened; what is wrong, {} where it is saved.
    The form's `note`, else the given one, says why."""
    session, form = require_editor(request), await posted_form(request)

    def guarded(now: Effective) -> Any:
        if entry is not None and words(form, SEAL) != seal(entry(now)):
            raise refused("", "changed_meanwhile")
        return edit(now)

    try:
        await dependencies(request).deployment.save(
            guarded, user_id=session.actor.user_id, note=words(form, NOTE).strip() or note
        )
    except ChangeRefused as error:
        return in_words(request, error.problems)
    except (CatalogueError, CalendarError, GuideError) as error:
        return in_words(request, [Problem("", "inconsistent", {"detail": str(error)})])
    return {}


def in_words(request: web.Request, problems: Sequence[Problem]) -> Errors:
    """Sentences by field."""
    texts = request.app[DEPLOYMENT_TEXTS].problems
    found: dict[str, list[str]] = {}
    for one in problems:
        found.setdefault(one.field, []).append(texts[one.code].format(**one.params))
    return found


def done_words(request: web.Request) -> str | None:
    """What to say after a redirect."""
    done: str | None = request.app[DEPLOYMENT_TEXTS].done.get(request.query.get("done", ""))
    return done
