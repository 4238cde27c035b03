"""Sockets, windows and waiting: the engine against a peer that speaks the toy protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from channels.sms.session.backoff import Backoff
from channels.sms.session.connection import MOST_ARRIVED, OutcomeUnknown
from channels.sms.session.dialect import Meaning
from channels.sms.session.framing import Framer
from channels.sms.session.link import Endpoint
from channels.sms.session.machine import Limits, State
from channels.sms.session.pool import NotSent, Pool
from channels.sms.session.rates import Rates
from tests.channels.sms.session.toy import (
    HEAD,
    MOST,
    MovedTimer,
    Toy,
    ToyDialect,
    frame,
    frames,
    settle,
)

LIMITS = Limits(window=2, answer_seconds=60, resends=0, leave_seconds=2)


class Peer:
    """Takes connections; says nothing of itself but the welcome, unless told to."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[asyncio.StreamWriter, Meaning, int, bytes]] = (
            asyncio.Queue()
        )
        self.writers: list[asyncio.StreamWriter] = []
        self.welcome: bytes | None = b""
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self.drop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def drop(self) -> None:
        """All connections, abruptly."""
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.writers.append(writer)
        try:
            cut = Framer(HEAD.size, MOST)
            while data := await reader.read(65536):
                for meaning, sequence, body in frames(b"".join(cut.feed(data))):
                    if meaning is Meaning.LOGIN and self.welcome is not None:
                        writer.write(frame(Meaning.LOGIN_ANSWER, sequence, self.welcome))
                    elif meaning is Meaning.TERMINATE:
                        writer.write(frame(Meaning.TERMINATE_ANSWER, sequence))
                    self.heard.put_nowait((writer, meaning, sequence, body))
        except ConnectionError:
            pass
        writer.close()

    async def next(self, meaning: Meaning) -> tuple[asyncio.StreamWriter, int, bytes]:
        """The next PDU of this meaning; others are passed over."""
        async with asyncio.timeout(5):
            while True:
                writer, found, sequence, body = await self.heard.get()
                if found is meaning:
                    return writer, sequence, body


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture
def timer() -> MovedTimer:
    return MovedTimer()


MakePool = Callable[..., Pool[Toy]]


@pytest.fixture
async def make_pool(peer: Peer, timer: MovedTimer) -> AsyncIterator[MakePool]:
    made: list[Pool[Toy]] = []

    def make(handler: Any = None, **changed: Any) -> Pool[Toy]:
        async def silent(*_: Any) -> None:
            return None

        pool: Pool[Toy] = Pool(
            Endpoint("127.0.0.1", peer.port),
            ToyDialect,
            handler or silent,
            changed.pop("timer", timer),
            limits=changed.pop("limits", LIMITS),
            **changed,
        )
        made.append(pool)
        pool.start()
        return pool

    yield make
    for pool in made:
        await pool.close()


def ask(pool: Pool[Toy], body: bytes = b"hello", **given: Any) -> asyncio.Future[Any]:
    request = pool.request(Toy(Meaning.REQUEST, body), within=given.pop("within", 5), **given)
    return asyncio.ensure_future(request)


async def test_requests_are_answered_whatever_the_order(peer: Peer, make_pool: MakePool) -> None:
    pool = make_pool()
    one, two = ask(pool, b"1"), ask(pool, b"2")
    heard = [await peer.next(Meaning.REQUEST) for _ in range(2)]
    for writer, sequence, body in reversed(heard):
        writer.write(frame(Meaning.ANSWER, sequence, b"re" + body))
    assert (await one).pdu.body == b"re1"
    assert (await two).pdu.body == b"re2"


async def test_what_finds_no_place_waits_its_turn(peer: Peer, make_pool: MakePool) -> None:
    pool = make_pool()
    asked = [ask(pool, b"%d" % number) for number in range(5)]
    order = []
    for _ in asked:
        writer, sequence, body = await peer.next(Meaning.REQUEST)
        order.append(body)
        assert pool.facts()[0].pending <= LIMITS.window
        writer.write(frame(Meaning.ANSWER, sequence))
    await asyncio.gather(*asked)
    assert order == [b"0", b"1", b"2", b"3", b"4"]


