"""Takes citizens one at a time: lease, turn, rule or bot, commit.

Many citizens are worked on at once, one turn each; a citizen's turns follow one another.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.conversation import lease as leases
from backend.conversation import turns
from backend.conversation.background import Loops, where
from backend.conversation.bot_client import BotUnavailable
from backend.conversation.lease import Lease, LeaseLost
from backend.conversation.outbox import backoff
from backend.conversation.signals import Signals
from backend.conversation.steps import reach
from backend.conversation.turn import TurnTaker
from backend.conversation.turns import Turn
from backend.database.engine import Database
from backend.ports import Clock

log = structlog.get_logger(__name__)

AT_ONCE = 24
POLL_LIMIT = 500
LONGEST_RETRY_SECONDS = 8.0
CLOSE_SECONDS = 3.0


class Worker:
    """`wake` tells it that a citizen has something to read."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        owner: str,
        taker: TurnTaker,
        signals: Signals,
        *,
        lease_seconds: float = leases.LEASE_SECONDS,
        poll_seconds: float = 1.0,
    ) -> None:
        self._lease_seconds = lease_seconds
        self._poll_seconds = poll_seconds
        self._database = database
        self._clock = clock
        self._owner = owner
        self._taker = taker
        self._signals = signals
        self._todo: asyncio.Queue[int] = asyncio.Queue()
        self._queued: set[int] = set()
        self._running: set[int] = set()
        self._again: set[int] = set()
        self._loops = Loops(clock)
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()

    def wake(self, citizen_id: int) -> None:
        if citizen_id in self._running:
            self._again.add(citizen_id)
        elif citizen_id not in self._queued:
            self._queued.add(citizen_id)
            self._todo.put_nowait(citizen_id)

    async def start(self) -> None:
        workers = {f"worker-{number}": self._work for number in range(AT_ONCE)}
        self._loops.start({"worker-poll": self._poll, **workers})

    async def close(self) -> None:
        """Let turns under way come to their end: one cut off keeps its lease till it runs out, and
        its citizen waits as long."""
        self._closing = True
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._idle.wait()
        await self._loops.stop()

    async def _poll(self) -> None:
        while True:
            try:
                async with self._database.read() as connection:
                    for citizen_id in await turns.waiting_citizens(
                        connection, self._clock.now(), POLL_LIMIT
                    ):
                        self.wake(citizen_id)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("worker.poll_failed", error=type(error).__name__)
            await self._clock.sleep(self._poll_seconds)

    async def _work(self) -> None:
        while True:
            citizen_id = await self._todo.get()
            self._queued.discard(citizen_id)
            if self._closing:
                continue
            self._running.add(citizen_id)
            self._idle.clear()
            more = False
            try:
                more = await self.take_turn(citizen_id)
            except LeaseLost:
                log.info("worker.lease_lost", citizen=citizen_id)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                # The lease runs out by itself; the poll finds the turn again.
                log.warning("worker.sql_failed", citizen=citizen_id, error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - one citizen's trouble must not end a worker
                log.error(
                    "worker.failed",
                    citizen=citizen_id,
                    error=type(error).__name__,
                    where=where(error),
                )
            finally:
                self._running.discard(citizen_id)
                if not self._running:
                    self._idle.set()
                if more or citizen_id in self._again:
                    # To the end of the queue: many messages of one citizen delay no other.
                    self._again.discard(citizen_id)
                    self.wake(citizen_id)

    async def take_turn(self, citizen_id: int) -> bool:
        """One turn; True when another may follow at once. Raises LeaseLost, SQLAlchemyError."""
        now = self._clock.now()
        async with self._database.write() as connection:
            lease = await leases.take(connection, citizen_id, self._owner, now, self._lease_seconds)
            if lease is None:
                return False
            reach("lease.taken")
            turn = await self._taker.begin(connection, lease, now)
            if turn is None:
                await leases.give_back(connection, lease)
                return False
        reach("turn.started")
        # Tried this often, it may be the turn's own fault: only a bot that is well before the try
        # and after it tells that from an outage that has just ended.
        last_try = turn.attempts + 1 >= turns.MOST_FAILURES
        well_before = last_try and await self._taker.bot_is_well()
        try:
            taken = await self._taker.take(lease, turn)
        except (LeaseLost, SQLAlchemyError, OSError, TimeoutError):
            raise
        except BotUnavailable as error:
            log.warning("worker.bot_unavailable", reason=str(error), attempts=turn.attempts + 1)
            if well_before and await self._taker.bot_is_well():
                # It answers others, so it is this turn that it never comes to an end with.
                await self._set_right(lease, turn)
            else:
                await self._postpone(lease, turn)
            return True  # what a rule answers does not wait for the bot
        except Exception as error:  # noqa: BLE001 - no turn may stop the worker
            # Never the exception's words: a citizen's may stand in them.
            log.error(
                "worker.turn_failed",
                error=type(error).__name__,
                where=where(error),
                turn=turn.id,
            )
            await self._set_right(lease, turn)
            return True
        reach("turn.committed")
        for message in turn.messages:
            self._signals.send("answered", message.id)
        if taken.queued:
            self._signals.send("outbox", taken.queued)
        return taken.more

    async def _postpone(self, lease: Lease, turn: Turn) -> None:
        wait = min(backoff(turn.attempts + 1) / 2, LONGEST_RETRY_SECONDS)
        now = self._clock.now()
        async with self._database.write() as connection:
            await turns.postpone(connection, lease, turn, now + timedelta(seconds=wait))
            queued = await self._taker.say_received(connection, lease, turn, now)
        if queued:
            self._signals.send("outbox", queued)
        asyncio.get_running_loop().call_later(wait + 0.01, self.wake, lease.citizen_id)

    async def _set_right(self, lease: Lease, turn: Turn) -> None:
        """A turn that fails by itself is tried again, and after some tries given to a person."""
        if turn.attempts + 1 < turns.MOST_FAILURES:
            await self._postpone(lease, turn)
            return
        queued = await self._taker.hand_over(lease, turn)
        if queued:
            self._signals.send("outbox", queued)
