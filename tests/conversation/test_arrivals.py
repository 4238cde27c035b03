"""Whatever comes together, each citizen's messages keep their order and nothing is doubled."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import replace

import pytest
from sqlalchemy import select

from backend.conversation import arrivals
from backend.conversation.addresses import load_accounts, pass_on
from backend.conversation.arrivals import Arrival, Arrivals
from backend.conversation.tables import address, media, message
from backend.database.engine import Database
from backend.ports import Event, GeoPoint, Inbound, MediaRef, MessageKind
from tests.conversation.conftest import HandClock, add_accounts

GROUPS = 40
LARGEST = 12
SENDERS = 5
RETRIED = 0.2


def of_words(number: int, who: str) -> Inbound:
    words = f"第{number}条"
    return Inbound("wechat", "town", who, f"m{number}", MessageKind.TEXT, words, raw=b"<xml/>")


def of_any_kind(random_: random.Random, number: int) -> Inbound:
    words = of_words(number, f"openid-{random_.randrange(SENDERS)}")
    kind = random_.choice(["words", "words", "words", "event", "photo"])
    if kind == "event":
        event = Event("scan", f"village-{number}")
        return Inbound(
            "wechat", "town", words.address, words.external_id, MessageKind.EVENT, event=event
        )
    if kind == "photo":
        photo = (MediaRef(MessageKind.IMAGE, f"media-{number}"),)
        return Inbound(
            "wechat", "town", words.address, words.external_id, MessageKind.IMAGE, media=photo
        )
    return words


async def test_groups_of_all_kinds_keep_their_order_and_are_stored_once(
    database: Database, clock: HandClock
) -> None:
    store = Arrivals(database, clock).store
    random_ = random.Random(20261126)
    sent: list[Inbound] = []
    first_id: dict[str, int] = {}
    for _ in range(GROUPS):
        group: list[Inbound] = []
        for _ in range(random_.randint(1, LARGEST)):
            again = sent and random_.random() < RETRIED
            each = random_.choice(sent) if again else of_any_kind(random_, len(sent))
            group.append(each)
            if not again:
                sent.append(each)
        stored = await store([Arrival(each) for each in group])
        for each, as_stored in zip(group, stored, strict=True):
            assert as_stored.duplicate == (each.external_id in first_id)
            assert as_stored.message_id == first_id.setdefault(
                each.external_id, as_stored.message_id
            )
    for who in {each.address for each in sent}:
        ids = [first_id[each.external_id] for each in sent if each.address == who]
        assert ids == sorted(ids), "a citizen's messages in the order they came"
    async with database.read() as connection:
        found = await connection.execute(
            select(
                message,
                address.c.external_id.label("who"),
                address.c.account_id.label("by"),
                address.c.citizen_id.label("whose"),
            )
            .join(address, address.c.id == message.c.address_id)
            .order_by(message.c.id)
        )
        rows = {row.external_id: row for row in found}
        photos = await connection.execute(select(media.c.message_id, media.c.provider_ref))
        kept = {row.message_id: row.provider_ref for row in photos}
    assert len(rows) == len(sent)
    for each in sent:
        row = rows[each.external_id]
        assert (row.who, row.kind, row.text, row.raw) == (
            each.address,
            each.kind.value,
            each.text,
            each.raw,
        )
        assert (row.account_id, row.citizen_id) == (row.by, row.whose)
        assert row.received_at == clock.now()
        assert row.detail == (each.event and {"event": "scan", "key": each.event.key})
        assert kept.get(row.id) == (each.media[0].provider_ref if each.media else None)


async def test_a_number_that_passed_on_is_another_citizens(
    database: Database, clock: HandClock
) -> None:
    store = Arrivals(database, clock).store
    [before] = await store([Arrival(of_words(1, "13800000001"))])
    async with database.write() as connection:
        town = (await load_accounts(connection))["town"]
        known = await connection.scalar(select(address.c.id).where(address.c.account_id == town.id))
        await pass_on(connection, known, clock.now())
    [after] = await store([Arrival(of_words(2, "13800000001"))])
    assert after.citizen_id != before.citizen_id


async def test_a_webhook_that_waits_is_noted_with_the_message(
    database: Database, clock: HandClock
) -> None:
    store = Arrivals(database, clock).store
    await store([Arrival(of_words(1, "openid-1"))])
    group = [Arrival(of_words(2, "openid-1"), reply_within=4.5), Arrival(of_words(3, "openid-1"))]
    waited, other = await store(group)
    [again] = await store(group[:1])
    assert (waited.tries, again.tries, again.message_id) == (1, 2, waited.message_id)
    async with database.read() as connection:
        rows = await connection.execute(select(message.c.id, message.c.reply_until))
        until = {row.id: row.reply_until for row in rows}
    assert until[waited.message_id] > clock.now()
    assert until[other.message_id] is None


async def test_what_differs_within_a_group_is_kept_apart(
    database: Database, clock: HandClock
) -> None:
    store = Arrivals(database, clock).store
    place = GeoPoint(30.1, 120.2, "锦绣小区")
    by_wechat = of_words(1, "openid-1")
    by_phone = replace(of_words(2, "13800000001"), channel="sms", account="line", extension="05")
    there = replace(of_words(3, "openid-1"), kind=MessageKind.LOCATION, place=place)
    await store([Arrival(by_wechat), Arrival(by_phone)])  # their addresses are known from here on
    group = [
        Arrival(replace(by_wechat, external_id="m4"), reply_within=4.5),
        Arrival(replace(by_phone, external_id="m5")),
        Arrival(there),
    ]
    await store(group)
    async with database.read() as connection:
        accounts = {row.id: row.name for row in (await load_accounts(connection)).values()}
        rows = await connection.execute(select(message).order_by(message.c.id.desc()).limit(3))
        found = [
            (row.external_id, accounts[row.account_id], row.kind, row.detail, bool(row.reply_until))
            for row in reversed(rows.all())
        ]
    located = {"latitude": 30.1, "longitude": 120.2, "label": "锦绣小区"}
    assert found == [
        ("m4", "town", "text", None, True),
        ("m5", "line", "text", {"extension": "05"}, False),
        ("m3", "town", "location", located, False),
    ]


async def test_what_the_driver_refuses_goes_the_longer_way(
    database: Database, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Arrivals(database, clock).store
    [first] = await store([Arrival(of_words(1, "openid-1"))])

    async def refused(*_: object) -> object:
        raise sqlite3.OperationalError

    monkeypatch.setattr(arrivals, "add_of_known", refused)
    stored = await store([Arrival(of_words(number, "openid-1")) for number in (2, 3)])
    assert [each.duplicate for each in stored] == [False, False]
    assert [each.citizen_id for each in stored] == [first.citizen_id] * 2


async def test_postgresql_plans_no_group_anew(postgres_database_url: str, clock: HandClock) -> None:
    database = Database(postgres_database_url)
    try:
        await add_accounts(database)
        store = Arrivals(database, clock).store
        await store([Arrival(of_words(0, "openid-1"))])
        for size in range(1, GROUPS):
            numbers = range(size * GROUPS, size * GROUPS + size)
            await store([Arrival(of_words(number, "openid-1")) for number in numbers])
        async with database.write_direct() as driver:
            plans = await driver.fetchrow(
                "SELECT sum(generic_plans) AS kept, sum(custom_plans) AS made"
                " FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO message %LATERAL%'"
            )
    finally:
        await database.close()
    # Of the first few it makes a plan each, to learn that one will do.
    assert (plans["made"], plans["kept"]) == (5, GROUPS - 1 - 5)
