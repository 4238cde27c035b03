"""Those of the demo county who have never written of anything: the county knows their village and
how to reach them. Some want no messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalogue import Catalogue, Division
from backend.conversation.addresses import find_or_open, load_accounts
from backend.conversation.tables import citizen
from xiangyin.demo.accounts import DEMO_ACCOUNTS
from xiangyin.demo.citizens import PHONE_RANGE, Citizens, Person
from xiangyin.demo.stage import StoryClock

FIRST_PHONE = 5000
IN_EACH_VILLAGE = ("sms", "sms", "wechat", "sms", "wechat", "sms", "sms", "wechat")
ONE_OPTS_OUT_OF = 31
OPT_OUT_WORDS = ("T", "退订", "TD")
# Nobody opts out in the last days before the survey asks.
OPTED_OUT_BEFORE = timedelta(days=4)


async def settle(
    connection: AsyncConnection, catalogue: Catalogue, now: datetime
) -> Sequence[Person]:
    """Open the addresses of eight people in every village, known since `now`."""
    accounts = await load_accounts(connection)
    living = list(_living(catalogue))
    known = await find_or_open(
        connection,
        [(accounts[DEMO_ACCOUNTS[who.channel]], who.address) for who, _ in living],
        now,
    )
    at_home: dict[str, list[int]] = {}
    for who, home in living:
        account = accounts[DEMO_ACCOUNTS[who.channel]]
        who.citizen_id = known[account.id, who.address].citizen_id
        at_home.setdefault(home, []).append(who.citizen_id)
    for home, ids in at_home.items():
        await connection.execute(
            update(citizen).where(citizen.c.id.in_(ids)).values(home_place=home)
        )
    return [who for who, _ in living]


async def opt_out(
    citizens: Citizens, clock: StoryClock, people: Sequence[Person], asked: datetime
) -> None:
    """Some of them, one after the other in the weeks before a survey is `asked`."""
    for number, who in enumerate(people[::ONE_OPTS_OUT_OF]):
        clock.time = asked - OPTED_OUT_BEFORE - timedelta(hours=23.7 * number)
        await citizens.write(who, [OPT_OUT_WORDS[number % len(OPT_OUT_WORDS)]], "opt_out")


def _living(catalogue: Catalogue) -> Iterator[tuple[Person, str]]:
    """Each with the name of their home."""
    numbers = count()
    for village in _villages(catalogue):
        town = catalogue.divisions[village.parent or ""]
        for channel in IN_EACH_VILLAGE:
            number = next(numbers)
            phone = f"{PHONE_RANGE}{FIRST_PHONE + number:04d}"
            address = phone if channel == "sms" else f"demo-resident-{number:04d}"
            yield Person(channel, address, phone), f"{town.name}{village.name}"


def _villages(catalogue: Catalogue) -> Iterator[Division]:
    for one in catalogue.divisions.values():
        if one.level not in ("county", "township"):
            yield one
