"""At the next contact: what had no route is sent, what may have been lost is offered."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import outbox
from backend.conversation.scene import Scene
from backend.conversation.tables import outbox as table
from backend.conversation.texts import Reply

RESEND_AT_MOST = 5


async def at_contact(connection: AsyncConnection, scene: Scene) -> list[Reply]:
    """Queue kept rows again; one line of offer where an answer's fate is unknown. Nothing for an
    internal turn: the citizen has not come to us."""
    if scene.messages[0].kind == "internal":
        return []
    await connection.execute(
        update(table)
        .where(
            outbox.in_states(outbox.NOT_TOLD),
            table.c.citizen_id == scene.citizen_id,
            table.c.address_id == scene.address_id,
            table.c.state == "kept",
        )
        .values(state="queued", attempts=0, due_at=scene.now)
    )
    offered = await connection.execute(
        update(table)
        .where(
            outbox.in_states(outbox.NOT_TOLD),
            table.c.citizen_id == scene.citizen_id,
            table.c.state == "unknown",
            table.c.offered_at.is_(None),
            table.c.lane != "push",
        )
        .values(offered_at=scene.now)
    )
    return [Reply("offer_resend")] if offered.rowcount else []


async def resend(connection: AsyncConnection, scene: Scene) -> list[Reply]:
    """The citizen asks for what may have been lost: say it again as new rows, word for word."""
    rows = (
        await connection.execute(
            select(table.c.id, table.c.text, table.c.key)
            .where(outbox.in_states(outbox.NOT_TOLD))
            .where(table.c.citizen_id == scene.citizen_id, table.c.state == "unknown")
            .where(table.c.lane != "push")
            .order_by(table.c.id.desc())
            .limit(RESEND_AT_MOST)
        )
    ).all()
    for row in reversed(rows):
        await outbox.queue(
            connection,
            dedupe_key=f"resend:{row.id}:{scene.turn_id}",
            text=row.text,
            due_at=scene.now,
            account_id=scene.account_id,
            address_id=scene.address_id,
            citizen_id=scene.citizen_id,
            lane="reply",
            key=row.key,
            created_at=scene.now,
        )
    return [Reply("resent_prefix" if rows else "nothing_to_resend")]
