"""A gateway that costs little itself: answers CMPP 3.0 by slicing, reads nothing it need not.

As a program (`python -m benchmarks.cmpp_gateway PORT`) it answers SUBMITs; in a benchmark's own
process it also delivers messages and counts.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import time
from collections.abc import Iterator
from typing import Any

HEADER = struct.Struct(">III")
CONNECT, SUBMIT, ACTIVE_TEST, TERMINATE = 1, 4, 8, 2
CONNECT_RESP, SUBMIT_RESP, ACTIVE_TEST_RESP = 0x80000001, 0x80000004, 0x80000008
TERMINATE_RESP, DELIVER_RESP = 0x80000002, 0x80000005
SUBMIT_ANSWER = struct.Struct(">IIIQI")
FIRST_MSG_ID = 11 << 60 | 23 << 55


class Connection(asyncio.Protocol):
    """One client's."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        at, answers = 0, []
        while len(data) - at >= 12:
            length, command, sequence = HEADER.unpack_from(data, at)
            if len(data) - at < length:
                break
            at += length
            if command == SUBMIT:
                answers.append(
                    SUBMIT_ANSWER.pack(24, SUBMIT_RESP, sequence, self._gateway.next_id(), 0)
                )
            elif command == DELIVER_RESP:
                self._gateway.answered(self)
            elif command == CONNECT:
                answers.append(HEADER.pack(33, CONNECT_RESP, sequence) + bytes(20) + b"\x30")
                self._gateway.opened(self)
            elif command == ACTIVE_TEST:
                answers.append(HEADER.pack(13, ACTIVE_TEST_RESP, sequence) + b"\0")
            elif command == TERMINATE:
                answers.append(HEADER.pack(12, TERMINATE_RESP, sequence))
        self._rest = data[at:]
        if answers:
            self.transport.write(b"".join(answers))


class Gateway:
    """`submitted` counts SUBMITs."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self.submitted = 0
        self._messages: Iterator[bytes] = iter(())
        self._left = 0
        self._opened = asyncio.Event()
        self._done: asyncio.Future[None] | None = None

    async def start(self, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: Connection(self), "127.0.0.1", port)

    def next_id(self) -> int:
        self.submitted += 1
        return FIRST_MSG_ID + self.submitted

    def opened(self, connection: Connection) -> None:
        self.connections.append(connection)
        self._opened.set()

    async def connected(self, number: int) -> None:
        """Wait for so many clients to have logged in."""
        while len(self.connections) < number:
            self._opened.clear()
            await self._opened.wait()

    async def deliver(self, frames: list[bytes], window: int) -> float:
        """All of them over all connections, `window` unanswered on each; seconds it took."""
        self._messages, self._left = iter(frames), len(frames)
        self._done = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        for connection in self.connections:
            for _ in range(window):
                self._next(connection)
        await self._done
        return time.perf_counter() - began

    def answered(self, connection: Connection) -> None:
        self._left -= 1
        if not self._left and self._done is not None:
            self._done.set_result(None)
        self._next(connection)

    def _next(self, connection: Connection) -> None:
        frame = next(self._messages, None)
        if frame is not None:
            connection.transport.write(frame)


async def main(port: int) -> None:
    await (await Gateway().start(port)).serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
