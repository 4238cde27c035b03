"""Two gateways and a worker as real processes, killed with -9 while WeChat's tries go from one
gateway to the other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from backend.database.engine import Database
from channels.wechat.testing import Wechat
from tests.durability.ledger import Ledger
from tests.durability.world import TOKEN, Halt, World
from tests.services.nursery import BOT_PYTHON
from tests.services.ports import free_port
from tests.services.required import require_service

CITIZENS = 8
GATEWAYS = ("gateway-1", "gateway-2")
HALTS = [
    Halt("passive.claimed", "KILL", 4, within="gateway-1"),
    Halt("passive.written", "KILL", 4, within="gateway-2"),
    Halt("inbox.stored", "KILL", 6, within="gateway-1"),
    Halt("passive.recorded", "KILL", 4, within="gateway-2"),
    Halt("turn.committed", "KILL", 5, within="worker"),
    Halt("turn.bot_asked", "KILL", 5, within="worker"),
]


class SplitWorld(World):
    """`village` may not push, so that its citizens depend on the tries."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.apps = {name: ("gateway", free_port()) for name in GATEWAYS}
        self.apps["worker"] = ("worker", free_port())

    def environment(self, halts: Iterable[Halt] = ()) -> dict[str, str]:
        told = super().environment(halts)
        del told["XIANGYIN_ACCOUNTS__VILLAGE__REPLY_WAIT_SECONDS"]
        return {**told, "XIANGYIN_ACCOUNTS__VILLAGE__CAN_PUSH": "false"}

    def wechat(self, account: str) -> Wechat:
        urls = [
            f"http://127.0.0.1:{self.apps[name][1]}/channels/wechat/{account}" for name in GATEWAYS
        ]
        return Wechat(self.platform, urls[0], TOKEN, other_urls=urls[1:])


@pytest.fixture(autouse=True)
def bot_installed() -> None:
    require_service(BOT_PYTHON.exists() or None, "no bot environment (make install)")


@pytest.mark.parametrize("with_valkey", [True, False], ids=["valkey", "no valkey"])
async def test_gateways_and_worker_die_while_tries_go_to_and_fro(
    database_url: str, tmp_path: Path, with_valkey: bool
) -> None:
    world = SplitWorld(database_url, tmp_path, HALTS, with_valkey=with_valkey)
    ledger = Ledger(world, CITIZENS)
    await world.start()
    try:
        await ledger.send_all()
        database = Database(database_url)
        try:
            await ledger.settled(database)
            states = await ledger.check(database)
        finally:
            await database.close()
    finally:
        await world.stop()
    assert sum(word.endswith("died") for word in world.struck) == len(HALTS)
    # Killed between sending and knowing, hardly anything more: one at most for each death.
    assert states["unknown"] <= len(HALTS)
