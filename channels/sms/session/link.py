"""One connection kept up: connects, waits for its end, connects again."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from channels.sms.session.backoff import Backoff
from channels.sms.session.connection import Connection, Handler
from channels.sms.session.dialect import Dialect
from channels.sms.session.machine import Limits, State
from channels.sms.session.timing import Timer, pause

log = structlog.get_logger(__name__)

GONE_SECONDS = 1.0  # for the last octets to leave


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the gateway listens, and how long connecting may take. `tls`: encrypted, and the
    certificate checked."""

    host: str
    port: int
    connect_seconds: float = 5.0
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """For the operator. `open_seconds` is None while it is not open; `trouble` is what went wrong
    last, '' where nothing did since it opened; `status` not 0: the gateway refused the login."""

    state: State
    pending: int
    open_seconds: float | None
    trouble: str
    status: int


class Link[Pdu]:
    """`start`, then `connection` is the present one, if there is one."""

    def __init__(
        self,
        endpoint: Endpoint,
        dialect: Callable[[], Dialect[Pdu]],
        limits: Limits,
        handler: Handler[Pdu],
        timer: Timer,
        *,
        backoff: Backoff,
        on_change: Callable[[], None],
        on_late: Callable[[Any, Pdu], None],
    ) -> None:
        self._endpoint = endpoint
        self._dialect = dialect
        self._limits = limits
        self._handler = handler
        self._timer = timer
        self._backoff = backoff
        self._on_change = on_change
        self._on_late = on_late
        self._task: asyncio.Task[None] | None = None
        self._leaving = False
        self._opened_at: float | None = None
        self._trouble = ""
        self._status = 0
        self.connection: Connection[Pdu] | None = None
        self.tried: asyncio.Future[None] | None = None  # done once it was open, or could not be

    def start(self) -> None:
        self._leaving = False
        self.tried = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._keep_up(), name="sms-link")

    async def close(self) -> None:
        """Gracefully, at most twice `leave_seconds`."""
        self._leaving = True
        if self._task is None:
            return
        connection = self.connection
        if connection is not None:
            connection.leave()
            await asyncio.wait([connection.ended], timeout=2 * self._limits.leave_seconds)
            connection.abort()
            await asyncio.wait([connection.gone], timeout=GONE_SECONDS)
        self._task.cancel()
        await asyncio.wait([self._task])
        self._task = None

    def facts(self) -> LinkFacts:
        connection = self.connection
        return LinkFacts(
            state=connection.state if connection else State.NEW,
            pending=connection.pending if connection else 0,
            open_seconds=None if self._opened_at is None else self._timer.time() - self._opened_at,
            trouble=self._trouble,
            status=self._status,
        )

    async def _keep_up(self) -> None:
        while not self._leaving:
            held = await self._once()
            if not self._leaving:
                await pause(self._timer, self._backoff.after(held=held, refused=self._status != 0))

    async def _once(self) -> float:
        """One connection from beginning to end; how many seconds it was open."""
        connection = await self._connect()
        if connection is None:
            return 0.0
        self.connection = connection
        try:
            # Cancelled where it ended before: then `ended` is there.
            await asyncio.wait([connection.opened])
            if not connection.opened.cancelled():
                self._opened(connection.opened.result())
            ended = await asyncio.shield(connection.ended)
        finally:
            connection.abort()
            self.connection = None
        held = 0.0 if self._opened_at is None else self._timer.time() - self._opened_at
        self._opened_at = None
        self._status = ended.status
        if not self._leaving:
            self._trouble = ended.reason or "the session ended"
            log.warning("sms.session_ended", reason=self._trouble, held=round(held, 1))
            self._tried()
        return held

    async def _connect(self) -> Connection[Pdu] | None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._endpoint.connect_seconds):
                _, connection = await loop.create_connection(
                    lambda: Connection(
                        self._dialect(),
                        self._limits,
                        self._handler,
                        self._timer,
                        on_change=self._on_change,
                        on_late=self._on_late,
                    ),
                    self._endpoint.host,
                    self._endpoint.port,
                    ssl=self._endpoint.tls,
                )
        except (OSError, TimeoutError) as error:
            self._status = 0
            self._trouble = f"cannot connect: {type(error).__name__}"
            log.warning("sms.not_connected", error=type(error).__name__)
            self._tried()
            return None
        return connection

    def _tried(self) -> None:
        if self.tried is not None and not self.tried.done():
            self.tried.set_result(None)

    def _opened(self, warning: str) -> None:
        self._opened_at = self._timer.time()
        self._trouble, self._status = "", 0
        self._tried()
        log.info("sms.session_open", warning=warning or None)
        self._on_change()
