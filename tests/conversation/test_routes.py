"""What becomes of a message that could not simply be sent: notices, a linked phone, in part."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from backend.conversation import backlog, offers, outcomes, passive, permissions
from backend.conversation.addresses import (
    find_or_open,
    load_accounts,
    move_address,
    pass_on,
)
from backend.conversation.contact_history import contact_history
from backend.conversation.fragments import Waiting
from backend.conversation.outcomes import Outcome
from backend.conversation.read_on_page import read_on_page
from backend.conversation.scene import Scene
from backend.conversation.tables import address, notice, notice_permission
from backend.conversation.tables import outbox as table
from backend.database.engine import Database
from backend.ports import (
    About,
    Contact,
    Event,
    MessageKind,
    Noticed,
    NoticePermission,
    Partly,
    ReceiptState,
    Rejected,
    Retry,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)
from tests.conversation.conftest import HandClock, add_accounts
from tests.conversation.petition_desk import PHONE, Desk
from tests.conversation.room import Room

WHO = "甲"
NO_WAY = Unreachable("quota used")


@pytest.fixture
async def desk(database: Database, clock: HandClock) -> Desk:
    opened = Desk(database, clock)
    await opened.open()
    return opened


async def test_the_channel_is_told_which_petition_it_is_about(desk: Desk) -> None:
    await desk.queue()
    row = await desk.met(Sent())
    assert row.about == About("20261123-0007-3", "村口路灯不亮")
    await desk.queue("您好", about=False)
    assert (await desk.met(Sent())).about is None


async def test_a_confidential_title_is_for_no_locked_screen(
    database: Database, clock: HandClock
) -> None:
    desk = Desk(database, clock)
    await desk.open(confidential=True)
    await desk.queue()
    assert (await desk.met(Sent())).about == About("20261123-0007-3", "")


async def test_a_noticed_message_is_kept_and_the_official_sees_it(desk: Desk) -> None:
    queued = await desk.queue()
    await desk.met(Noticed("template", "77"))
    assert (await desk.row(queued)).state == "kept"
    assert await desk.told() == [("kept", "template")]
    await desk.receipt(ReceiptState.DELIVERED, provider_id="77")
    assert await desk.told() == [("kept", "template")]
    async with desk.database.read() as connection:
        assert await backlog.troubles(connection, desk.clock.now()) == []


@pytest.mark.parametrize("early", [True, False])
async def test_a_notice_that_failed_sends_the_message_on(desk: Desk, early: bool) -> None:
    queued = await desk.queue()
    if early:
        await desk.receipt(ReceiptState.FAILED, "failed: user block", provider_id="77")
    await desk.met(Noticed("template", "77"))
    if not early:
        await desk.receipt(ReceiptState.FAILED, "failed: user block", provider_id="77")
    (again,) = await desk.claim()
    assert (again.id, again.noticed_by) == (queued, ["template"])
    async with desk.database.write() as connection:
        await outcomes.record(
            connection, [Outcome(again, Noticed("subscribe", "78"))], desk.clock.now()
        )
    assert await desk.told() == [("kept", "subscribe")]
    async with desk.database.read() as connection:
        states = await connection.execute(
            select(notice.c.by, notice.c.state, notice.c.error).order_by(notice.c.id)
        )
        assert [tuple(each) for each in states] == [
            ("template", "failed", "failed: user block"),
            ("subscribe", "sent", None),
        ]


async def test_the_first_final_word_on_a_notice_holds(desk: Desk) -> None:
    queued = await desk.queue()
    await desk.met(Noticed("template", "77"))
    await desk.receipt(ReceiptState.DELIVERED, provider_id="77")
    await desk.receipt(ReceiptState.FAILED, "failed: system failed", provider_id="77")
    assert (await desk.row(queued)).state == "kept"
    assert await desk.told() == [("kept", "template")]


async def test_read_on_the_page_it_is_not_told_again(desk: Desk) -> None:
    queued = await desk.queue()
    await desk.met(Noticed("template", "77"))
    other = await desk.queue("您好", about=False)
    await desk.met(NO_WAY)
    alert = await desk.queue("给值班人员的", about=False)
    await desk.met(NO_WAY)
    async with desk.database.write() as connection:
        line = desk.accounts["line"]
        found = await find_or_open(connection, [(line, PHONE)], desk.clock.now())
        officers = {"petition_id": desk.petition_id, "citizen_id": found[line.id, PHONE].citizen_id}
        await connection.execute(update(table).where(table.c.id == alert).values(**officers))
        assert await read_on_page(connection, desk.petition_id, desk.clock.now()) == 1
        assert await read_on_page(connection, desk.petition_id, desk.clock.now()) == 0
    assert await desk.told() == [("delivered", "page"), ("kept", None)]
    assert (await desk.row(queued)).state == "delivered"
    assert (await desk.row(other)).state == "kept"
    await desk.receipt(ReceiptState.FAILED, "failed: user block", provider_id="77")
    assert await desk.claim() == []


async def test_what_has_no_way_goes_whole_to_a_linked_phone_once(desk: Desk) -> None:
    phone = await desk.link_phone()
    queued = await desk.queue()
    await desk.met(NO_WAY)
    row = await desk.row(queued)
    assert (row.state, row.address_id, row.moved_from) == ("queued", phone.id, desk.who.id)
    assert await desk.claim("town") == []
    sent = await desk.met(Sent("sms-1"), "line")
    assert (sent.external_id, sent.text) == (PHONE, "路灯已修好。")
    assert await desk.told() == [("sent", "sms")]
    await desk.receipt(ReceiptState.DELIVERED, provider_id="sms-1", account="line")
    assert await desk.told() == [("delivered", "sms")]


@pytest.mark.parametrize("failure", [Rejected("bad number"), Unreachable("barred"), "receipt"])
async def test_where_the_text_message_fails_it_is_kept_for_the_next_contact(
    desk: Desk, failure: SendResult | str
) -> None:
    await desk.link_phone()
    queued = await desk.queue()
    await desk.met(NO_WAY)
    if isinstance(failure, str):
        await desk.met(Sent("sms-1"), "line")
        await desk.receipt(ReceiptState.FAILED, "UNDELIV", provider_id="sms-1", account="line")
        reason = "UNDELIV"
    else:
        assert isinstance(failure, Rejected | Unreachable)
        await desk.met(failure, "line")
        reason = failure.reason
    row = await desk.row(queued)
    assert (row.state, row.error) == ("kept", reason)
    assert (row.address_id, row.account_id) == (desk.who.id, desk.accounts["town"].id)
    assert row.moved_from is None
    await desk.receipt(ReceiptState.DELIVERED, provider_id="sms-1", account="line")
    assert (await desk.row(queued)).state == "kept"


@pytest.mark.parametrize("case", ["no petition", "unlinked", "passed on", "sent", "noticed"])
async def test_what_does_not_go_to_a_phone(desk: Desk, case: str) -> None:
    phone = None if case == "unlinked" else await desk.link_phone()
    if case == "passed on" and phone is not None:
        async with desk.database.write() as connection:
            await pass_on(connection, phone.id, desk.clock.now())
    await desk.queue(about=case != "no petition")
    results: dict[str, SendResult] = {"sent": Sent(), "noticed": Noticed("template", "7")}
    await desk.met(results.get(case, NO_WAY))
    assert await desk.claim("line") == []


FAILURES = [Rejected("bad number"), Unreachable("barred"), "receipt"]


async def fail_text(desk: Desk, failure: SendResult | str) -> None:
    """What is due at `line` is sent, and fails at once or by a report."""
    if isinstance(failure, str):
        await desk.met(Sent("sms-1"), "line")
        await desk.receipt(ReceiptState.FAILED, "UNDELIV", provider_id="sms-1", account="line")
    else:
        await desk.met(failure, "line")


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_text_message_that_failed_goes_by_wechat_once(
    desk: Desk, failure: SendResult | str
) -> None:
    phone = await desk.link_phone()
    queued = await desk.queue(to=phone)
    await fail_text(desk, failure)
    row = await desk.row(queued)
    assert (row.state, row.address_id, row.moved_from) == ("queued", desk.who.id, phone.id)
    assert row.account_id == desk.accounts["town"].id
    assert await desk.claim("line") == []
    # Said twice, it is still one message.
    await desk.receipt(ReceiptState.FAILED, "UNDELIV", provider_id="sms-1", account="line")
    sent = await desk.met(Sent("wx-1"))
    assert (sent.external_id, sent.text) == (WHO, "路灯已修好。")
    assert await desk.told() == [("sent", "wechat")]


async def test_what_fails_by_wechat_too_is_kept_for_the_next_contact(desk: Desk) -> None:
    phone = await desk.link_phone()
    queued = await desk.queue(to=phone)
    await fail_text(desk, "receipt")
    await desk.met(NO_WAY)
    row = await desk.row(queued)
    assert (row.state, row.address_id, row.moved_from) == ("kept", phone.id, None)
    assert row.account_id == desk.accounts["line"].id


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("case", ["no petition", "unlinked", "no longer follows"])
async def test_what_fails_as_a_text_message_alone(
    desk: Desk, case: str, failure: SendResult | str
) -> None:
    phone = await desk.link_phone()
    async with desk.database.write() as connection:
        if case == "unlinked":
            await pass_on(connection, desk.who.id, desk.clock.now())
        if case == "no longer follows":
            gone = update(address).where(address.c.id == desk.who.id)
            await connection.execute(gone.values(left_at=desk.clock.now()))
    queued = await desk.queue(about=case != "no petition", to=phone)
    await fail_text(desk, failure)
    row = await desk.row(queued)
    assert (row.address_id, row.moved_from) == (phone.id, None)
    assert row.state in ("failed", "kept")
    assert await desk.claim() == []


async def test_what_left_in_part_goes_on_where_it_ended(desk: Desk) -> None:
    queued = await desk.queue("第一段。第二段。第三段。")
    await desk.met(Partly(4, 1, Retry("busy", 0)))
    row = await desk.met(Partly(4, 1, NO_WAY))
    assert row.text == "第二段。第三段。"
    row = await desk.row(queued)
    assert (row.state, row.told, row.pushes) == ("kept", 8, 2)
    await desk.link_phone()
    async with desk.database.write() as connection:
        await connection.execute(update(table).values(state="queued"))
    assert (await desk.met(Sent(pushes=1))).text == "第三段。"
    row = await desk.row(queued)
    assert (row.state, row.pushes) == ("sent", 3)


async def test_the_rest_rides_back_in_a_webhooks_reply(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    room = Room(database, clock, tmp_path)
    who = await room.write("路灯坏了", reply_within=4.5)
    await room.turns(who)
    async with database.write() as connection:
        values = {"text": "第一段。第二段。", "told": 4}
        await connection.execute(update(table).values(**values))
        reply = await passive.claim(connection, 1, "me", clock.now(), 60.0)
        again = await passive.claim(connection, 1, "me", clock.now(), 60.0)
    assert reply is not None
    assert reply.text == "第二段。"
    assert again == reply


async def test_pushes_are_counted_and_what_may_have_left_too(desk: Desk) -> None:
    queued = await desk.queue()
    await desk.met(Unknown("time-out"))
    row = await desk.row(queued)
    assert (row.state, row.told, row.pushes, row.pushed_at) == ("unknown", 0, 1, desk.clock.now())
    other = await desk.queue("二")
    await desk.met(Retry("busy"))
    assert ((await desk.row(other)).pushes, (await desk.row(other)).pushed_at) == (0, None)


async def test_the_history_of_a_contact(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    room = Room(database, clock, tmp_path)
    start = clock.now()
    who = await room.write("很早以前")
    clock.pass_(49 * 3600)
    await room.write("路灯坏了")
    clock.pass_(1)
    await room.write("", kind="event", event=Event("menu", "k"))
    clock.pass_(1)
    await room.write("别人", who="乙")
    await room.turns(who)
    async with database.write() as connection:
        town = (await load_accounts(connection))["town"]
        ids = (await connection.execute(select(table.c.id).order_by(table.c.id))).scalars().all()
        for at, (row, pushes) in enumerate(zip(ids, (1, 2), strict=False)):
            await connection.execute(
                update(table)
                .where(table.c.id == row)
                .values(pushed_at=clock.now() + timedelta(seconds=at), pushes=pushes)
            )
        since = clock.now() - timedelta(hours=48)
        history = await contact_history(connection, town.id, WHO, since)
        nobody = await contact_history(connection, town.id, "没有", since)
    assert list(history.contacts) == [
        Contact(start + timedelta(hours=49), MessageKind.TEXT),
        Contact(start + timedelta(hours=49, seconds=1), MessageKind.EVENT, "menu"),
    ]
    pushed = [(at - clock.now()).total_seconds() for at in history.pushed]
    assert pushed == [0, 1, 1][: len(pushed)]
    assert pushed
    assert (list(nobody.contacts), list(nobody.pushed)) == ([], [])


async def test_linking_forgets_no_contact(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    room = Room(database, clock, tmp_path)
    await room.write("路灯坏了")
    async with database.write() as connection:
        accounts = await load_accounts(connection)
        town, line = accounts["town"], accounts["line"]
        found = await find_or_open(connection, [(town, WHO), (line, PHONE)], clock.now())
        other = found[line.id, PHONE].citizen_id
        await move_address(connection, found[town.id, WHO].id, other, clock.now())
        since = clock.now() - timedelta(hours=48)
        history = await contact_history(connection, town.id, WHO, since)
    assert len(history.contacts) == 1


def allowed(number: int, template: str = "T", *, yes: bool = True) -> NoticePermission:
    return NoticePermission("town", WHO, template, f"e{number}", yes)


async def test_one_permission_is_one_notice_and_withdrawing_ends_them(desk: Desk) -> None:
    async def unspent() -> list[int]:
        town = desk.accounts["town"].id
        async with desk.database.read() as connection:
            return [
                await permissions.unspent(connection, town, WHO, template)
                for template in ("T", "U")
            ]

    async def record(*given: NoticePermission) -> None:
        async with desk.database.write() as connection:
            for each in given:
                await permissions.record(
                    connection, desk.accounts["town"].id, desk.who.id, each, desk.clock.now()
                )

    await record(allowed(1), allowed(1), allowed(2), allowed(3, "U"))
    assert await unspent() == [2, 1]
    queued = await desk.queue()
    await desk.met(Noticed("subscribe", "77", spent="T"))
    assert await unspent() == [1, 1]
    async with desk.database.read() as connection:
        spent = select(notice_permission.c.external_id).where(
            notice_permission.c.spent_on == queued
        )
        assert (await connection.execute(spent)).scalars().all() == ["e1"]
    await record(allowed(4, yes=False), allowed(4, yes=False))
    assert await unspent() == [0, 1]
    await record(allowed(5))
    assert await unspent() == [1, 1]


RESULTS = st.lists(
    st.sampled_from(
        [
            Sent("p", 1),
            Noticed("template", "77"),
            Noticed("subscribe", "78"),
            Retry("busy", 0),
            Rejected("no"),
            NO_WAY,
            Unknown("time-out"),
            Partly(2, 1, NO_WAY),
            Partly(2, 1, Retry("busy", 0)),
            Partly(2, 1, Unknown("time-out")),
            Partly(2, 1, Noticed("template", "77")),
            "contact",
            "page",
            "failed 77",
            "failed 78",
        ]
    ),
    max_size=12,
)


async def happens(desk: Desk, what: str) -> None:
    """A contact, a reading of the page, or `failed` and a notice's id."""
    name, _, which = what.partition(" ")
    if name == "failed":
        await desk.receipt(ReceiptState.FAILED, "failed: user block", provider_id=which)
        return
    async with desk.database.write() as connection:
        if name == "page":
            await read_on_page(connection, desk.petition_id, desk.clock.now())
            return
        town, who = desk.accounts["town"], desk.who
        message = Waiting(1, town.id, who.id, "text", "在吗", None, 0, desk.clock.now(), None)
        scene = Scene(
            who.citizen_id,
            town.id,
            who.id,
            town.org_id,
            "wechat",
            "wechat",
            1,
            [message],
            desk.clock.now(),
        )
        await offers.at_contact(connection, scene)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RESULTS, st.booleans())
async def test_whatever_happens_nobody_is_told_the_same_twice(
    sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory, happened: list[Any], phone: bool
) -> None:
    """Of any course of results, receipts, contacts and readings: each character leaves once."""
    text = "一二三四五六七八"
    folder = tmp_path_factory.mktemp("course")
    database = Database(str(sqlite_template.copy_to(folder / "xiangyin.db")))
    try:
        await add_accounts(database)
        desk = Desk(database, HandClock())
        await desk.open()
        if phone:
            await desk.link_phone()
        queued = await desk.queue(text)
        heard = ""
        for what in happened:
            if isinstance(what, str):
                await happens(desk, what)
                continue
            rows = [*await desk.claim("town"), *await desk.claim("line")]
            if not rows:
                continue
            (row,) = rows
            assert row.text == text[len(heard) :]
            told = what.told if isinstance(what, Partly) else 0
            heard += row.text[: len(row.text) if isinstance(what, Sent) else told]
            async with database.write() as connection:
                await outcomes.record(connection, [Outcome(row, what)], desk.clock.now())
        if (await desk.row(queued)).state == "sent":
            assert heard == text
    finally:
        await database.close()
