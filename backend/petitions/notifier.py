"""How petitions speak to citizens; `backend.conversation` implements it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection


class Notifier(Protocol):
    """Both queue in the caller's transaction: what is not committed is never said."""

    async def tell(
        self,
        connection: AsyncConnection,
        petition_id: int,
        key: str,
        params: Mapping[str, str | int | None],
    ) -> None:
        """Say the text `key` to the petition's citizen by the channel they used."""

    async def ask_rating(self, connection: AsyncConnection, petition_id: int) -> None:
        """Ask the citizen whether the answer helped."""
