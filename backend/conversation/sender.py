"""Sends what is due: claims rows, asks the channels, records the outcomes in groups."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.conversation import outbox, outcomes
from backend.conversation.addresses import AccountRow
from backend.conversation.background import Loops, where
from backend.conversation.carriers import Carriers
from backend.conversation.linking import code_told
from backend.conversation.outbox import Claimed
from backend.conversation.outcomes import Outcome
from backend.conversation.push_rate import PORTION_SECONDS, PushRate
from backend.conversation.steps import reach
from backend.database.engine import Database
from backend.ports import Channel, Clock, Outbound, SendResult, Unknown, Unreachable
from backend.surveys.push_limits import QuietHours

log = structlog.get_logger(__name__)

# Per account, so that one whose provider hangs leaves the others' places free.
MOST_AT_ONCE = 32
# Of these, so that pushes leave places for answers.
MOST_PUSHES_AT_ONCE = 12
SETTLE_EVERY_SECONDS = 5.0
RECORD_RETRY_SECONDS = 1.0
CLOSE_TRIES = 5


class Sender:
    """Owns the rows of the accounts whose channels live in this process."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        owner: str,
        channels: Mapping[str, Channel],
        *,
        claim_seconds: float = outbox.CLAIM_SECONDS,
        poll_seconds: float = 1.0,
        push_per_second: Mapping[str, float] | None = None,
        quiet: QuietHours | None = None,
        carriers: Carriers | None = None,
        link: Callable[[int], str] = lambda _outbox_id: "",
    ) -> None:
        """`push_per_second` by account name; nothing is pushed in `quiet` hours. `carriers`: where
        accounts stand in for each other. `link`: the page where a row's citizen reads it."""
        self._claim_seconds = claim_seconds
        self._poll_seconds = poll_seconds
        # What is sent must be recorded before the claim runs out.
        self._send_seconds = claim_seconds / 2
        self._database = database
        self._clock = clock
        self._owner = owner
        self._channels = channels
        self._push_per_second = push_per_second or {}
        self._push_rate = PushRate({})
        self._pushing: Counter[int] = Counter()
        self._pushes_wait = False
        self._quiet = quiet or QuietHours()
        self._carriers = carriers or Carriers(database, clock, {})
        self._link = link
        self._by_id: dict[int, Channel] = {}
        self._wanted = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._under_way: Counter[int] = Counter()
        self._closing = False
        self._claiming = asyncio.Lock()
        self._outcomes: list[Outcome] = []
        self._recordable = asyncio.Event()
        self._claims, self._others = Loops(clock), Loops(clock)

    def wake(self, _outbox_id: int = 0) -> None:
        self._wanted.set()

    async def start(self, accounts: Mapping[str, AccountRow]) -> None:
        self._by_id = {accounts[name].id: channel for name, channel in self._channels.items()}
        self._push_rate = PushRate(
            {accounts[name].id: rate for name, rate in self._push_per_second.items()}
        )
        await self._carriers.start(accounts)
        self._closing = False
        self._claims.start({"sender": self._claim_and_send})
        self._others.start({"sender-record": self._record_groups, "sender-settle": self._settle})

    async def close(self) -> None:
        """Let what is under way come to its end, so that nothing becomes unknown by a restart."""
        if not self._claims:
            return
        # Not cancelled at once: a claim that commits as it is cancelled would never be sent.
        self._closing = True
        async with self._claiming:
            pass
        await self._claims.stop()
        if self._sending:
            await asyncio.wait(self._sending, timeout=self._send_seconds)
        await self._others.stop()
        await self._carriers.close()
        for _ in range(CLOSE_TRIES):
            if not self._outcomes:
                break
            await self._record_once()

    async def _claim_and_send(self) -> None:
        while True:
            async with self._claiming:
                full = self._closing or not await self._fill()
            if full:
                await self._pause(
                    min(PORTION_SECONDS, self._poll_seconds)
                    if self._pushes_wait
                    else self._poll_seconds
                )

    async def _fill(self) -> bool:
        """Claim rows and begin to send them; True when more may be due."""
        now = self._clock.now()
        accounts = [id_ for id_ in self._by_id if self._under_way[id_] < MOST_AT_ONCE]
        pushes = {} if self._quiet.hold(now) else self._pushes_allowed(accounts, now)
        claimed, pushed = await self._claim(accounts, pushes, now) if accounts else ([], [])
        for row in claimed:
            self._begin(row)
        for row in pushed:
            self._push_rate.spend(row.account_id, 1)
            self._pushing[row.account_id] += 1
            self._begin(row).add_done_callback(partial(self._pushed, row.account_id))
        if pushes:
            self._pushes_wait = bool(pushed)
        return len(claimed) == MOST_AT_ONCE

    def _pushes_allowed(self, accounts: Sequence[int], now: datetime) -> dict[int, int]:
        """How many pushes each account may begin now; only those that may begin any."""
        free = {id_: MOST_PUSHES_AT_ONCE - self._pushing[id_] for id_ in accounts}
        allowed = {
            id_: min(places, self._push_rate.allowed(id_, now)) for id_, places in free.items()
        }
        return {id_: pushes for id_, pushes in allowed.items() if pushes > 0}

    def _begin(self, row: Claimed) -> asyncio.Task[None]:
        self._under_way[row.account_id] += 1
        task = asyncio.create_task(self._send(row))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return task

    def _pushed(self, account_id: int, _: asyncio.Task[None]) -> None:
        self._pushing[account_id] -= 1

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            return
        self._wanted.clear()

    async def _claim(
        self, accounts: list[int], pushes: Mapping[int, int], now: datetime
    ) -> tuple[list[Claimed], list[Claimed]]:
        """(answers and notices, pushes)."""
        pushed: list[Claimed] = []
        try:
            async with self._database.write() as connection:
                rows = await outbox.claim_due(
                    connection, accounts, self._owner, now, MOST_AT_ONCE, self._claim_seconds
                )
                for account_id, most in pushes.items():
                    pushed += await outbox.claim_pushes(
                        connection, account_id, self._owner, now, most, self._claim_seconds
                    )
                rows = list(await self._carriers.assign(connection, rows))
                pushed = list(await self._carriers.assign(connection, pushed))
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("sender.sql_failed", error=type(error).__name__)
            await self._clock.sleep(RECORD_RETRY_SECONDS)
            return [], []
        if rows or pushed:
            reach("outbox.claimed")
        return rows, pushed

    async def _send(self, row: Claimed) -> None:
        result: SendResult
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._send_seconds):
                result = await self._ask(row)
        except TimeoutError:
            result = Unknown("no outcome in time")
        except Exception as error:  # noqa: BLE001 - a channel's own fault, before or after sending
            log.error(
                "sender.channel_failed",
                outbox_id=row.id,
                error=type(error).__name__,
                where=where(error),
            )
            result = Unknown(f"channel failed: {type(error).__name__}")
        finally:
            # The next row of this address waits for the record; another's may have waited for a
            # place.
            if self._under_way[row.account_id] >= MOST_AT_ONCE:
                self._wanted.set()
            self._under_way[row.account_id] -= 1
        reach("outbox.sent")
        result = self._carriers.observe(row, result, time.monotonic() - began)
        self._outcomes.append(Outcome(row, result))
        self._recordable.set()

    async def _ask(self, row: Claimed) -> SendResult:
        if row.left_at is not None:
            return Unreachable("no longer follows the account")
        channel = self._by_id[row.account_id]
        return await channel.send(
            Outbound(
                row.id,
                row.external_id,
                row.text,
                row.about,
                row.noticed_by,
                link=self._link(row.id),
                code=code_told(row.key, row.text),
            )
        )

    async def _record_groups(self) -> None:
        while True:
            await self._recordable.wait()
            self._recordable.clear()
            while self._outcomes:
                await self._record_once()
                self._wanted.set()

    async def _record_once(self) -> None:
        group, self._outcomes = self._outcomes, []
        recorded = False
        try:
            async with self._database.write() as connection:
                await outcomes.record(connection, group, self._clock.now())
            recorded = True
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("sender.not_recorded", error=type(error).__name__, rows=len(group))
            await self._clock.sleep(RECORD_RETRY_SECONDS)
        finally:
            if not recorded:
                self._outcomes = group + self._outcomes
        if recorded:
            reach("outbox.recorded")

    async def _settle(self) -> None:
        while True:
            try:
                await self.settle(self._clock.now())
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("sender.not_settled", error=type(error).__name__)
            await self._clock.sleep(SETTLE_EVERY_SECONDS)

    async def settle(self, now: datetime) -> None:
        """Give up on rows whose sender died."""
        idempotent = [id_ for id_, channel in self._by_id.items() if channel.idempotent]
        async with self._database.write() as connection:
            settled = await outbox.settle_abandoned(connection, idempotent, now)
        if settled:
            log.warning("sender.abandoned", rows=settled)
            self._wanted.set()
