"""The channel of one account on an operator's binary protocol: sessions with the gateway, and what
is kept beside them. A protocol adds its dialect, what it delivers and how it words a message.
"""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
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
from channels.sms import state_lines
from channels.sms.answer_codes import LoginRefusal
from channels.sms.incoming import Incoming
from channels.sms.journal import Journal, JournalUnavailable
from channels.sms.long_messages import LongMessages
from channels.sms.message_parts import decode_text
from channels.sms.outgoing import Outgoing, Wording
from channels.sms.sent_parts import SentParts
from channels.sms.session.backoff import Backoff
from channels.sms.session.connection import Handler
from channels.sms.session.dialect import Dialect
from channels.sms.session.link import Endpoint
from channels.sms.session.machine import Limits
from channels.sms.session.pool import Pool
from channels.sms.session.rates import Rates
from channels.sms.session.timing import Timer, pause
from channels.sms.session_health import SessionHealth
from channels.sms.session_options import SessionOptions

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 5.0
PROBE_SECONDS = 3.0
# A restart reads the journal: it should be done with in a moment.
LONGEST_JOURNAL = 20_000
# What citizens wrote does not lie in it for longer than it must.
COMPACT_EVERY = timedelta(hours=1)
# The app gives its parts four seconds to end.
LEAVE_SECONDS = 1.5


class SessionChannel[Pdu](ABC):
    """Implements `backend.ports.Channel`."""

    def __init__(
        self,
        account: Account,
        deps: ChannelDependencies,
        options: SessionOptions,
        login_refusal: Callable[[int], LoginRefusal],
        timer: Timer | None,
        *,
        tls: bool = False,
    ) -> None:
        """`timer`: the running loop where none is given. Raises ValueError."""
        if deps.folder is None:
            raise ValueError("sms: the account needs a folder to keep parts of messages in")
        self._account = account
        self._deps = deps
        self._session = options
        self._timer = timer
        self._tls = ssl.create_default_context() if tls else None
        self._journal = Journal(deps.folder / "sms" / f"{account.name}.journal")
        self._long = LongMessages()
        self._sent = SentParts()
        self._habits: set[str] = set()  # of the gateway, beyond this process
        self._health = SessionHealth(deps.clock, login_refusal)
        self._compacted_at = datetime.fromtimestamp(0, UTC)
        self._pools: Sequence[Pool[Pdu]] = ()
        self._incoming: Incoming | None = None
        self._outgoing: Outgoing[Pdu] | None = None
        self._running: asyncio.Task[None] | None = None

    # What the protocol adds.

    @abstractmethod
    def _dialects(self) -> Sequence[Callable[[], Dialect[Pdu]]]:
        """A sort of connection each; messages leave by the first."""

    @abstractmethod
    def _handler(self, incoming: Incoming, rates: Rates, timer: Timer) -> Handler[Pdu]:
        """Of what the gateway delivers; `_habits` is read from the journal by now."""

    @abstractmethod
    def _wording(self) -> Wording[Pdu]: ...

    def _decode(self, octets: bytes, coding: int) -> str:
        """A citizen's text by the protocol's number for how it is written."""
        return decode_text(octets, coding)

    # The channel.

    @property
    def idempotent(self) -> bool:
        """A message carries no id of ours that a gateway would refuse twice."""
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
        await asyncio.gather(*(pool.close() for pool in self._pools))
        self._pools = ()
        await self._journal.close()

    async def send(self, message: Outbound) -> SendResult:
        if self._outgoing is None or not self._pools:
            return Retry("the account is another process's", fault=False)
        return await self._outgoing.send(message)

    async def fetch_media(self, ref: MediaRef) -> MediaContent:
        raise MediaUnavailable("sms carries no media", permanent=True)

    async def health(self) -> dict[str, Any]:
        if not self._pools:
            return self._health.facts((), window=self._session.window, waiting=0, held=0.0)
        await asyncio.gather(*(pool.tried(PROBE_SECONDS) for pool in self._pools))
        timer = self._timer or asyncio.get_running_loop()
        return self._health.facts(
            [pool.facts() for pool in self._pools],
            window=self._session.window,
            waiting=self._pools[0].waiting,
            held=self._pools[0].rates.held(timer.time()),
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
        self._habits |= state_lines.replay(lines, self._long, self._sent)
        return True

    def _open_sessions(self, timer: Timer) -> None:
        session, deps = self._session, self._deps
        rates = Rates(session.messages_per_second, session.segments_per_second)
        incoming = Incoming(
            self._account,
            session.sender,
            deps.gateway,
            deps.clock,
            self._journal,
            self._long,
            self._sent,
            self._health,
            self._decode,
        )
        handler = self._handler(incoming, rates, timer)
        pools = [
            Pool(
                Endpoint(session.host, session.port, session.connect_seconds, self._tls),
                dialect,
                handler,
                timer,
                limits=_limits(session),
                connections=session.connection_count,
                rates=rates,
                backoff=lambda: Backoff(longest=session.reconnect_seconds),
                on_late=lambda about, pdu: outgoing.late(about, pdu),
            )
            for dialect in self._dialects()
        ]
        outgoing = Outgoing(
            self._wording(),
            pools[0],
            deps.clock,
            timer,
            self._journal,
            self._sent,
            incoming,
            self._health,
            max_parts=session.max_parts,
            wait_seconds=session.wait_seconds,
        )
        self._incoming, self._pools, self._outgoing = incoming, pools, outgoing
        for pool in pools:
            pool.start()

    async def _run(self, timer: Timer) -> None:
        while True:
            await pause(timer, SWEEP_SECONDS)
            if not self._pools:
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
        if self._incoming is None:
            return
        await self._incoming.hand_on_due()
        now = self._deps.clock.now()
        self._long.forget(now)
        self._sent.forget(now)
        overdue = self._journal.grown and now >= self._compacted_at + COMPACT_EVERY
        if overdue or self._journal.overgrown(LONGEST_JOURNAL):
            self._compacted_at = now
            await self._journal.compact(
                lambda: state_lines.lines_of(self._long, self._sent, self._habits)
            )


def _limits(options: SessionOptions) -> Limits:
    return Limits(
        window=options.window,
        answer_seconds=options.answer_seconds,
        resends=options.resend_count,
        login_seconds=options.connect_seconds,
        heartbeat_seconds=options.heartbeat_seconds,
        heartbeat_answer_seconds=options.heartbeat_answer_seconds,
        leave_seconds=LEAVE_SECONDS,
    )
