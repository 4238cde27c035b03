"""An answer that a webhook gives back goes out by the active route; one that left does not."""

from __future__ import annotations

from typing import Any, cast

import pytest
from sqlalchemy import select, update

from backend.conversation import outbox
from backend.conversation.addresses import find_or_open, load_accounts
from backend.conversation.gateway import ConversationGateway
from backend.conversation.tables import outbox as table
from backend.database.engine import Database
from backend.ports import PassiveReply
from tests.conversation.conftest import HandClock


@pytest.mark.parametrize(
    ("state", "route", "claimable"),
    [("sending", "passive", True), ("sent", "passive", False), ("sending", "active", False)],
)
async def test_a_declined_reply_is_queued_again_only_if_nothing_left(
    database: Database, clock: HandClock, state: str, route: str, claimable: bool
) -> None:
    async with database.write() as connection:
        town = (await load_accounts(connection))["town"]
        (who,) = (await find_or_open(connection, [(town, "oCitizen")], clock.now())).values()
        row_id = await outbox.queue(
            connection,
            dedupe_key="k",
            text="很长的答复",
            due_at=clock.now(),
            account_id=town.id,
            address_id=who.id,
            citizen_id=who.citizen_id,
            lane="reply",
            key="test",
            created_at=clock.now(),
        )
        await connection.execute(
            update(table).where(table.c.id == row_id).values(state=state, route=route, carried=1)
        )
    unused = cast(Any, None)
    gateway = ConversationGateway(database, unused, unused, clock, "me")
    await gateway.reply_declined(PassiveReply(row_id or 0, "很长的答复"))
    async with database.write() as connection:
        claimed = await outbox.claim_due(connection, [town.id], "sender", clock.now(), 5)
    assert [row.text for row in claimed] == (["很长的答复"] if claimable else [])
    async with database.read() as connection:
        now = (await connection.execute(select(table.c.state, table.c.route))).one()
    assert tuple(now) == (("sending", "active") if claimable else (state, route))
