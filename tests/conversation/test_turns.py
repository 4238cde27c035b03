"""Turns on both databases: what is committed together, what happens when something fails."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from backend.clock import SystemClock
from backend.conversation import turns
from backend.conversation.bot_client import BotRefused
from backend.conversation.lease import LEASE_SECONDS, LeaseLost
from backend.conversation.tables import consent_event, conversation, message, outbox, turn
from backend.conversation.texts import Reply
from backend.conversation.turn import SAY_RECEIVED_AT
from backend.conversation.worker import AT_ONCE
from backend.database.engine import Database
from backend.petitions.grouping import MatterFinder
from backend.petitions.tables import handover, petition, petition_message
from backend.ports import Event
from tests.conversation.conftest import HandClock
from tests.conversation.room import Room, says, texts
from tests.petitions.meanings import sentence_reader

FILE = {
    "id": "e1",
    "type": "file_petition",
    "kind": "complaint",
    "text": "锦绣小区3号楼下水道堵了",
    "place": "锦绣小区3号楼",
    "messages": [],
}


@pytest.fixture
def room(database: Database, clock: HandClock, tmp_path: Path) -> Room:
    return Room(database, clock, tmp_path)


async def count(room: Room, table: Any) -> int:
    async with room.database.read() as connection:
        counted = await connection.execute(select(func.count()).select_from(table))
        return int(counted.scalar_one())


# What to do now, and where are you.
EMERGENCY = "emergency_fire,emergency_where"


def filing(request: dict[str, Any]) -> dict[str, Any]:
    return says(effects=[{**FILE, "messages": request["message"]["ids"]}])


async def test_state_goes_to_the_bot_and_comes_back(room: Room) -> None:
    who = await room.write("你好")
    await room.turns(who)
    await room.write("在吗")
    await room.turns(who)
    assert [asked["state"] for asked in room.bot.asked] == [None, {"seen": True}]
    assert await room.said() == ["greet", "greet"]
    assert await room.unread() == []


async def test_entities_are_read_for_the_bot(room: Room) -> None:
    await room.turns(await room.write("锦绣小区3号楼下水道堵了一个月没人管"))
    read = {each["entity"]: each["value"] for each in room.bot.asked[0]["entities"]}
    assert read["place"] == "锦绣小区3号楼"
    assert "一个月" in read["time"]


async def test_a_petition_is_filed_with_number_and_answer_in_one_transaction(room: Room) -> None:
    room.bot.answer = filing
    await room.turns(await room.write("锦绣小区3号楼下水道堵了"))
    async with room.database.read() as connection:
        row = (await connection.execute(select(petition))).one()
        said = (await connection.execute(select(outbox.c.text))).scalar_one()
    assert row.text == FILE["text"]
    assert row.number in said


async def test_a_petition_keeps_the_words_as_they_were_written(room: Room) -> None:
    written = "錦綉小區３號樓下水道堵了！！😡"

    def file_cleaned(request: dict[str, Any]) -> dict[str, Any]:
        text = request["message"]["text"]
        return says(effects=[{**FILE, "text": text, "messages": request["message"]["ids"]}])

    room.bot.answer = file_cleaned
    await room.turns(await room.write(written))
    assert room.bot.asked[0]["message"]["text"] != written
    async with room.database.read() as connection:
        assert (await connection.execute(select(petition.c.text))).scalar_one() == written


async def test_what_fails_at_commit_leaves_nothing_and_is_the_same_turn_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.bot.answer = filing
    who = await room.write("锦绣小区3号楼下水道堵了")

    async def die(*_: Any, **__: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(room.taker, "_say", die)
        with pytest.raises(ConnectionError):
            await room.worker.take_turn(who)
    assert await count(room, petition) == 0
    room.clock.pass_(LEASE_SECONDS + 1)
    await room.turns(who)
    assert await count(room, petition) == 1
    assert await count(room, turn) == 1
    assert room.bot.asked[0]["turn_id"] == room.bot.asked[1]["turn_id"]


async def test_a_worker_that_slept_past_its_lease_commits_nothing(room: Room) -> None:
    room.bot.answer = filing
    who = await room.write("锦绣小区3号楼下水道堵了")
    other = room.another_worker("second")
    overtaken = False

    async def overtake(request: dict[str, Any]) -> dict[str, Any]:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            room.clock.pass_(LEASE_SECONDS + 1)
            await other.take_turn(who)
        return filing(request)

    room.bot.turn = overtake  # type: ignore[method-assign]
    with pytest.raises(LeaseLost):
        await room.worker.take_turn(who)
    assert await count(room, petition) == 1
    assert len(await room.said()) == 1


async def test_with_the_bot_down_the_citizen_hears_once_that_it_has_arrived(room: Room) -> None:
    room.bot.down = True
    who = await room.write("路灯坏了")
    for _ in range(6):
        await room.worker.take_turn(who)
        room.clock.pass_(60)
    assert len(room.bot.asked) == 6 > SAY_RECEIVED_AT
    assert await room.said() == ["received_bot_down"]
    room.bot.down = False
    await room.turns(who)
    assert await room.said() == ["received_bot_down", "greet"]
    assert await count(room, turn) == 1


async def test_a_turn_the_bot_never_comes_to_an_end_with_goes_to_a_person(room: Room) -> None:
    room.bot.stuck = True
    who = await room.write("路灯坏了")
    for _ in range(turns.MOST_FAILURES):
        assert await room.unread() == ["路灯坏了"]
        await room.worker.take_turn(who)
        room.clock.pass_(60)
    assert await room.said() == ["received_bot_down", "handed_over"]
    assert await room.unread() == []
    async with room.database.read() as connection:
        assert (await connection.execute(select(handover.c.text))).scalar_one() == "路灯坏了"


async def test_a_bot_that_comes_back_just_after_the_last_try_gets_the_turn(room: Room) -> None:
    room.bot.down = True
    who = await room.write("路灯坏了")
    for _ in range(turns.MOST_FAILURES - 1):
        await room.worker.take_turn(who)
        room.clock.pass_(60)
    ask = room.bot.turn

    async def fail_and_come_back(request: dict[str, Any]) -> dict[str, Any]:
        try:
            return await ask(request)
        finally:
            room.bot.down = False

    room.bot.turn = fail_and_come_back  # type: ignore[method-assign]
    await room.worker.take_turn(who)
    assert await count(room, handover) == 0
    room.clock.pass_(60)
    await room.turns(who)
    assert await room.said() == ["received_bot_down", "greet"]


async def test_while_the_bot_is_down_nobody_hammers_it(room: Room) -> None:
    room.bot.down = True
    who = await room.write("路灯坏了")
    for _ in range(5):
        await room.worker.take_turn(who)
    assert len(room.bot.asked) == 1
    async with room.database.read() as connection:
        assert await turns.waiting_citizens(connection, room.clock.now(), 10) == []
        later = room.clock.now() + timedelta(seconds=60)
        assert await turns.waiting_citizens(connection, later, 10) == [who]


async def test_an_emergency_is_answered_and_filed_past_a_stuck_turn(room: Room) -> None:
    room.bot.down = True
    who = await room.write("路灯坏了")
    await room.worker.take_turn(who)
    await room.write("着火了快来人")
    await room.turns(who)
    assert await room.said() == [EMERGENCY]
    async with room.database.read() as connection:
        row = (await connection.execute(select(petition.c.urgency, petition.c.text))).one()
    assert tuple(row) == ("emergency", "着火了快来人")
    assert await room.unread() == ["路灯坏了"]


async def test_an_emergency_nobody_was_woken_for_is_answered_at_the_next_try(room: Room) -> None:
    room.bot.down = True
    who = await room.write("路灯坏了")
    await room.worker.take_turn(who)
    await room.write("着火了快来人")
    # The signal was lost; the poll finds the citizen when the bot is to be tried again.
    room.clock.pass_(60)
    await room.turns(who)
    assert await room.said() == ["received_bot_down", EMERGENCY]
    assert await room.unread() == ["路灯坏了"]


async def test_an_emergency_whose_worker_died_does_not_queue_behind_the_stuck_turn(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.bot.down = True
    who = await room.write("路灯坏了")
    await room.worker.take_turn(who)
    await room.write("着火了快来人")

    async def die(*_: Any, **__: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(room.taker, "take", die)
        with pytest.raises(ConnectionError):
            await room.worker.take_turn(who)
    room.clock.pass_(LEASE_SECONDS + 1)
    await room.turns(who)
    assert EMERGENCY in await room.said()
    assert await room.unread() == ["路灯坏了"]


async def test_a_message_the_bot_always_fails_at_goes_to_a_person(room: Room) -> None:
    def refuse(_request: dict[str, Any]) -> dict[str, Any]:
        raise BotRefused("status 500")

    room.bot.answer = refuse
    who = await room.write("路灯坏了")
    for _ in range(turns.MOST_FAILURES):
        await room.turns(who)
        room.clock.pass_(600)
    assert await count(room, handover) == 1
    room.bot.answer = lambda _request: says("greet")
    await room.write("你好")
    await room.turns(who)
    assert await room.unread() == []
    assert (await room.said())[-1] == "greet"


async def test_what_nobody_foresaw_ends_no_worker(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as there are workers, and one more."""
    room.worker._clock = SystemClock()
    took = room.worker.take_turn

    async def fail(citizen_id: int) -> bool:
        if citizen_id < 0:
            raise RuntimeError
        return await took(citizen_id)

    monkeypatch.setattr(room.worker, "take_turn", fail)
    who = await room.write("你好")
    monkeypatch.setattr(room.worker, "_poll", lambda: asyncio.sleep(3600))
    await room.worker.start()
    for number in range(1, AT_ONCE + 2):
        room.worker.wake(-number)
    room.worker.wake(who)
    async with asyncio.timeout(10):
        while not await room.said():
            await asyncio.sleep(0.01)
    await room.worker.close()


