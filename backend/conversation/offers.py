"""At the next contact: what had no route is sent, what may have been lost is offered."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import outbox
from backend.conversation.following import LEAVES
from backend.conversation.scene import Scene
from backend.conversation.tables import CODE_KEY
from backend.conversation.tables import outbox as table
from backend.conversation.texts import Reply
from backend.surveys.wording import SURVEY_KEYS

RESEND_AT_MOST = 5
RESENT = "resent"

_c = table.c
# A code is good for minutes, and only there where it was asked for.
_NO_CODE = _c.key != CODE_KEY
_OF_CITIZEN = outbox.in_states(outbox.NOT_TOLD), _c.citizen_id == bindparam("whose"), _NO_CODE
# A question that did not reach them is asked anew, if it still is one (backend/surveys).
_NO_QUESTION = ~((_c.lane == outbox.PUSH) & _c.key.startswith(SURVEY_KEYS, autoescape=True))
_NOT_TOLD = select(_c.state, _c.address_id, _c.lane, _c.offered_at).where(*_OF_CITIZEN)
_SEND_KEPT = (
    update(table)
    .where(*_OF_CITIZEN, _c.address_id == bindparam("at_address"), _c.state == "kept")
    .where(_NO_QUESTION)
    .values(
        state="queued",
        route=None,
        attempts=0,
        due_at=bindparam("due"),
        told=func.coalesce(_c.cut, _c.told),
        cut=None,
        rides_with=None,
        carried_for=None,
    )
)
_OFFER_UNKNOWN = (
    update(table)
    .where(*_OF_CITIZEN, _c.state == "unknown", _c.offered_at.is_(None), _c.lane != "push")
    .values(offered_at=bindparam("now"))
)


async def at_contact(connection: AsyncConnection, scene: Scene) -> list[Reply]:
    """Queue kept rows again (but no survey's question), to ride back with this turn's answer where
    a webhook waits: the only route of an account that may not push. One line of offer where an
    answer's fate is unknown. Nothing for an internal turn: the citizen has not come to us; nor
    where they have left."""
    first = scene.messages[0]
    if first.kind == "internal" or (first.detail or {}).get("event") == LEAVES:
        return []
    whose = {"whose": scene.citizen_id, "at_address": scene.address_id}
    waiting = (await connection.execute(_NOT_TOLD, whose)).all()
    if any(row.state == "kept" and row.address_id == scene.address_id for row in waiting):
        await connection.execute(_SEND_KEPT, {**whose, "due": scene.reply_due})
    lost = [row for row in waiting if row.state == "unknown" and row.offered_at is None]
    if all(row.lane == "push" for row in lost):
        return []
    offered = await connection.execute(_OFFER_UNKNOWN, {**whose, "now": scene.now})
    return [Reply("offer_resend")] if offered.rowcount else []


async def resend(connection: AsyncConnection, scene: Scene) -> list[Reply]:
    """The citizen asks for what may have been lost: say it again, word for word."""
    rows = (
        await connection.execute(
            select(table.c.text)
            .where(outbox.in_states(outbox.NOT_TOLD))
            .where(table.c.citizen_id == scene.citizen_id, table.c.state == "unknown")
            .where(table.c.lane != "push", table.c.key.not_like(f"{RESENT}%"), _NO_CODE)
            .order_by(table.c.id.desc())
            .limit(RESEND_AT_MOST)
        )
    ).all()
    if not rows:
        return [Reply("nothing_to_resend")]
    return [Reply(RESENT, {"text": "\n".join(row.text for row in reversed(rows))})]
