"""A CMPP gateway full of citizens' messages: delivers until each is answered.

What is not answered when a connection ends is delivered again on the next one, with the same Msg_Id
and another Sequence_Id; some are sent twice on one connection though they were answered.
"""

from __future__ import annotations

import asyncio
import itertools
import struct
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from channels.sms.cmpp import Codec, MsgId, Version
from channels.sms.cmpp.pdus import Deliver

HEADER = struct.Struct(">III")
ANSWER = struct.Struct(">QI")
CONNECT, TERMINATE, ACTIVE_TEST, DELIVER_RESP = 1, 2, 8, 0x80000005
WINDOW = 16
SENT_TWICE = 97  # every so manieth
SERVICE_NUMBER = "1069000088"
SECONDS_OF_A_DAY = 86_400


class MoGateway:
    """`start`, then `done` is set once each of `messages` has been answered. `on_answer` hears how
    many have."""

    def __init__(self, messages: Sequence[Deliver], on_answer: Callable[[int], None]) -> None:
        self.messages = messages
        self.on_answer = on_answer
        self.answered = bytearray(len(messages))
        self.waiting = deque(range(len(messages)))
        self.left = len(messages)
        self.delivered = 0
        self.refused = 0
        self.done = asyncio.Event()
        self.port = 0
        self.sequences = itertools.count(1)
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for connection in list(self._connections):
            connection.transport.abort()
        await self._server.wait_closed()

    def _connection(self) -> _Connection:
        connection = _Connection(self)
        self._connections.add(connection)
        return connection

    def take(self, message: int, result: int) -> None:
        """Note the answer to a message."""
        self.refused += result != 0
        if self.answered[message]:
            return
        self.answered[message] = 1
        self.left -= 1
        self.on_answer(len(self.messages) - self.left)
        if not self.left:
            self.done.set()

    def ended(self, connection: _Connection) -> None:
        self._connections.discard(connection)
        again = [each for each in connection.outstanding.values() if not self.answered[each]]
        self.waiting.extendleft(reversed(again))


class _Connection(asyncio.Protocol):
    def __init__(self, gateway: MoGateway) -> None:
        self._gateway = gateway
        self._codec = Codec(Version.V30)
        self._rest = b""
        self.outstanding: dict[int, int] = {}  # Sequence_Id: message

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._gateway.ended(self)

    def data_received(self, data: bytes) -> None:
        data, at = self._rest + data, 0
        while len(data) - at >= HEADER.size:
            length, command, sequence = HEADER.unpack_from(data, at)
            if len(data) - at < length:
                break
            self._understand(command, sequence, data[at + HEADER.size : at + length])
            at += length
        self._rest = data[at:]

    def _understand(self, command: int, sequence: int, body: bytes) -> None:
        if command == CONNECT:
            self._answer(CONNECT, sequence, bytes(20) + b"\x30")
            for _ in range(WINDOW):
                self._deliver_next()
        elif command == DELIVER_RESP:
            message = self.outstanding.pop(sequence, None)
            if message is not None:  # None: the answer to what was sent twice
                self._gateway.take(message, ANSWER.unpack(body)[1])
                self._deliver_next()
        elif command == ACTIVE_TEST:
            self._answer(ACTIVE_TEST, sequence, b"\0")
        elif command == TERMINATE:
            self._answer(TERMINATE, sequence, b"")

    def _answer(self, command: int, sequence: int, body: bytes) -> None:
        length = HEADER.size + len(body)
        self.transport.write(HEADER.pack(length, command | 0x80000000, sequence) + body)

    def _deliver_next(self) -> None:
        gateway = self._gateway
        if not gateway.waiting or self.transport.is_closing():
            return
        message = gateway.waiting.popleft()
        sequence = next(gateway.sequences)
        self.outstanding[sequence] = message
        frame = self._codec.encode(gateway.messages[message], sequence)
        twice = gateway.delivered % SENT_TWICE == 0
        gateway.delivered += 1
        self.transport.write(frame * 2 if twice else frame)


def msg_id(number: int) -> int:
    """As gateways make them: all different."""
    second, sequence = divmod(number, 0x10000)
    hour, second = divmod(second % SECONDS_OF_A_DAY, 3600)
    minute, second = divmod(second, 60)
    return MsgId(11, 23, hour, minute, second, 1001, sequence).pack()
