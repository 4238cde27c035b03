"""An SMPP gateway that costs little itself: answers by slicing, reads nothing it need not.

A program: `python -m benchmarks.smpp_gateway PORT`.
"""

from __future__ import annotations

import asyncio
import struct
import sys
from typing import Any

HEADER = struct.Struct(">IIII")
SUBMIT_SM, ANSWER = 4, 0x80000000
BINDS = (1, 2, 9)
SYSTEM_ID, MESSAGE_ID = b"SMSC\0", b"0123456789\0"


class Connection(asyncio.Protocol):
    """One client's. Every message has the same id: nobody here asks for it."""

    def __init__(self) -> None:
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        at, answers = 0, []
        while len(data) - at >= HEADER.size:
            length, command, _, sequence = HEADER.unpack_from(data, at)
            if len(data) - at < length:
                break
            at += length
            if command & ANSWER:
                continue
            body = MESSAGE_ID if command == SUBMIT_SM else SYSTEM_ID if command in BINDS else b""
            answers.append(HEADER.pack(16 + len(body), command | ANSWER, 0, sequence) + body)
        self._rest = data[at:]
        if answers:
            self.transport.write(b"".join(answers))


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
