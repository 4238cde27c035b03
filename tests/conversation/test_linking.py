"""A phone number linked by a code sent there: one citizen, never another's, never too often."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from backend.conversation.link_words import link_rule, mobile_number
from backend.conversation.linking import (
    BETWEEN_CODES,
    CODES_A_DAY_BY_CITIZEN,
    CODES_A_DAY_TO_NUMBER,
    DAY,
    GOOD_FOR,
    TRIES,
)
from backend.conversation.phone_owner import SILENT_TOO_LONG
from backend.conversation.tables import (
    address,
    address_event,
    citizen,
    message,
    outbox,
    phone_code,
)
from backend.database.engine import Database
from backend.petitions.number import make_number
from backend.petitions.ownership import own_citizen_ids
from backend.ports import Event
from tests.conversation.conftest import HandClock
from tests.conversation.room import Room

PHONE = "13812345678"
ANOTHER = "13987654321"


@pytest.fixture
def room(database: Database, clock: HandClock, tmp_path: Path) -> Room:
    return Room(database, clock, tmp_path)


async def says(room: Room, text: str, who: str = "甲", account: str = "town") -> str:
    """What the app answers."""
    citizen_id = await room.write(text, who=who, account=account)
    await room.turns(citizen_id)
    keys = [key for key in await room.said() if key != "link_code"]
    return keys[-1]


async def codes(room: Room) -> list[tuple[str, str]]:
    """(number, text) of every message with a code."""
    async with room.database.read() as connection:
        rows = await connection.execute(
            select(address.c.external_id, outbox.c.text)
            .join(address, address.c.id == outbox.c.address_id)
            .where(outbox.c.key == "link_code")
            .order_by(outbox.c.id)
        )
        return [(row.external_id, row.text) for row in rows]


async def code(room: Room) -> str:
    found = re.search(r"\d{6}", (await codes(room))[-1][1])
    assert found is not None
    return found[0]


async def another(right: str) -> str:
    return "000000" if right != "000000" else "000001"


async def link(room: Room, who: str = "甲", phone: str = PHONE) -> str:
    assert await says(room, f"绑定手机{phone}", who) == "link_code_sent"
    return await says(room, await code(room), who)


async def owner(room: Room, external_id: str) -> int:
    async with room.database.read() as connection:
        found = await connection.execute(
            select(address.c.citizen_id).where(
                address.c.external_id == external_id, address.c.ended_at.is_(None)
            )
        )
        return int(found.scalar_one())


async def rows(room: Room, table: Any) -> list[Any]:
    async with room.database.read() as connection:
        return list(await connection.execute(select(table).order_by(table.c.id)))


async def test_wechat_and_sms_become_one_citizen(room: Room) -> None:
    by_sms = await room.write("路灯坏了", who=PHONE, account="line")
    await room.turns(by_sms)
    assert await says(room, "绑定手机") == "link_ask_phone"
    assert await says(room, PHONE) == "link_code_sent"
    [(number, text)] = await codes(room)
    assert (number, "10分钟" in text) == (PHONE, True)
    assert await says(room, await code(room)) == "linked"
    wechat = await owner(room, "甲")
    assert await owner(room, PHONE) == wechat
    async with room.database.read() as connection:
        own = set((await connection.execute(own_citizen_ids(wechat))).scalars())
    assert own == {wechat, by_sms}
    types = [row.type for row in await rows(room, address_event)]
    assert types == ["opened", "opened", "merged"]
    phones = {row.id: row.phone for row in await rows(room, citizen)}
    assert phones[wechat] == PHONE


async def test_the_code_is_kept_as_a_keyed_hash_and_blanked_when_used(room: Room) -> None:
    await says(room, f"绑定手机{PHONE}")
    sent = await code(room)
    [kept] = await rows(room, phone_code)
    assert sent not in str(tuple(kept))
    async with room.database.write() as connection:
        await connection.execute(
            outbox.update().where(outbox.c.key == "link_code").values(state="sent")
        )
    await says(room, f"验证码 {sent}")
    assert [text for _, text in await codes(room)] == ["（验证码）"]
    assert await says(room, sent) != "linked"  # no code is used twice


async def test_a_wrong_code_is_counted_and_then_over(room: Room) -> None:
    await says(room, f"绑定{PHONE}")
    right = await code(room)
    wrong = await another(right)
    for _ in range(TRIES - 1):
        assert await says(room, wrong) == "link_wrong_code"
    assert await says(room, wrong) == "link_code_over"
    assert await says(room, right) == "link_code_over"
    assert await owner(room, PHONE) != await owner(room, "甲")


async def test_a_code_is_good_for_ten_minutes(room: Room) -> None:
    await says(room, f"绑定手机 {PHONE}")
    room.clock.pass_(GOOD_FOR.total_seconds() + 1)
    assert await says(room, await code(room)) == "link_code_over"


async def test_only_the_newest_code_counts(room: Room) -> None:
    await says(room, f"绑定手机{PHONE}")
    old = await code(room)
    room.clock.pass_(BETWEEN_CODES.total_seconds())
    await says(room, f"绑定手机{PHONE}")
    new = await code(room)
    if old != new:
        assert await says(room, old) == "link_wrong_code"
    assert await says(room, new) == "linked"


async def test_nobodys_phone_is_flooded(room: Room) -> None:
    assert await says(room, f"绑定手机{PHONE}", "甲") == "link_code_sent"
    assert await says(room, f"绑定手机{PHONE}", "乙") == "link_wait"
    for number in range(1, CODES_A_DAY_TO_NUMBER):
        room.clock.pass_(BETWEEN_CODES.total_seconds())
        assert await says(room, f"绑定手机{PHONE}", f"丙{number}") == "link_code_sent"
    room.clock.pass_(BETWEEN_CODES.total_seconds())
    assert await says(room, f"绑定手机{PHONE}", "丁") == "link_too_often"
    assert len(await codes(room)) == CODES_A_DAY_TO_NUMBER
    room.clock.pass_(DAY.total_seconds())
    assert await says(room, f"绑定手机{PHONE}", "丁") == "link_code_sent"


async def test_a_citizen_asks_for_so_many_codes_a_day(room: Room) -> None:
    for number in range(CODES_A_DAY_BY_CITIZEN):
        assert await says(room, f"绑定手机1380000000{number}") == "link_code_sent"
    assert await says(room, "绑定手机13800000009") == "link_too_often"
    async with room.database.read() as connection:
        opened = (await connection.execute(select(address.c.external_id))).scalars().all()
    assert "13800000009" not in opened  # refused before anything is kept of it


async def test_a_number_that_went_to_another_person_brings_nothing_along(room: Room) -> None:
    assert await link(room, "甲") == "linked"
    before = await owner(room, "甲")
    room.clock.pass_(BETWEEN_CODES.total_seconds())
    await says(room, f"绑定手机{PHONE}", "乙")
    assert await says(room, await code(room), "乙") == "linked"
    after = await owner(room, "乙")
    assert (await owner(room, PHONE), await owner(room, "甲")) == (after, before)
    assert "link_moved" in await room.said()
    async with room.database.read() as connection:
        assert set((await connection.execute(own_citizen_ids(after))).scalars()) == {after}
    phones = {row.id: row.phone for row in await rows(room, citizen)}
    assert (phones[before], phones[after]) == (None, PHONE)


async def test_what_a_long_silent_number_said_is_not_the_next_ones(room: Room) -> None:
    old = await room.write("路灯坏了", who=PHONE, account="line")
    await room.turns(old)
    async with room.database.write() as connection:
        long_ago = room.clock.now() - SILENT_TOO_LONG - timedelta(days=1)
        await connection.execute(
            message.update().where(message.c.citizen_id == old).values(received_at=long_ago)
        )
    assert await link(room) == "linked"
    who = await owner(room, "甲")
    async with room.database.read() as connection:
        assert set((await connection.execute(own_citizen_ids(who))).scalars()) == {who}


async def test_unlinked_they_are_two_again_and_may_link_anew(room: Room) -> None:
    assert await says(room, "解绑手机") == "unlink_none"
    await link(room)
    assert await says(room, "解绑手机") == "unlinked"
    assert await owner(room, PHONE) != await owner(room, "甲")
    assert [row.phone for row in await rows(room, citizen)] == [None] * 3
    room.clock.pass_(BETWEEN_CODES.total_seconds())
    assert await link(room) == "linked"
    assert await owner(room, PHONE) == await owner(room, "甲")


async def test_a_new_number_takes_the_place_of_the_old(room: Room) -> None:
    await link(room)
    assert await link(room, phone=ANOTHER) == "linked"
    who = await owner(room, "甲")
    assert await owner(room, ANOTHER) == who
    assert await owner(room, PHONE) != who
    assert await says(room, f"绑定手机{ANOTHER}") == "link_already"


async def test_by_sms_there_is_nothing_to_link(room: Room) -> None:
    assert await says(room, "绑定手机", PHONE, "line") == "link_by_phone_already"


async def test_the_menus_button_asks_for_the_number_without_the_bot(room: Room) -> None:
    room.bot.down = True
    who = await room.write("", kind="event", event=Event("menu", "menu.link_phone"))
    await room.turns(who)
    assert await room.said() == ["link_ask_phone"]
    assert await says(room, "12345678") == "link_bad_phone"


async def test_a_draft_under_way_is_not_touched(room: Room) -> None:
    await says(room, "路灯坏了")
    asked = len(room.bot.asked)
    await link(room)
    assert len(room.bot.asked) == asked
    await says(room, "接着说")
    assert room.bot.asked[-1]["state"] == {"seen": True}


@pytest.mark.parametrize(
    ("text", "linking", "rule"),
    [
        ("绑定手机", False, "link_phone"),
        ("綁定手機", False, "link_phone"),
        ("我要绑定手机号码", False, "link_phone"),
        ("绑定 138 1234 5678", False, "link_phone"),
        ("绑定手机：13812345678。", False, "link_phone"),
        ("解绑手机", False, "unlink_phone"),
        ("手机绑定了银行卡钱被转走了", False, None),
        ("13812345678", False, None),
        ("123456", False, None),
        ("13812345678", True, "link_phone"),
        ("我的手机号是13812345678", True, "link_phone"),
        ("123456", True, "link_code"),
        ("验证码是123456", True, "link_code"),
        ("路灯坏了", True, None),
        ("2", True, None),
        (make_number(date(2026, 11, 23), 1), True, None),
    ],
)
def test_words(text: str, linking: bool, rule: str | None) -> None:
    assert link_rule(text, linking=linking) == rule


def test_mobile_numbers() -> None:
    assert mobile_number("+86 138-1234 5678") == PHONE
    assert mobile_number("0571-88888888") is None
