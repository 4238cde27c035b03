"""How far an installation's first set-up has come. It is the first administrator's alone, who got
the one-time password on the machine itself; with other users before it began, there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.deployment.versions import append_version, history
from backend.organisation.audit import record_audit
from backend.organisation.tables import user

NAME = "setup"
STEPS = ("county", "offices", "staff", "try", "done")


@dataclass(frozen=True)
class SetupState:
    """`step` is the first not yet done; `staff` are the users it made; `over`: done or there is
    nothing to set up."""

    first_user: int | None
    step: str = STEPS[0]
    staff: Sequence[int] = field(default_factory=list)
    over: bool = False


async def setup_state(connection: AsyncConnection) -> SetupState:
    """How it stands."""
    first, count = (await connection.execute(select(func.min(user.c.id), func.count()))).one()
    saved = await history(connection, NAME, limit=1)
    if saved:
        return SetupState(first, **saved[0].content)
    return SetupState(first, over=count != 1)


async def keep_setup(
    connection: AsyncConnection, state: SetupState, *, user_id: int, now: datetime
) -> None:
    """Remember how far it has come."""
    content = {name: value for name, value in asdict(state).items() if name != "first_user"}
    await append_version(connection, NAME, content, note="", user_id=user_id, now=now)
    if state.over:
        await record_audit(connection, "setup_finished", now, user_id=user_id)


def after(state: SetupState, step: str) -> SetupState:
    """With `step` done; going back to an earlier one takes nothing back."""
    following = STEPS[min(STEPS.index(step) + 1, len(STEPS) - 1)]
    further = max(following, state.step, key=STEPS.index)
    return replace(state, step=further)
