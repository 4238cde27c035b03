"""An account's connections together: who sends next, on which, and when."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from channels.sms.session.backoff import Backoff
from channels.sms.session.connection import Connection, Handler
from channels.sms.session.dialect import Dialect
from channels.sms.session.link import Endpoint, Link, LinkFacts
from channels.sms.session.machine import Answered, Limits
from channels.sms.session.rates import Rates
from channels.sms.session.timing import Timer, pause


class NotSent(Exception):
    """Surely not sent: no connection, no place in a window, or over the rate, in the time given."""


class Pool[Pdu]:
    """`start`, `request` as often as wanted, `close`."""

    def __init__(
        self,
        endpoint: Endpoint,
        dialect: Callable[[], Dialect[Pdu]],
        handler: Handler[Pdu],
        timer: Timer,
        *,
        limits: Limits | None = None,
        connections: int = 1,
        rates: Rates | None = None,
        backoff: Callable[[], Backoff] = Backoff,
        on_late: Callable[[Any, Pdu], None] = lambda _about, _pdu: None,
    ) -> None:
        """`dialect` is made anew for each connection; `handler` gets what the gateway asks."""
        self._timer = timer
        self.rates = rates or Rates()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closing = False
        self._links = [
            Link(
                endpoint,
                dialect,
                limits or Limits(),
                handler,
                timer,
                backoff=backoff(),
                on_change=self._place_free,
                on_late=on_late,
            )
            for _ in range(connections)
        ]

    def start(self) -> None:
        self._closing = False
        for link in self._links:
            link.start()

    async def close(self) -> None:
        """Let what is pending come to its end, and say good-bye."""
        self._closing = True
        self._place_free()
        await asyncio.gather(*(link.close() for link in self._links))

    def facts(self) -> Sequence[LinkFacts]:
        return [link.facts() for link in self._links]

    async def tried(self, seconds: float) -> None:
        """Return once every connection has been open or could not be, or `seconds` have passed."""
        first = [link.tried for link in self._links if link.tried is not None]
        if first:
            await asyncio.wait(first, timeout=seconds)

    @property
    def waiting(self) -> int:
        """Requests that wait for a place."""
        return len(self._waiting)

    def request(
        self, pdu: Pdu, *, within: float, first: bool = True, about: object = None
    ) -> Awaitable[Answered[Pdu]]:
        """Send as soon as rate and window let it, at once where they do, `within` seconds later at
        the latest, and give the answer. `first`: the first segment of its message; `about` comes
        back with an answer that is late. Raises, now or when awaited, NotSent, OutcomeUnknown, and
        ValueError for a PDU that cannot be encoded."""
        now = self._timer.time()
        connection = None if self._waiting or self.rates.wait(now, first=first) else self._best()
        if connection is None:
            return self._request_later(pdu, now + within, first=first, about=about)
        return self._request(connection, pdu, now, first=first, about=about)

    def _request(
        self, connection: Connection[Pdu], pdu: Pdu, now: float, *, first: bool, about: object
    ) -> asyncio.Future[Answered[Pdu]]:
        answer = connection.request(pdu, about, now)
        self.rates.take(now, first=first)
        return answer

    async def _request_later(
        self, pdu: Pdu, latest: float, *, first: bool, about: object
    ) -> Answered[Pdu]:
        connection = await self._place(latest, first=first)
        return await self._request(connection, pdu, self._timer.time(), first=first, about=about)

    async def _place(self, latest: float, *, first: bool) -> Connection[Pdu]:
        """The connection to send on now, this very turn of the loop. Whoever came first is served
        first."""
        while True:
            now = self._timer.time()
            wait = self.rates.wait(now, first=first)
            if now + wait > latest:
                raise NotSent("over the rate")
            if wait > 0:
                await pause(self._timer, wait)
                continue
            connection = self._best()
            if connection is not None:
                return connection
            if self._closing:
                raise NotSent("closing")
            await self._wait_for_place(latest)

    async def _wait_for_place(self, latest: float) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def give_up() -> None:
            if not place.done():
                place.set_exception(NotSent(self._why_not()))

        alarm = self._timer.call_at(latest, give_up)
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place not in self._waiting:
                self._place_free()  # it was our turn: let the next have it
            raise
        finally:
            alarm.cancel()
            if place in self._waiting:
                self._waiting.remove(place)

    def _why_not(self) -> str:
        return (
            "the window is full" if any(link.connection for link in self._links) else "no session"
        )

    def _best(self) -> Connection[Pdu] | None:
        """The open connection with the most free places."""
        best, most = None, 0
        for link in self._links:
            connection = link.connection
            free = connection.free if connection is not None else 0
            if free > most:
                best, most = connection, free
        return best

    def _place_free(self) -> None:
        """Wake as many as may find a place."""
        free = len(self._waiting) if self._closing else self._free()
        while self._waiting and free > 0:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                free -= 1

    def _free(self) -> int:
        return sum(link.connection.free for link in self._links if link.connection)