async def test_without_a_place_in_time_it_is_surely_not_sent(
    peer: Peer, make_pool: MakePool, timer: MovedTimer
) -> None:
    pool = make_pool()
    for _ in range(LIMITS.window):
        ask(pool).add_done_callback(lambda task: task.exception())
        await peer.next(Meaning.REQUEST)
    third = ask(pool, b"3")
    await settle()
    assert pool.waiting == 1
    await timer.advance(5)
    with pytest.raises(NotSent, match="the window is full"):
        await third
    assert pool.waiting == 0
    assert peer.heard.empty()
    peer.drop()


async def test_several_connections_share_the_work(peer: Peer, make_pool: MakePool) -> None:
    pool = make_pool(connections=3)
    asked = [ask(pool, b"%d" % number) for number in range(6)]
    heard = [await peer.next(Meaning.REQUEST) for _ in range(6)]
    assert {id(writer) for writer, _, _ in heard} == {id(writer) for writer in peer.writers}
    assert [facts.pending for facts in pool.facts()] == [2, 2, 2]
    for writer, sequence, _ in heard:
        writer.write(frame(Meaning.ANSWER, sequence))
    await asyncio.gather(*asked)


async def test_an_abrupt_end_leaves_the_outcome_unknown_and_connects_again(
    peer: Peer, make_pool: MakePool, timer: MovedTimer
) -> None:
    pool = make_pool(backoff=lambda: Backoff(first=1, longest=1))
    asked = [ask(pool) for _ in range(2)]
    for _ in asked:
        await peer.next(Meaning.REQUEST)
    waits = ask(pool, b"waits", within=60)
    peer.drop()
    for each in asked:
        with pytest.raises(OutcomeUnknown):
            await each
    await settle()
    assert pool.facts()[0].trouble
    await timer.advance(2)  # the back-off
    writer, sequence, body = await peer.next(Meaning.REQUEST)
    assert body == b"waits"
    writer.write(frame(Meaning.ANSWER, sequence))
    await waits
    assert pool.facts()[0].trouble == ""


async def test_an_answer_after_giving_up_is_told_with_what_it_is_about(
    peer: Peer, make_pool: MakePool, timer: MovedTimer
) -> None:
    late: list[tuple[Any, Toy]] = []
    pool = make_pool(on_late=lambda about, pdu: late.append((about, pdu)))
    asked = ask(pool, about="row 7")
    writer, sequence, _ = await peer.next(Meaning.REQUEST)
    await timer.advance(60)
    with pytest.raises(OutcomeUnknown, match="in time"):
        await asked
    writer.write(frame(Meaning.ANSWER, sequence, b"ok"))
    again = ask(pool)  # its answer comes after the late one
    writer, sequence, _ = await peer.next(Meaning.REQUEST)
    writer.write(frame(Meaning.ANSWER, sequence))
    await again
    assert late == [("row 7", Toy(Meaning.ANSWER, b"ok"))]


async def test_who_stops_waiting_still_learns_the_answer(peer: Peer, make_pool: MakePool) -> None:
    late: list[Any] = []
    pool = make_pool(on_late=lambda about, pdu: late.append(about))
    asked = ask(pool, about="row 8")
    writer, sequence, _ = await peer.next(Meaning.REQUEST)
    asked.cancel()
    writer.write(frame(Meaning.ANSWER, sequence))
    again = ask(pool)
    writer, sequence, _ = await peer.next(Meaning.REQUEST)
    writer.write(frame(Meaning.ANSWER, sequence))
    await again
    assert late == ["row 8"]


async def test_the_rate_is_kept_and_what_would_come_too_late_is_not_sent(
    peer: Peer, make_pool: MakePool, timer: MovedTimer
) -> None:
    pool = make_pool(rates=Rates(messages=1), limits=Limits(window=9))
    first, second = ask(pool, b"1"), ask(pool, b"2", within=2)
    writer, sequence, _ = await peer.next(Meaning.REQUEST)
    writer.write(frame(Meaning.ANSWER, sequence))
    await first
    third = ask(pool, b"3", within=0.5)
    with pytest.raises(NotSent, match="rate"):
        await third
    await settle()
    assert peer.heard.empty()
    await timer.advance(1)
    writer, sequence, body = await peer.next(Meaning.REQUEST)
    assert body == b"2"
    writer.write(frame(Meaning.ANSWER, sequence))
    await second


