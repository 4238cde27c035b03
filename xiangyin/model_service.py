"""Which model serves: changed on the shelf, and written down in the audit."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Mapping

from backend.database.engine import Database
from backend.learning.shelf import Shelf
from backend.organisation.audit import record_audit
from backend.ports import Clock
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason
from xiangyin.lessons import is_ready
from xiangyin.settings import TRIAGE_MODEL, Settings

PUT_IN_SERVICE = "model_put_in_service"
ROLLED_BACK = "model_rolled_back"


def shelf_of(settings: Settings) -> Shelf:
    """The models of this installation."""
    return Shelf(settings.models_dir, TRIAGE_MODEL)


def put_in_service(
    settings: Settings, name: str, clock: Clock, *, reason: str, not_worse: bool | None
) -> str:
    """Let the model serve; a sentence for the operator where it could not be written down, else
    ''. `not_worse` is its trial's verdict, None where it was not asked. Raises ShelfError."""
    before = shelf_of(settings).put_in_service(name)
    detail = {"before": before, "reason": reason, "not_worse": not_worse}
    return _write_down(settings, PUT_IN_SERVICE, name, detail, clock)


def roll_back(settings: Settings, clock: Clock) -> tuple[str, str]:
    """Back to the model before; its name, and a sentence as above. Raises ShelfError."""
    left, name = shelf_of(settings).roll_back()
    return name, _write_down(settings, ROLLED_BACK, name, {"before": left}, clock)


def _write_down(
    settings: Settings, action: str, name: str, detail: Mapping[str, object], clock: Clock
) -> str:
    """The change stands even with the database away: a bad model must go at once."""

    async def write() -> bool:
        database = Database(settings.database_url)
        try:
            if not await is_ready(settings, database):
                return False
            async with database.write() as connection:
                await record_audit(
                    connection,
                    action,
                    clock.now(),
                    subject=name,
                    detail={**detail, "operator": _operator()},
                )
            return True
        finally:
            await database.close()

    try:
        written = asyncio.run(write())
    except DATABASE_ERRORS as error:
        return f"数据库用不了，这一步没有记进审计：{database_reason(error)}"
    return "" if written else "数据库还没有建立或升级，这一步没有记进审计"


def _operator() -> str:
    """Who sits at the command line, as the machine knows them."""
    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
