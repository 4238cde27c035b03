"""The smallest protocol that has everything the engine knows, and a clock that tests move."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import struct
from collections.abc import Callable, Hashable, Iterator
from typing import Any, NamedTuple

from channels.sms.session.dialect import Admission, Meaning, ProtocolError

HEAD = struct.Struct(">IBI")  # length, kind, sequence
MOST = 64


class Toy(NamedTuple):
    """`kind` is a Meaning's name; `body` any octets."""

    meaning: Meaning
    body: bytes = b""


MEANINGS = list(Meaning)


def frame(meaning: Meaning, sequence: int, body: bytes = b"") -> bytes:
    return HEAD.pack(HEAD.size + len(body), MEANINGS.index(meaning), sequence) + body


def frames(octets: bytes) -> list[tuple[Meaning, int, bytes]]:
    """Cut what one side said; raises for a rest."""
    found = []
    while octets:
        length, kind, sequence = HEAD.unpack_from(octets)
        found.append((MEANINGS[kind], sequence, octets[HEAD.size : length]))
        assert length <= len(octets)
        octets = octets[length:]
    return found


class ToyDialect:
    """`peer_logs_in`: as SGIP, where the gateway connects to us."""

    least_octets, most_octets = HEAD.size, MOST

    def __init__(self, *, peer_logs_in: bool = False, first: int = 1) -> None:
        self._peer_logs_in = peer_logs_in
        self._first = first

    def decode(self, octets: bytes) -> tuple[int, Toy]:
        _, kind, sequence = HEAD.unpack_from(octets)
        if kind >= len(MEANINGS):
            raise ProtocolError("no such kind")
        return sequence, Toy(MEANINGS[kind], octets[HEAD.size :])

    def refuse(self, octets: bytes) -> bytes | None:
        return frame(Meaning.ANSWER, HEAD.unpack_from(octets)[2], b"?")

    def encode(self, pdu: Toy, sequence: Hashable) -> bytes:
        assert isinstance(sequence, int)
        if len(pdu.body) > MOST - HEAD.size:
            raise ValueError("body: too long")
        return frame(pdu.meaning, sequence, pdu.body)

    def sequences(self) -> Iterator[int]:
        return itertools.count(self._first)

    def meaning(self, pdu: Toy) -> Meaning:
        return pdu.meaning

    def login(self) -> Toy | None:
        return None if self._peer_logs_in else Toy(Meaning.LOGIN)

    def admit(self, pdu: Toy) -> Admission:
        answer = Toy(Meaning.LOGIN_ANSWER) if pdu.meaning is Meaning.LOGIN else None
        if pdu.body == b"no":
            return Admission("not welcome", 3, answer=answer)
        return Admission(warning="odd" if pdu.body == b"odd" else "", answer=answer)

    def heartbeat(self) -> Toy:
        return Toy(Meaning.HEARTBEAT)

    def terminate(self) -> Toy:
        return Toy(Meaning.TERMINATE)

    def answer(self, pdu: Toy) -> Toy:
        of = {
            Meaning.HEARTBEAT: Meaning.HEARTBEAT_ANSWER,
            Meaning.TERMINATE: Meaning.TERMINATE_ANSWER,
        }
        return Toy(of[pdu.meaning])


class MovedTimer:
    """Stands still until `advance`."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._alarms: list[tuple[float, int, _Alarm]] = []
        self._numbers = itertools.count()

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[[], Any], /) -> _Alarm:
        alarm = _Alarm(callback)
        heapq.heappush(self._alarms, (when, next(self._numbers), alarm))
        return alarm

    async def advance(self, seconds: float) -> None:
        """Ring what falls due, in order; what it wakes runs before the next."""
        end = self._now + seconds
        await settle()
        while self._alarms and self._alarms[0][0] <= end:
            when, _, alarm = heapq.heappop(self._alarms)
            self._now = max(self._now, when)
            if not alarm.cancelled:
                alarm.callback()
                await settle()
        self._now = end


class _Alarm:
    def __init__(self, callback: Callable[[], Any]) -> None:
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


async def settle() -> None:
    """Enough turns of the loop for woken tasks to reach their next await."""
    for _ in range(10):
        await asyncio.sleep(0)