async def test_a_refused_login_is_told_and_tried_again_later(
    peer: Peer, make_pool: MakePool, timer: MovedTimer
) -> None:
    peer.welcome = b"no"
    pool = make_pool()
    await peer.next(Meaning.LOGIN)
    await pool.tried(5)
    assert (pool.facts()[0].trouble, pool.facts()[0].status) == ("not welcome", 3)
    peer.welcome = b""
    await timer.advance(5)
    assert peer.heard.empty()
    await timer.advance(10)
    await peer.next(Meaning.LOGIN)
    asked = ask(pool)
    writer, sequence, _ = await peer.next(Meaning.REQUEST)
    writer.write(frame(Meaning.ANSWER, sequence))
    await asked
    assert pool.facts()[0].status == 0


async def test_closing_lets_answers_come_and_says_goodbye(peer: Peer, make_pool: MakePool) -> None:
    pool = make_pool()
    asked = ask(pool)
    writer, sequence, _ = await peer.next(Meaning.REQUEST)
    closing = asyncio.create_task(pool.close())
    await settle()
    assert not closing.done()
    writer.write(frame(Meaning.ANSWER, sequence, b"ok"))
    assert (await asked).pdu.body == b"ok"
    await peer.next(Meaning.TERMINATE)
    await closing
    with pytest.raises(NotSent):
        await pool.request(Toy(Meaning.REQUEST), within=5)


async def test_what_the_peer_asks_is_answered_by_its_sequence(
    peer: Peer, make_pool: MakePool
) -> None:
    async def handler(name: str, sequence: Any, pdu: Toy, octets: bytes) -> Toy | None:
        assert octets == frame(Meaning.REQUEST, sequence, pdu.body)
        return Toy(Meaning.ANSWER, pdu.body[::-1]) if pdu.body != b"no" else None

    pool = make_pool(handler)
    await peer.next(Meaning.LOGIN)
    (writer,) = peer.writers
    writer.write(frame(Meaning.REQUEST, 70, b"no") + frame(Meaning.REQUEST, 71, b"ab"))
    _, sequence, body = await peer.next(Meaning.ANSWER)
    assert (sequence, body) == (71, b"ba")
    assert pool.facts()[0].state is State.OPEN


async def test_a_handler_that_fails_answers_nothing_and_ends_nothing(
    peer: Peer, make_pool: MakePool
) -> None:
    async def handler(name: str, sequence: Any, pdu: Toy, octets: bytes) -> Toy:
        if pdu.body == b"bad":
            raise RuntimeError
        return Toy(Meaning.ANSWER)

    make_pool(handler)
    await peer.next(Meaning.LOGIN)
    (writer,) = peer.writers
    writer.write(frame(Meaning.REQUEST, 70, b"bad") + frame(Meaning.REQUEST, 71))
    _, sequence, _ = await peer.next(Meaning.ANSWER)
    assert sequence == 71


async def test_a_flood_is_not_read_into_memory(peer: Peer, make_pool: MakePool) -> None:
    begun = 0
    go_on = asyncio.Event()

    async def handler(name: str, sequence: Any, pdu: Toy, octets: bytes) -> Toy:
        nonlocal begun
        begun += 1
        await go_on.wait()
        return Toy(Meaning.ANSWER)

    make_pool(handler)
    await peer.next(Meaning.LOGIN)
    (writer,) = peer.writers
    flood, piece = MOST_ARRIVED * 40, 64
    for at in range(0, flood, piece):
        writer.write(b"".join(frame(Meaning.REQUEST, at + n) for n in range(piece)))
        await settle()
    assert MOST_ARRIVED <= begun < flood
    go_on.set()
    answered = 0
    while answered < flood:
        await peer.next(Meaning.ANSWER)
        answered += 1


async def test_a_silent_peer_is_left_by_the_clock_alone(
    peer: Peer, make_pool: MakePool, timer: MovedTimer
) -> None:
    limits = Limits(heartbeat_seconds=10, heartbeat_answer_seconds=5, heartbeat_resends=1)
    pool = make_pool(limits=limits, backoff=lambda: Backoff(first=1, longest=1))
    await peer.next(Meaning.LOGIN)
    await pool.tried(5)
    await timer.advance(10)
    await peer.next(Meaning.HEARTBEAT)
    await timer.advance(5)
    await peer.next(Meaning.HEARTBEAT)
    await timer.advance(5)
    assert pool.facts()[0].trouble == "no answer to the heartbeat"
    await timer.advance(2)
    await peer.next(Meaning.LOGIN)
