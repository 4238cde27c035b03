"""What the processes that hold the channels tell of them, read by one that does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backend.conversation.gateway_reports import NOBODY, RECENT, GatewayReports, reported
from backend.database.engine import Database
from tests.conversation.conftest import HandClock

WELL: dict[str, Any] = {"ok": True, "detail": "正常"}
WRONG: dict[str, Any] = {"ok": False, "detail": "本机的出口 IP 不在白名单中"}


class Told:
    def __init__(self, **channels: Any) -> None:
        self.channels = channels
        self.spooling = False

    async def __call__(self) -> dict[str, Any]:
        return {"channels": self.channels, "spooling": self.spooling}


async def test_the_last_word_of_each_process_counts(database: Database, clock: HandClock) -> None:
    first, second = Told(town=WELL, line=WELL), Told(town=WELL)
    one = GatewayReports(database, clock, "one", first)
    other = GatewayReports(database, clock, "other", second)
    await one.write()
    await other.write()
    assert await reported(database, ["town", "line"], clock.now()) == {
        "channels": {"town": WELL, "line": WELL},
        "spooling": False,
    }
    first.channels, first.spooling = {"town": WRONG, "line": WELL}, True
    await one.write()
    await other.write()
    told = await reported(database, ["town"], clock.now())
    assert told == {"channels": {"town": WRONG}, "spooling": True}, "one of two is wrong"
    first.channels, first.spooling = {"town": WELL}, False
    await one.write()
    told = await reported(database, ["town"], clock.now())
    assert told == {"channels": {"town": WELL}, "spooling": False}


async def test_a_process_that_is_gone_tells_nothing(database: Database, clock: HandClock) -> None:
    await GatewayReports(database, clock, "one", Told(town=WRONG)).write()
    clock.pass_((RECENT + timedelta(seconds=1)).total_seconds())
    told = await reported(database, ["town"], clock.now())
    assert told == {"channels": {"town": {"ok": False, "detail": NOBODY}}, "spooling": False}
