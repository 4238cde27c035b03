"""What the backend says on its own: notices go to the outbox, questions to the citizen's queue.

A question (rate our answer) enters as an internal message, so that the bot knows which question a
bare '2' answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import outbox
from backend.conversation.signals import Signals
from backend.conversation.tables import message
from backend.conversation.texts import Reply, Texts
from backend.database.insert_once import InsertOnce
from backend.organisation.tables import account
from backend.petitions.tables import petition
from backend.ports import Clock

# A signal before the commit would find nothing; the poll would then take half a second.
AFTER_COMMIT_SECONDS = 0.02

_ASK = InsertOnce(message, ["account_id", "external_id"])


class ConversationNotifier:
    """`backend.petitions.notifier.Notifier` by outbox and inbox, in the caller's transaction."""

    def __init__(
        self, texts: Texts, looks: Mapping[str, str], signals: Signals, clock: Clock
    ) -> None:
        self._texts = texts
        self._looks = looks
        self._signals = signals
        self._clock = clock

    async def tell(
        self,
        connection: AsyncConnection,
        petition_id: int,
        key: str,
        params: Mapping[str, str | int | None],
    ) -> None:
        """Say `key` to the petitioner by the channel they used; once per state of the petition."""
        row = await self._petition(connection, petition_id)
        now = self._clock.now()
        look = self._looks.get(row.account_name, row.channel)
        queued = await outbox.queue(
            connection,
            dedupe_key=f"petition:{petition_id}:v{row.version}:{key}",
            text=self._texts.render([Reply(key, params)], look),
            due_at=now,
            account_id=row.account_id,
            address_id=row.address_id,
            citizen_id=row.citizen_id,
            petition_id=petition_id,
            lane="notice",
            key=key,
            created_at=now,
        )
        if queued is not None:
            self._signal("outbox", queued)

    async def ask_rating(self, connection: AsyncConnection, petition_id: int) -> None:
        """Ask whether the answer helped; once per answer."""
        row = await self._petition(connection, petition_id)
        await connection.execute(
            _ASK(connection),
            {
                "account_id": row.account_id,
                "external_id": f"internal:ask_rating:{petition_id}:{row.version}",
                "address_id": row.address_id,
                "citizen_id": row.citizen_id,
                "kind": "internal",
                "text": "",
                "detail": {"type": "ask_rating", "number": row.number},
                "media_count": 0,
                "received_at": self._clock.now(),
            },
        )
        self._signal("waiting", row.citizen_id)

    async def _petition(
        self, connection: AsyncConnection, petition_id: int
    ) -> Row[*tuple[Any, ...]]:
        return (
            await connection.execute(
                select(
                    petition.c.number,
                    petition.c.version,
                    petition.c.citizen_id,
                    petition.c.account_id,
                    petition.c.address_id,
                    petition.c.channel,
                    account.c.name.label("account_name"),
                )
                .join(account, account.c.id == petition.c.account_id)
                .where(petition.c.id == petition_id)
            )
        ).one()

    def _signal(self, topic: str, payload: int) -> None:
        asyncio.get_running_loop().call_later(
            AFTER_COMMIT_SECONDS, self._signals.send, topic, payload
        )
