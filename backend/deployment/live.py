"""The deployment's data as this process goes by them, saved and taken up while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.texts import Texts
from backend.database.engine import Database
from backend.deployment import versions
from backend.deployment.effective import (
    DIVISIONS,
    NAMES,
    ORGANISATION,
    Contents,
    Effective,
    Shipped,
    effective,
    own_part,
)
from backend.deployment.refusal import refused
from backend.deployment.setup_state import SetupState, setup_state
from backend.deployment.tree_change import bring_tree
from backend.organisation.audit import record_audit
from backend.petitions.rules import PetitionRules
from backend.ports import Clock

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0

# What holds → new content by name; raises ChangeRefused.
Edit = Callable[[Effective], Contents]


class Deployment:
    """`rules` and `texts` are brought to what holds, and `know` is called with it (what reads
    citizens' words); `tell` wakes the other processes after a change."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        shipped: Shipped,
        rules: PetitionRules,
        texts: Texts,
        *,
        know: Callable[[Effective], None] = lambda _: None,
        tell: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.shipped = shipped
        self._database = database
        self._clock = clock
        self._rules = rules
        self._texts = texts
        self._know = know
        self._tell = tell
        self._seen = 0
        self._wake = asyncio.Event()
        self._current = effective(shipped, {})
        self._setup = SetupState(None, over=True)

    @property
    def current(self) -> Effective:
        """What holds, as far as this process knows."""
        return self._current

    def may_set_up(self, user_id: int) -> bool:
        """Whether the first set-up is unfinished and this user's."""
        return not self._setup.over and self._setup.first_user == user_id

    async def refresh(self) -> None:
        """Take up what was saved since the last time. Raises what `effective` raises."""
        async with self._database.glance() as connection:
            newest = await versions.newest_id(connection)
            if newest != self._seen or self._seen == 0 or not self._setup.over:
                self._setup = await setup_state(connection)
            if newest == self._seen:
                return
            own = await versions.newest(connection)
        self._take(effective(self.shipped, own))
        self._seen = newest

    def _take(self, found: Effective) -> None:
        self._current = found
        self._rules.take(found.catalogue, found.calendar)
        self._texts.take(found.replies)
        self._know(found)

    def heard(self, _newest_id: int) -> None:
        """Another process saved something."""
        self._wake.set()

    async def follow(self) -> None:
        """Take up what other processes save, for ever: at their signal, and by asking."""
        while True:
            await self.refresh()
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()

    async def save(self, edit: Edit, *, user_id: int, note: str) -> None:
        """Save what `edit` makes of what holds, in a transaction of its own, and go by it.

        Raises ChangeRefused; CatalogueError, CalendarError or GuideError where `edit` let through
        what the loaders refuse. Nothing is saved then.
        """
        try:
            async with self._database.write() as connection:
                await self.save_in(connection, edit, user_id=user_id, note=note)
        except IntegrityError as error:  # two processes saved the same version at one moment
            raise refused("", "changed_meanwhile") from error
        await self.refresh()
        self._tell(self._seen)

    async def save_in(
        self, connection: AsyncConnection, edit: Edit, *, user_id: int, note: str
    ) -> None:
        """As `save`, in the caller's transaction; call `refresh` after its commit."""
        own = await versions.newest(connection)
        before = effective(self.shipped, own)
        changed = self._kept(edit(before), own)
        if not changed:
            return
        after = effective(self.shipped, {**own, **changed})
        now = self._clock.now()
        for name, content in changed.items():
            number = await versions.append_version(
                connection, name, content, note=note, user_id=user_id, now=now
            )
            await record_audit(
                connection,
                "deployment_changed",
                now,
                user_id=user_id,
                subject=name,
                detail={"version": number},
            )
        if {ORGANISATION, DIVISIONS} & set(changed):
            await bring_tree(connection, after.catalogue)

    def _kept(self, contents: Contents, own: Contents) -> Mapping[str, Any]:
        """What must be saved: own parts that are not as they were."""
        parts = {
            name: own_part(self.shipped, name, contents[name]) for name in NAMES if name in contents
        }
        nothing = {
            name: own_part(self.shipped, name, self.shipped.contents[name]) for name in parts
        }
        return {name: part for name, part in parts.items() if part != own.get(name, nothing[name])}
