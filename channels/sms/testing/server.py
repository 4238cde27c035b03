"""What every gateway to test against is, whatever it speaks: a port that clients log in to."""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

ANSWER_SECONDS = 5.0


class Session[Answer]:
    """One client's connection. `waiting`: who hears the answer to a PDU of ours, by its number."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.waiting: dict[int, asyncio.Future[Answer]] = {}
        self.submits = 0

    async def write(self, octets: bytes, *, bytewise: bool) -> None:
        pieces = [octets[at : at + 1] for at in range(len(octets))] if bytewise else [octets]
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
            if bytewise:
                await asyncio.sleep(0)  # so that the other side sees it alone

    def write_now(self, octets: bytes) -> None:
        self._writer.write(octets)

    def abort(self) -> None:
        self._writer.transport.abort()


class FakeGateway[Client: Session[Any], Pdu](ABC):
    """`start`, point a client at `port`, `stop`."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self.sessions: list[Client] = []
        self._tls = tls
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Event()

    async def start(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Ends abruptly, as a machine that is switched off; `start` opens the same port again."""
        if self._server is None:
            return
        self._server.close()
        for session in self.sessions:
            session.abort()
        for task in list(self._serving):
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)
        await self._server.wait_closed()
        self._server = None

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that a PDU of the client, or its leaving, makes true."""
        async with asyncio.timeout(ANSWER_SECONDS):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        session = self._opened(writer)
        self.sessions.append(session)
        try:
            while (heard := await self._read(reader)) is not None:
                await self._understand(session, *heard)
                self._changed.set()
            session.abort()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            session.abort()
        finally:
            self._left(session)
            for answer in session.waiting.values():
                answer.cancel()
            self._serving.discard(task)
            self._changed.set()

    @abstractmethod
    def _opened(self, writer: asyncio.StreamWriter) -> Client:
        """A session of a client that has connected."""

    @abstractmethod
    def _left(self, session: Client) -> None:
        """It is logged in no longer."""

    @abstractmethod
    async def _read(self, reader: asyncio.StreamReader) -> tuple[int, Pdu] | None:
        """The next PDU with its number; None for what the protocol does not know."""

    @abstractmethod
    async def _understand(self, session: Client, sequence: int, pdu: Pdu) -> None:
        """Do what the client asks, or hear its answer."""
