"""A load generator that costs little itself: ready-made requests over keep-alive connections."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass
class Measured:
    """`seconds` for all requests together; latencies in seconds; answers that were not 200, and
    those that were WeChat's bare acknowledgement."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    acknowledged: int = 0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


class _Connection(asyncio.Protocol):
    """One request at a time; `ask` gives the next one, None ends it. `pause`: seconds before it."""

    def __init__(
        self,
        ask: Callable[[], bytes | None],
        measured: Measured,
        pause: Callable[[], float] | None = None,
    ) -> None:
        self._ask = ask
        self._measured = measured
        self._pause = pause
        self._buffer = b""
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._go_on()

    def _go_on(self) -> None:
        if self._pause is None:
            self._next()
        else:
            asyncio.get_running_loop().call_later(self._pause(), self._next)

    def _next(self) -> None:
        request = self._ask()
        if request is None:
            self._transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        found = _LENGTH.search(head) if end else None
        if found is None or len(body) < int(found[1]):
            return
        self._buffer = b""
        self._measured.latencies.append(time.perf_counter() - self._sent_at)
        if b" 200 " not in head[:20]:
            self._measured.refused += 1
        if body == b"success":
            self._measured.acknowledged += 1
        self._go_on()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("the server closed a connection"))


async def closed_loop(
    port: int,
    requests: Sequence[bytes],
    connections: int,
    pause: Callable[[], float] | None = None,
) -> Measured:
    """All requests once, as fast as `connections` connections get answers; `pause`: the seconds
    each of them rests before a request."""
    measured = Measured(0.0)
    left = iter(requests)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [
        (
            await loop.create_connection(
                lambda: _Connection(lambda: next(left, None), measured, pause), "127.0.0.1", port
            )
        )[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(each.done for each in made))
    measured.seconds = time.perf_counter() - began
    return measured


async def closed_loops(
    ports: Sequence[int], requests: Sequence[bytes], connections: int
) -> Measured:
    """The same, spread evenly over several processes."""
    many = len(ports)
    parts = await asyncio.gather(
        *(
            closed_loop(port, requests[number::many], connections // many)
            for number, port in enumerate(ports)
        )
    )
    return Measured(
        max(part.seconds for part in parts),
        [latency for part in parts for latency in part.latencies],
        sum(part.refused for part in parts),
        sum(part.acknowledged for part in parts),
    )


async def open_loop(port: int, requests: Sequence[bytes], per_second: float) -> Measured:
    """One request every 1 / per_second seconds, each on a connection of its own, whether or not
    earlier ones are answered."""
    measured = Measured(0.0)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made: list[_Connection] = []

    async def send(request: bytes) -> None:
        once = iter([request])
        _, connection = await loop.create_connection(
            lambda: _Connection(lambda: next(once, None), measured), "127.0.0.1", port
        )
        made.append(connection)
        await connection.done

    tasks = []
    for number, request in enumerate(requests):
        await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        tasks.append(asyncio.create_task(send(request)))
    await asyncio.gather(*tasks)
    measured.seconds = time.perf_counter() - began
    return measured
