"""The same SUBMITs at the same window, by a bare asyncio client and by our codec and session."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from channels.sms.cmpp import Codec, Version
from channels.sms.cmpp.authentication import authenticator_source
from channels.sms.cmpp.dialect import CmppDialect
from channels.sms.cmpp.pdus import Connect, Pdu, Submit
from channels.sms.session.link import Endpoint
from channels.sms.session.machine import Limits
from channels.sms.session.pool import Pool

WINDOW = 16
TEXT = "【青禾县乡音】您反映的路灯已派给镇建设办，编号20261123-0007-3，两个工作日内答复您。"
SOURCE_ADDR, SECRET = "900001", "benchmark"


class Spent(NamedTuple):
    """Seconds of the clock, and of this process's processor."""

    wall: float
    processor: float


def submit(number: int) -> Submit:
    return Submit(
        registered_delivery=1,
        msg_level=1,
        service_id="XY",
        fee_user_type=2,
        msg_fmt=8,
        msg_src=SOURCE_ADDR,
        fee_type="01",
        fee_code="0",
        src_id="1069000088",
        dest_terminal_id=(f"138{number % 10**8:08}",),
        content=TEXT.encode("utf-16-be"),
    )


SUBMIT = struct.Struct(">IIIQBBBB10sB32sBBBB6s2s6s17s17s21sB32sBB")
ANSWER = struct.Struct(">IIIQI")
CONTENT = TEXT.encode("utf-16-be")


class BareClient(asyncio.Protocol):
    """What one would write without any of it: a `pack`, a future for each answer, no more."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._future = loop.create_future
        self._pending: dict[int, asyncio.Future[int]] = {}
        self._sequence = 0
        self._rest = b""
        self.open: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        proof = authenticator_source(SOURCE_ADDR, SECRET, 1)
        connect = Connect(SOURCE_ADDR, proof, int(Version.V30), 1)
        self.transport.write(Codec(Version.V30).encode(connect, 0))

    def submit(self, number: int) -> asyncio.Future[int]:
        """The Msg_Id."""
        self._sequence += 1
        answer = self._pending[self._sequence] = self._future()
        # fmt: off
        self.transport.write(
            SUBMIT.pack(
                SUBMIT.size + len(CONTENT) + 20, 4, self._sequence, 0, 1, 1, 1, 1, b"XY", 2, b"",
                0, 0, 0, 8, SOURCE_ADDR.encode(), b"01", b"0", b"", b"", b"1069000088", 1,
                f"138{number % 10**8:08}".encode(), 0, len(CONTENT),
            ) + TEXT.encode("utf-16-be") + bytes(20)
        )
        # fmt: on
        return answer

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        at = 0
        while len(data) - at >= 12:
            length, command, sequence = struct.unpack_from(">III", data, at)
            if len(data) - at < length:
                break
            if command == 0x80000001:
                self.open.set_result(None)
            else:
                *_, msg_id, result = ANSWER.unpack_from(data, at)
                assert result == 0
                self._pending.pop(sequence).set_result(msg_id)
            at += length
        self._rest = data[at:]


async def bare(port: int, messages: int) -> Spent:
    """What `messages` SUBMITs took."""
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_connection(BareClient, "127.0.0.1", port)
    await client.open
    numbers = iter(range(messages))

    async def send() -> None:
        for number in numbers:
            await client.submit(number)

    spent = await _measured([send() for _ in range(WINDOW)])
    transport.close()
    return spent


async def _measured(tasks: Sequence[Coroutine[Any, Any, None]]) -> Spent:
    wall, processor = time.perf_counter(), time.process_time()
    await asyncio.gather(*tasks)
    return Spent(time.perf_counter() - wall, time.process_time() - processor)


async def ours(port: int, messages: int) -> Spent:
    """The same, by as many tasks as the window has places."""

    async def silent(*_: Any) -> None:
        return None

    def dialect() -> CmppDialect:
        return CmppDialect(Version.V30, SOURCE_ADDR, SECRET, lambda: datetime.now(UTC))

    pool: Pool[Pdu] = Pool(
        Endpoint("127.0.0.1", port),
        dialect,
        silent,
        asyncio.get_running_loop(),
        limits=Limits(window=WINDOW),
    )
    pool.start()
    await pool.tried(5)
    numbers = iter(range(messages))

    async def send() -> None:
        for number in numbers:
            await pool.request(submit(number), within=5)

    spent = await _measured([send() for _ in range(WINDOW)])
    await pool.close()
    return spent
