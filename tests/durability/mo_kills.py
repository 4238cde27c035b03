"""Messages from citizens through a gateway, while the process that receives them is killed (-9)
again and again: each is in the inbox once."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from backend.conversation.tables import address, message
from backend.database.engine import Database
from channels.sms.cmpp.pdus import Deliver
from tests.durability.mo_gateway import SERVICE_NUMBER, MoGateway, msg_id
from tests.services.nursery import Child, app_nursery
from tests.services.ports import free_port

SENDERS = 1_500
# Of each hundred: two are the halves of one long message, ten say nothing but '1'.
GROUP, HONEST_ONES = 100, 10
UCS2 = 8
POLL_SECONDS = 0.1
SPOOL_SECONDS = 60.0

Said = Counter[tuple[str, str]]


@dataclass(frozen=True)
class Played:
    """What came of it. `lost` and `doubled` count messages by sender and words."""

    messages: int
    kills: int
    delivered: int
    refused: int
    lost: int
    doubled: int
    seconds: float


def written(number: int) -> tuple[list[Deliver], Said]:
    """So many messages on the wire, and what citizens said by them."""
    delivers, said = [], Said()
    for at in range(number):
        group, place = divmod(at, GROUP)
        sender, udhi = f"138{at % SENDERS:08}", 0
        if place < 2 and at + 1 - place < number:
            # A sender of its own, so that a reference counted up to 255 names one message.
            sender, udhi = f"137{group:08}", 1
            words = f"第{group}封长信的{('上', '下')[place]}半。"
            content = bytes((5, 0, 3, group % 256, 2, place + 1)) + words.encode("utf-16-be")
            if place:
                said[sender, f"第{group}封长信的上半。{words}"] += 1
        else:
            words = "1" if place % HONEST_ONES == 5 else f"第{at}件：路灯不亮。"
            content = words.encode("utf-16-be")
            said[sender, words] += 1
        delivers.append(
            Deliver(
                msg_id=msg_id(at + 1),
                dest_id=SERVICE_NUMBER,
                tp_udhi=udhi,
                msg_fmt=UCS2,
                src_terminal_id=sender,
                content=content,
            )
        )
    return delivers, said


class _Receiver:
    """The process that has the account; killed in the middle of its work, and started anew."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._database_url = database_url
        self._folder = folder
        self._killed = asyncio.Event()
        self._child: Child | None = None
        self._starting: asyncio.Task[None] | None = None
        self.kills = 0

    def start(self, gateway_port: int) -> None:
        self._port = gateway_port
        self._spawn()
        self._starting = asyncio.create_task(self._bring_back())

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self.kills += 1
            self._killed.set()

    async def stop(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    async def _bring_back(self) -> None:
        while True:
            await self._killed.wait()
            self._killed.clear()
            assert self._child is not None
            await asyncio.to_thread(self._child.wait)
            self._spawn()

    def _spawn(self) -> None:
        account = "XIANGYIN_ACCOUNTS__LINE__"
        environment = {
            "XIANGYIN_CONFIG": os.devnull,
            "XIANGYIN_VAR_DIR": str(self._folder),
            "XIANGYIN_DATABASE_URL": self._database_url,
            "XIANGYIN_REDIS_URL": "off",
            "XIANGYIN_LOG_LEVEL": "warning",
            "XIANGYIN_ROLE": "gateway",
            "XIANGYIN_HTTP_PORT": str(free_port()),
            "XIANGYIN_SPOOL_POLL_SECONDS": "0.3",
            f"{account}CHANNEL": "sms",
            f"{account}PROVIDER": "cmpp",
            f"{account}HOST": "127.0.0.1",
            f"{account}PORT": str(self._port),
            f"{account}SOURCE_ADDR": "900001",
            f"{account}SECRET": "durability",
            f"{account}SENDER": SERVICE_NUMBER,
            f"{account}CONNECTION_COUNT": "2",
        }
        self._child = app_nursery().spawn(
            "xiangyin",
            "app",
            environment={**os.environ, **environment},
            log=self._folder / "receiver.log",
        )


async def play(
    messages: int, kills: int, database_url: str, folder: Path, *, seconds: float
) -> Played:
    """Raises TimeoutError where it takes longer than `seconds`."""
    delivers, said = written(messages)
    receiver = _Receiver(database_url, folder)
    # Each at the very moment an answer comes, with the windows full.
    moments = {messages * (each + 1) // (kills + 1) for each in range(kills)}
    gateway = MoGateway(delivers, lambda so_many: receiver.kill() if so_many in moments else None)
    began = time.monotonic()
    await gateway.start()
    try:
        receiver.start(gateway.port)
        async with asyncio.timeout(seconds):
            await gateway.done.wait()
        took = time.monotonic() - began
        stored = await _stored(database_url, said.total())
    finally:
        await receiver.stop()
        await gateway.stop()
    return Played(
        messages=messages,
        kills=receiver.kills,
        delivered=gateway.delivered,
        refused=gateway.refused,
        lost=(said - stored).total(),
        doubled=(stored - said).total(),
        seconds=took,
    )


async def _stored(database_url: str, number: int) -> Said:
    """What is in the inbox, once so many messages are or the spool has had time enough."""
    database = Database(database_url)
    of_messages = select(func.count()).select_from(message)
    end = time.monotonic() + SPOOL_SECONDS
    try:
        while time.monotonic() < end:
            async with database.read() as connection:
                if (await connection.scalar(of_messages) or 0) >= number:
                    break
            await asyncio.sleep(POLL_SECONDS)
        async with database.read() as connection:
            found = await connection.execute(
                select(address.c.external_id, message.c.text).join(
                    address, address.c.id == message.c.address_id
                )
            )
            return Said((row.external_id, row.text) for row in found)
    finally:
        await database.close()
