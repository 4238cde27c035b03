"""The same submit_sm by our codec and session, by smpp34 (Rust) and by aiosmpplib.

Ours and smpp34 keep a window; aiosmpplib has none: it sends what is in its queue, and is given the
next message when an answer came, so that as many are under way.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple

import aiosmpplib
import smpp34

from channels.sms.session.link import Endpoint
from channels.sms.session.machine import Limits
from channels.sms.session.pool import Pool
from channels.sms.smpp.dialect import SmppDialect
from channels.sms.smpp.pdus import BindTransceiver, Pdu, SubmitSm, SubmitSmResp

WINDOW = 16
TEXT = "【青禾县乡音】您反映的路灯已派给镇建设办，编号20261123-0007-3，两个工作日内答复您。"
SYSTEM_ID, PASSWORD, SENDER = "county", "bench", "1069000088"


class Spent(NamedTuple):
    """Seconds of the clock, and of this process's processor (all threads)."""

    wall: float
    processor: float


async def _measured(tasks: Sequence[Coroutine[Any, Any, None]]) -> Spent:
    wall, processor = time.perf_counter(), time.process_time()
    await asyncio.gather(*tasks)
    return Spent(time.perf_counter() - wall, time.process_time() - processor)


def receiver(number: int) -> str:
    return f"138{number % 10**8:08}"


async def ours(port: int, messages: int) -> Spent:
    """What `messages` took."""

    async def silent(*_: Any) -> None:
        return None

    pool: Pool[Pdu] = Pool(
        Endpoint("127.0.0.1", port),
        lambda: SmppDialect(BindTransceiver(SYSTEM_ID, PASSWORD)),
        silent,
        asyncio.get_running_loop(),
        limits=Limits(window=WINDOW),
    )
    pool.start()
    await pool.tried(5)
    numbers = iter(range(messages))

    async def send() -> None:
        for number in numbers:
            submit = SubmitSm(
                source_addr=SENDER,
                destination_addr=receiver(number),
                registered_delivery=1,
                data_coding=8,
                short_message=TEXT.encode("utf-16-be"),
            )
            answer = await pool.request(submit, within=5)
            assert isinstance(answer.pdu, SubmitSmResp)
            assert answer.pdu.status == 0

    spent = await _measured([send() for _ in range(WINDOW)])
    await pool.close()
    return spent


async def rust(port: int, messages: int) -> Spent:
    """The same by smpp34."""
    client = smpp34.Client(
        "127.0.0.1", port, SYSTEM_ID, PASSWORD, bind_type="TRX", window_size=WINDOW
    )
    session = await client.connect()
    numbers = iter(range(messages))

    async def send() -> None:
        for number in numbers:
            answer = await session.submit_sm(
                receiver(number),
                TEXT.encode("utf-16-be"),
                source_addr=SENDER,
                registered_delivery=1,
                data_coding=8,
            )
            assert answer.is_success

    spent = await _measured([send() for _ in range(WINDOW)])
    await client.stop()
    return spent


class _Answers(aiosmpplib.AbstractHook):
    """Lets the next message go when one is answered."""

    def __init__(self) -> None:
        self.answered = asyncio.Semaphore(WINDOW)
        self.left = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def sending(self, smpp_message: Any, pdu: bytes, client_id: str) -> None:
        pass

    async def received(self, smpp_message: Any, pdu: bytes, client_id: str) -> None:
        if isinstance(smpp_message, aiosmpplib.SubmitSmResp):
            self.answered.release()
            self.left -= 1
            if not self.left:
                self.done.set_result(None)

    async def send_error(self, smpp_message: Any, error: Exception, client_id: str) -> None:
        self.done.set_exception(error)


async def python(port: int, messages: int) -> Spent:
    """The same by aiosmpplib."""
    hook = _Answers()
    hook.left = messages
    esme = aiosmpplib.ESME(
        "127.0.0.1", port, SYSTEM_ID, PASSWORD, hook=hook, log_level=logging.ERROR
    )
    running = asyncio.create_task(esme.start())
    while esme.session_state is not aiosmpplib.SmppSessionState.BOUND_TRX:  # noqa: ASYNC110
        await asyncio.sleep(0.01)

    async def send() -> None:
        for number in range(messages):
            await hook.answered.acquire()
            await esme.broker.enqueue(
                aiosmpplib.SubmitSm(
                    short_message=TEXT,
                    source=aiosmpplib.PhoneNumber(SENDER),
                    destination=aiosmpplib.PhoneNumber(receiver(number)),
                    encoding="ucs2",
                    log_id=str(number),
                )
            )
        await hook.done

    spent = await _measured([send()])
    await esme.stop()
    running.cancel()
    await asyncio.wait([running])
    return spent