async def test_closing_finishes_the_turn_under_way_and_begins_no_other(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.worker._clock = SystemClock()
    monkeypatch.setattr(room.worker, "_poll", lambda: asyncio.sleep(3600))
    asked = asyncio.Event()

    async def slow(_request: dict[str, Any]) -> dict[str, Any]:
        asked.set()
        await asyncio.sleep(0.3)
        return says("greet")

    monkeypatch.setattr(room.bot, "turn", slow)
    who = await room.write("你好")
    await room.write("关注", kind="event")
    await room.worker.start()
    room.worker.wake(who)
    async with asyncio.timeout(5):
        await asked.wait()
    await room.worker.close()
    assert await room.said() == ["greet"]
    assert await room.unread() == ["关注"]
    async with room.database.read() as connection:
        assert (await connection.execute(select(conversation.c.lease_owner))).scalar_one() is None


async def test_many_messages_of_one_citizen_delay_no_other(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = []

    async def take(citizen_id: int) -> bool:
        order.append(citizen_id)
        await asyncio.sleep(0)
        return order.count(citizen_id) < 10

    monkeypatch.setattr(room.worker, "take_turn", take)
    busy, other = 1, 2
    room.worker.wake(busy)
    room.worker.wake(other)
    work = asyncio.create_task(room.worker._work())
    async with asyncio.timeout(5):
        while len(order) < 20:
            await asyncio.sleep(0)
    work.cancel()
    assert order[:4] == [busy, other, busy, other]


async def test_opting_out_works_with_the_bot_down(room: Room) -> None:
    room.bot.down = True
    await room.turns(await room.write("退订"))
    assert await room.said() == ["opted_out"]
    async with room.database.read() as connection:
        row = (await connection.execute(select(consent_event))).one()
    assert (row.decision, row.words) == ("opt_out", "退订")
    room.bot.down = False
    await room.turns(await room.write("你好"))
    assert room.bot.asked[-1]["context"]["opted_out"] is True


async def test_a_turn_that_keeps_failing_goes_to_a_person(room: Room) -> None:
    room.bot.answer = lambda _request: says("no_such_text")
    who = await room.write("路灯坏了")
    for _ in range(turns.MOST_FAILURES):
        await room.worker.take_turn(who)
        room.clock.pass_(600)
    assert await count(room, handover) == 1
    assert await room.unread() == []
    assert (await room.said())[-1] == "handed_over"


async def test_a_bare_number_carries_the_option_of_the_last_prompt(room: Room) -> None:
    options = [{"label": "对，提交", "payload": "/affirm"}, {"label": "改", "payload": "/edit"}]
    room.bot.answer = lambda _request: says("greet", prompt=options)
    who = await room.write("路灯坏了")
    await room.turns(who)
    room.bot.answer = lambda _request: says("thank")
    await room.write("2")
    await room.turns(who)
    assert room.bot.asked[-1]["message"]["choice"] == "/edit"
    # Answered: the same number means nothing now.
    await room.write("2")
    await room.turns(who)
    assert room.bot.asked[-1]["message"]["choice"] is None


async def test_an_internal_message_waits_while_a_form_is_under_way(room: Room) -> None:
    room.bot.answer = lambda _request: says("greet", busy=True)
    who = await room.write("我要反映个事")
    await room.turns(who)
    async with room.database.write() as connection:
        await connection.execute(
            message.insert().from_select(
                ["account_id", "external_id", "address_id", "citizen_id", "kind", "text",
                 "media_count", "received_at", "detail"],
                select(
                    message.c.account_id, func.coalesce(None, "internal:1"), message.c.address_id,
                    message.c.citizen_id, func.coalesce(None, "internal"), func.coalesce(None, ""),
                    message.c.media_count, message.c.received_at, message.c.detail,
                ),
            )
        )  # fmt: skip
    await room.turns(who)
    assert len(room.bot.asked) == 1
    async with room.database.read() as connection:
        assert await turns.waiting_citizens(connection, room.clock.now(), 10) == []
    room.bot.answer = lambda _request: says("greet")
    await room.write("不用了")
    await room.turns(who)
    kinds = [asked["message"]["kind"] for asked in room.bot.asked]
    assert kinds == ["text", "internal", "text"] or kinds == ["text", "text", "internal"]


async def test_a_voice_alone_becomes_a_petition_of_no_office_yet(room: Room) -> None:
    room.bot.answer = lambda request: says(
        effects=[
            {
                "id": "e1",
                "type": "file_petition",
                "kind": None,
                "text": "（语音留言，请听录音）",
                "place": "地点不详",
                "messages": request["message"]["ids"],
                "asked": True,
                "by_voice": True,
            }
        ]
    )
    await room.turns(await room.write("", kind="voice"))
    assert await room.said() == ["petition_filed_by_voice"]
    async with room.database.read() as connection:
        filed = (await connection.execute(select(petition))).one()
        held = (await connection.execute(select(petition_message))).all()
        told = (await connection.execute(select(outbox.c.text))).scalar_one()
    assert (filed.text, filed.place) == ("（语音留言，请听录音）", "地点不详")
    assert len(held) == 1
    assert filed.number in told


async def test_an_emergency_that_is_spoken_is_one(room: Room) -> None:
    await room.turns(await room.write("我家着火了，快来人啊。", kind="voice"))
    assert await room.said() == ["emergency_fire,emergency_where"]
    assert room.bot.asked == []


async def test_a_kind_we_cannot_read_gets_a_polite_answer_a_mere_report_none(room: Room) -> None:
    card = Event("other", "miniprogrampage")
    await room.turns(await room.write("", kind="event", event=card, reply_within=4.5))
    assert await room.said() == ["unsupported_kind"]
    link = Event("other", "link")
    await room.turns(await room.write("通知", kind="event", event=link, reply_within=4.5))
    assert await room.said() == ["unsupported_kind", "unsupported_link"]
    room.bot.answer = lambda _request: says()
    await room.turns(await room.write("", kind="event", event=Event("other", "VIEW")))
    assert await room.said() == ["unsupported_kind", "unsupported_link"]


async def test_what_may_be_lost_is_offered_once_and_resent_when_asked(room: Room) -> None:
    who = await room.write("你好")
    await room.turns(who)
    async with room.database.write() as connection:
        await connection.execute(update(outbox).values(state="unknown"))
        first = (await connection.execute(select(outbox.c.text))).scalar_one()
    await room.write("在吗")
    await room.turns(who)
    assert (await room.said())[-1] == "greet,offer_resend"
    await room.write("还在吗")
    await room.turns(who)
    assert (await room.said())[-1] == "greet"
    await room.write("重发")
    await room.turns(who)
    async with room.database.read() as connection:
        last = (
            await connection.execute(select(outbox.c.text).order_by(outbox.c.id.desc()).limit(1))
        ).scalar_one()
    assert last == texts().render([Reply("resent", {"text": first})], "wechat")


async def test_what_had_no_route_is_sent_at_the_next_contact(room: Room) -> None:
    who = await room.write("你好")
    await room.turns(who)
    async with room.database.write() as connection:
        await connection.execute(update(outbox).values(state="kept"))
    await room.write("在吗")
    await room.turns(who)
    async with room.database.read() as connection:
        states = (await connection.execute(select(outbox.c.state).order_by(outbox.c.id))).scalars()
        assert list(states) == ["queued", "queued"]


async def test_a_conversation_with_nothing_to_read_is_given_back(room: Room) -> None:
    who = await room.write("你好")
    await room.turns(who)
    async with room.database.read() as connection:
        owner = (await connection.execute(select(conversation.c.lease_owner))).scalar_one()
    assert owner is None


async def test_where_others_wait_for_the_same_the_bot_is_told_and_asks(room: Room) -> None:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        return says("greet") if "same" in request["context"] else filing(request)

    room.bot.answer = answer
    matters = MatterFinder(room.database, room.clock, sentence_reader())
    first = await room.write("锦绣小区3号楼下水道堵了", who="甲")
    await room.turns(first)
    while await matters.read_some():
        pass
    second = await room.write("锦绣小区3号楼下水道堵了", who="乙")
    await room.turns(second)
    assert await count(room, petition) == 1
    assert (await room.said())[-1] == "greet"
    same = room.bot.asked[-1]["context"]["same"]
    assert (same["place"], same["people"]) == ("锦绣社区", 1)
    # Nothing was asked of the first, and of the second one question twice.
    assert ["same" in each["context"] for each in room.bot.asked] == [False, False, True]
