"""Answers that ride back in a webhook's reply: what goes with them, in order, at most once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.conversation import outbox, outcomes, passive, waiters
from backend.conversation.gateway import ConversationGateway
from backend.conversation.outbox import Claimed
from backend.conversation.outcomes import Outcome
from backend.conversation.tables import outbox as table
from backend.conversation.tables import turn
from backend.conversation.waiters import Waiters
from backend.database.engine import Database
from backend.ports import (
    Accepted,
    DeliveryReceipt,
    InboxUnavailable,
    PassiveReply,
    ReceiptState,
    Sent,
    Unreachable,
)
from tests.conversation.conftest import HandClock
from tests.conversation.room import Room


@pytest.fixture
def room(database: Database, clock: HandClock, tmp_path: Path) -> Room:
    return Room(database, clock, tmp_path)


@pytest.fixture
def gateway(room: Room) -> ConversationGateway:
    return ConversationGateway(
        room.database, room.inbox, Waiters(room.database), room.clock, "webhook"
    )


async def rows(room: Room) -> list[Any]:
    async with room.database.read() as connection:
        return list(await connection.execute(select(table).order_by(table.c.id)))


async def claim(room: Room) -> list[Claimed]:
    async with room.database.write() as connection:
        account_id = (await rows(room))[0].account_id
        return await outbox.claim_due(connection, [account_id], "sender", room.clock.now(), 10)


async def record(room: Room, row: Claimed, result: Any) -> None:
    async with room.database.write() as connection:
        await outcomes.record(connection, [Outcome(row, result)], room.clock.now())


async def answered(room: Room, text: str) -> Accepted:
    """A message that was read and answered."""
    who = await room.write(text)
    await room.turns(who)
    async with room.database.read() as connection:
        newest = select(turn.c.message_ids).order_by(turn.c.id.desc()).limit(1)
        return Accepted((await connection.execute(newest)).scalar_one()[-1], duplicate=True)


async def kept_then_answered(room: Room) -> Accepted:
    """The first answer had no route; the citizen has written again."""
    await answered(room, "路灯坏了")
    (first,) = await claim(room)
    await record(room, first, Unreachable("this account may not push"))
    return await answered(room, "在吗")


async def test_what_was_kept_rides_back_with_the_next_answer(
    room: Room, gateway: ConversationGateway
) -> None:
    accepted = await kept_then_answered(room)
    first, second = await rows(room)
    reply = await gateway.wait_reply(accepted, 1.0)
    assert reply is not None
    assert reply.text == f"{first.text}\n\n{second.text}"
    again = await gateway.wait_reply(accepted, 1.0)
    assert again == reply
    await gateway.reply_written(reply, written=False)
    assert [row.state for row in await rows(room)] == ["sending", "sending"], "given up by WeChat"
    await gateway.reply_written(again, written=True)
    assert [row.state for row in await rows(room)] == ["sent", "sent"]
    assert await claim(room) == []


async def test_what_rode_back_in_vain_is_pushed_in_order_when_declined(
    room: Room, gateway: ConversationGateway
) -> None:
    accepted = await kept_then_answered(room)
    reply = await gateway.wait_reply(accepted, 1.0)
    assert reply is not None
    await gateway.reply_declined(reply)
    first, second = await rows(room)
    (claimed,) = await claim(room)
    assert claimed.id == first.id
    await record(room, claimed, Sent())
    (claimed,) = await claim(room)
    assert claimed.id == second.id


async def test_an_answer_does_not_overtake_one_that_is_being_pushed(
    room: Room, gateway: ConversationGateway
) -> None:
    await answered(room, "路灯坏了")
    (first,) = await claim(room)
    accepted = await answered(room, "在吗")
    waiting = asyncio.create_task(gateway.wait_reply(accepted, 5.0))
    await asyncio.sleep(0.05)
    assert [row.state for row in await rows(room)] == ["sending", "queued"]
    await record(room, first, Sent())
    reply = await waiting
    assert reply is not None
    assert reply.text == (await rows(room))[1].text


async def test_only_what_one_reply_holds_rides_back(
    room: Room, gateway: ConversationGateway
) -> None:
    accepted = await kept_then_answered(room)
    async with room.database.write() as connection:
        first = (await rows(room))[0].id
        long = "长" * (passive.MOST_BYTES // 3)
        await connection.execute(update(table).where(table.c.id == first).values(text=long))
    reply = await gateway.wait_reply(accepted, 1.0)
    assert reply is not None
    assert reply.text == (await rows(room))[1].text
    assert [row.state for row in await rows(room)] == ["queued", "sending"]


MORE = "（后面还有）"
LONG = "".join(f"第{number}条，{'长😷' * 22}。" for number in range(32))


@pytest.fixture
def only_replies(room: Room) -> ConversationGateway:
    """Of an account that may not push."""
    return ConversationGateway(
        room.database,
        room.inbox,
        Waiters(room.database),
        room.clock,
        "webhook",
        after_part=lambda: MORE,
    )


@pytest.mark.parametrize("which", ["kept before", "the answer"])
async def test_without_another_route_a_long_text_comes_in_parts_contact_by_contact(
    room: Room, only_replies: ConversationGateway, which: str
) -> None:
    accepted = await kept_then_answered(room)
    long = (await rows(room))[0 if which == "kept before" else 1].id
    async with room.database.write() as connection:
        await connection.execute(update(table).where(table.c.id == long).values(text=LONG))
    told, contacts = "", 0
    while len(told) < len(LONG):
        contacts += 1
        assert contacts < 8
        reply = await only_replies.wait_reply(accepted, 1.0, in_part=True)
        assert reply is not None
        assert len(reply.text.encode()) <= passive.MOST_BYTES
        (row,) = [each for each in await rows(room) if each.id == long]
        if row.state == "sending":
            part = LONG[row.told : row.cut]
            assert part in reply.text
            assert part.endswith("。"), "it ends with a sentence"
            assert (f"{part}{MORE}" in reply.text) == (row.cut is not None)
            told += part
        # WeChat did not hear us: its next try is told the same.
        again = await only_replies.wait_reply(accepted, 1.0, in_part=True)
        assert again is not None
        assert again.text == reply.text
        await only_replies.reply_written(again, written=True)
        accepted = await answered(room, f"然后呢{contacts}")
    assert told == LONG
    (row,) = [each for each in await rows(room) if each.id == long]
    assert (row.state, row.cut) == ("sent", None)


async def test_what_was_cut_is_whole_again_when_it_is_given_back(
    room: Room, only_replies: ConversationGateway
) -> None:
    accepted = await answered(room, "路灯坏了")
    async with room.database.write() as connection:
        await connection.execute(update(table).values(text=LONG))
    reply = await only_replies.wait_reply(accepted, 1.0, in_part=True)
    assert reply is not None
    await only_replies.reply_declined(reply)
    (row,) = await rows(room)
    assert (row.state, row.told, row.cut) == ("queued", 0, None)


async def test_a_retry_whose_reply_is_not_written_takes_back_that_the_first_was(
    room: Room, gateway: ConversationGateway
) -> None:
    """WeChat asked again, so it had given the first connection up."""
    accepted = await answered(room, "路灯坏了")
    reply = await gateway.wait_reply(accepted, 1.0)
    assert reply is not None
    await gateway.reply_written(reply, written=True)
    again = await gateway.wait_reply(accepted, 1.0)
    assert again == reply
    await gateway.reply_written(again, written=False)
    assert [row.state for row in await rows(room)] == ["unknown"]


async def test_with_sql_slow_an_answer_is_not_claimed_for_a_connection_nobody_reads(
    room: Room, gateway: ConversationGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = await answered(room, "路灯坏了")
    write = room.database.write

    @asynccontextmanager
    async def slow() -> AsyncIterator[Any]:
        async with write() as connection:
            await asyncio.sleep(0.6)
            yield connection

    with monkeypatch.context() as patched:
        patched.setattr(room.database, "write", slow)
        assert await gateway.wait_reply(accepted, 0.2) is None
    assert [row.state for row in await rows(room)] == ["queued"]
    assert len(await claim(room)) == 1


async def test_webhooks_that_never_come_to_wait_leave_little_behind(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiters, "MOST_WAITING", 5)
    waiting = Waiters(room.database)
    for number in range(50):
        waiting.expect(number)
    assert len(waiting._futures) == 5


async def test_a_receipt_that_cannot_be_stored_is_asked_for_again(
    room: Room, gateway: ConversationGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Any:
        raise ConnectionError

    monkeypatch.setattr(room.database, "write", away)
    with pytest.raises(InboxUnavailable):
        await gateway.receipt(DeliveryReceipt("town", ReceiptState.DELIVERED, outbox_id=1))


async def test_a_try_does_not_give_back_what_another_is_writing_now(
    room: Room, gateway: ConversationGateway
) -> None:
    accepted = await answered(room, "路灯坏了")
    gone = await gateway.wait_reply(accepted, 1.0)
    alive = await gateway.wait_reply(accepted, 1.0)
    assert gone is not None
    assert alive == gone
    await gateway.reply_declined(gone)
    assert await claim(room) == []
    await gateway.reply_written(alive, written=True)
    assert [row.state for row in await rows(room)] == ["sent"]


async def test_a_declined_reply_that_another_try_carries_is_left_alone(
    room: Room, gateway: ConversationGateway
) -> None:
    accepted = await answered(room, "路灯坏了")
    reply = await gateway.wait_reply(accepted, 1.0)
    assert reply is not None
    await gateway.reply_written(reply, written=True)
    await gateway.reply_declined(PassiveReply(reply.outbox_id, reply.text))
    assert [row.state for row in await rows(room)] == ["sent"]


async def test_of_two_messages_read_together_one_carries_the_answer(
    room: Room, gateway: ConversationGateway
) -> None:
    who = await room.write("锦绣小区的路灯坏了")
    await room.write("已经一个星期了")
    await room.turns(who)
    async with room.database.read() as connection:
        (ids,) = await connection.scalars(select(turn.c.message_ids))
    first, second = [Accepted(each, duplicate=True) for each in ids]
    reply = await gateway.wait_reply(first, 1.0)
    assert reply is not None
    assert await gateway.wait_reply(second, 1.0) is None
    await gateway.reply_written(reply, written=True)
    assert await gateway.wait_reply(second, 1.0) is None
    assert await gateway.wait_reply(first, 1.0) == reply


async def test_an_answer_waits_for_one_whose_process_may_have_died_with_it(
    room: Room, gateway: ConversationGateway
) -> None:
    """Its retry may still carry it, and would come after."""
    lost = await gateway.wait_reply(await answered(room, "路灯坏了"), 1.0)
    assert lost is not None
    later = await answered(room, "在吗")
    assert await gateway.wait_reply(later, 0.3) is None
    await gateway.reply_written(lost, written=True)
    assert await gateway.wait_reply(later, 1.0) is not None


async def test_with_sql_away_a_webhook_keeps_waiting(
    room: Room, gateway: ConversationGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To return at once would say that there is nothing to say, and end WeChat's tries."""
    accepted = await answered(room, "路灯坏了")

    def away() -> Any:
        raise ConnectionError

    monkeypatch.setattr(room.database, "write", away)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await gateway.wait_reply(accepted, 0.3) is None
    assert loop.time() - began >= 0.3
