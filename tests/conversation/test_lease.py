from __future__ import annotations

import asyncio

import pytest

from backend.conversation import lease as leases
from backend.conversation.addresses import find_or_open, load_accounts
from backend.conversation.lease import Lease, LeaseLost
from backend.database.engine import Database
from tests.conversation.conftest import HandClock


@pytest.fixture
async def citizen_id(database: Database, clock: HandClock) -> int:
    async with database.write() as connection:
        town = (await load_accounts(connection))["town"]
        (who,) = (await find_or_open(connection, [(town, "甲")], clock.now())).values()
    return who.citizen_id


async def take(database: Database, citizen_id: int, clock: HandClock) -> Lease | None:
    async with database.write() as connection:
        return await leases.take(connection, citizen_id, "me", clock.now(), leases.LEASE_SECONDS)


async def test_one_of_many_gets_it(database: Database, citizen_id: int, clock: HandClock) -> None:
    taken = await asyncio.gather(*(take(database, citizen_id, clock) for _ in range(8)))
    assert len([each for each in taken if each is not None]) == 1


async def test_given_back_it_can_be_taken_with_what_was_written(
    database: Database, citizen_id: int, clock: HandClock
) -> None:
    first = await take(database, citizen_id, clock)
    assert first is not None
    async with database.write() as connection:
        await leases.give_back(connection, first, state={"slots": {"place": "锦绣小区"}}, busy=True)
    second = await take(database, citizen_id, clock)
    assert second is not None
    assert (second.state, second.busy) == ({"slots": {"place": "锦绣小区"}}, True)
    assert second.fence > first.fence


async def test_who_slept_past_the_lease_is_refused(
    database: Database, citizen_id: int, clock: HandClock
) -> None:
    slow = await take(database, citizen_id, clock)
    clock.pass_(leases.LEASE_SECONDS + 1)
    quick = await take(database, citizen_id, clock)
    assert slow is not None
    assert quick is not None
    with pytest.raises(LeaseLost):
        async with database.write() as connection:
            await leases.give_back(connection, slow, state={"who": "slow"})
    async with database.write() as connection:
        await leases.give_back(connection, quick, state={"who": "quick"})
    last = await take(database, citizen_id, clock)
    assert last is not None
    assert last.state == {"who": "quick"}
