"""The channel of one CMPP account: sessions with the gateway, and what is kept beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from aiohttp import web

from backend.ports import (
    Account,
    ChannelDependencies,
    InboxUnavailable,
    MediaContent,
    MediaRef,
    MediaUnavailable,
    Outbound,
    Retry,
    SendResult,
)
from channels.sms.cmpp import state_lines
from channels.sms.cmpp.dialect import CmppDialect
from channels.sms.cmpp.health import CmppHealth
from channels.sms.cmpp.identity import Identities
from channels.sms.cmpp.options import CmppOptions, read_options
from channels.sms.cmpp.pdus import Pdu
from channels.sms.cmpp.receiving import Receiver
from channels.sms.cmpp.sending import Submitter
from channels.sms.cmpp.sent_parts import SentParts
from channels.sms.journal import Journal, JournalUnavailable
from channels.sms.long_messages import LongMessages
from channels.sms.session.backoff import Backoff
from channels.sms.session.link import Endpoint
from channels.sms.session.machine import Limits
from channels.sms.session.pool import Pool
from channels.sms.session.rates import Rates
from channels.sms.session.timing import Timer, pause

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 5.0
PROBE_SECONDS = 3.0
# A restart reads the journal: it should be done with in a moment.
LONGEST_JOURNAL = 20_000
# What citizens wrote does not lie in it for longer than it must.
COMPACT_EVERY = timedelta(hours=1)
# The app gives its parts four seconds to end.
LEAVE_SECONDS = 1.5


class CmppChannel:
    """Implements `backend.ports.Channel`."""

    def __init__(
        self, account: Account, deps: ChannelDependencies, timer: Timer | None = None
    ) -> None:
        """`timer`: the running loop where none is given. Raises ValueError."""
        if deps.folder is None:
            raise ValueError("sms: a cmpp account needs a folder to keep parts of messages in")
        self._options = read_options(account.options)
        self._account = account
        self._deps = deps
        self._timer = timer
        self._journal = Journal(deps.folder / "sms" / f"{account.name}.journal")
        self._identities = Identities(repeats=self._options.repeats_msg_id)
        self._long = LongMessages()
        self._sent = SentParts()
        self._health = CmppHealth(deps.clock)
        self._compacted_at = datetime.fromtimestamp(0, UTC)
        self._pool: Pool[Pdu] | None = None
        self._receiver: Receiver | None = None
        self._submitter: Submitter | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def idempotent(self) -> bool:
        """A SUBMIT carries no id of ours that a gateway would refuse twice."""
        return False

    def routes(self) -> Sequence[web.RouteDef]:
        return ()

    async def start(self) -> None:
        timer = self._timer or asyncio.get_running_loop()
        if self._take_journal():
            self._open_sessions(timer)
        self._running = asyncio.create_task(self._run(timer), name=f"sms-{self._account.name}")

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
            self._running = None
        if self._pool is not None:
            await self._pool.close()
            self._pool = None
        await self._journal.close()

    async def send(self, message: Outbound) -> SendResult:
        if self._submitter is None or self._pool is None:
            return Retry("the account is another process's", fault=False)
        return await self._submitter.send(message)

    async def fetch_media(self, ref: MediaRef) -> MediaContent:
        raise MediaUnavailable("sms carries no media", permanent=True)

    async def health(self) -> dict[str, Any]:
        pool = self._pool
        if pool is None:
            return self._health.facts(None, window=self._options.window, waiting=0, held=0.0)
        await pool.tried(PROBE_SECONDS)
        timer = self._timer or asyncio.get_running_loop()
        return self._health.facts(
            pool.facts(),
            window=self._options.window,
            waiting=pool.waiting,
            held=pool.rates.held(timer.time()),
        )

    def _take_journal(self) -> bool:
        try:
            lines = self._journal.open()
        except JournalUnavailable as error:
            if self._health.owner:
                log.error("sms.no_journal", account=self._account.name, reason=str(error))
            self._health.owner = False
            return False
        self._health.owner = True
        if state_lines.replay(lines, self._long, self._sent):
            self._identities.repeats = True
        return True

    def _open_sessions(self, timer: Timer) -> None:
        options, deps = self._options, self._deps
        rates = Rates(options.messages_per_second, options.segments_per_second)
        receiver = Receiver(
            self._account,
            options.sender,
            deps.gateway,
            deps.clock,
            timer,
            self._journal,
            self._identities,
            self._long,
            self._sent,
            rates,
            self._health,
        )
        pool = Pool(
            Endpoint(options.host, options.port, options.connect_seconds),
            self._dialect,
            receiver.handle,
            timer,
            limits=_limits(options),
            connections=options.connection_count,
            rates=rates,
            backoff=lambda: Backoff(longest=options.reconnect_seconds),
            on_late=lambda about, pdu: submitter.late(about, pdu),
        )
        submitter = Submitter(
            options, pool, deps.clock, timer, self._journal, self._sent, receiver, self._health
        )
        self._receiver, self._pool, self._submitter = receiver, pool, submitter
        pool.start()

    def _dialect(self) -> CmppDialect:
        options = self._options
        return CmppDialect(
            options.version, options.source_addr, options.secret, self._deps.clock.now
        )

    async def _run(self, timer: Timer) -> None:
        while True:
            await pause(timer, SWEEP_SECONDS)
            if self._pool is None:
                if self._take_journal():
                    self._open_sessions(timer)
                continue
            try:
                await self.sweep()
            except (InboxUnavailable, JournalUnavailable) as error:
                log.warning(
                    "sms.sweep_failed", account=self._account.name, error=type(error).__name__
                )

    async def sweep(self) -> None:
        """Hand on what waits for parts that did not come, and keep the journal short. Raises
        InboxUnavailable, JournalUnavailable."""
        if self._receiver is None:
            return
        await self._receiver.hand_on_due()
        now = self._deps.clock.now()
        self._long.forget(now)
        self._sent.forget(now)
        overdue = self._journal.grown and now >= self._compacted_at + COMPACT_EVERY
        if overdue or self._journal.overgrown(LONGEST_JOURNAL):
            self._compacted_at = now
            await self._journal.compact(
                lambda: state_lines.lines_of(
                    self._long, self._sent, repeats=self._identities.repeats
                )
            )


def _limits(options: CmppOptions) -> Limits:
    return Limits(
        window=options.window,
        answer_seconds=options.answer_seconds,
        resends=options.resend_count,
        login_seconds=options.connect_seconds,
        heartbeat_seconds=options.heartbeat_seconds,
        heartbeat_answer_seconds=options.heartbeat_answer_seconds,
        leave_seconds=LEAVE_SECONDS,
    )
