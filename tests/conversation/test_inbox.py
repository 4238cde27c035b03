from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from backend.conversation.background import keep_going
from backend.conversation.inbox import Inbox
from backend.conversation.spool import SET_ASIDE, Spool
from backend.conversation.tables import address, citizen, media, message
from backend.database.engine import Database
from backend.ports import Inbound, InboxUnavailable, MediaRef, MessageKind
from tests.conversation.conftest import HandClock


def inbound(number: int, *, who: str = "openid-1", account: str = "town") -> Inbound:
    return Inbound(
        "wechat", account, who, f"m{number}", MessageKind.TEXT, f"第{number}条", raw=b"<xml/>"
    )


@pytest.fixture
def heard() -> list[int]:
    return []


@pytest.fixture
async def inbox(
    database: Database, tmp_path: Path, clock: HandClock, heard: list[int]
) -> AsyncIterator[Inbox]:
    made = Inbox(database, Spool(tmp_path / "spool"), clock, heard.append)
    made._spool.open()
    task = asyncio.create_task(made._commit_groups())
    yield made
    task.cancel()
    made._spool.close()


async def rows(database: Database, table: object) -> list[object]:
    async with database.read() as connection:
        return list(await connection.execute(select(table).order_by(table.c.id)))  # type: ignore[attr-defined]


async def test_many_at_once_are_stored_in_order_with_one_citizen_each(
    inbox: Inbox, database: Database, heard: list[int]
) -> None:
    accepted = await asyncio.gather(
        *(inbox.store(inbound(number, who=f"openid-{number % 7}")) for number in range(100))
    )
    assert [each.message_id for each in accepted] == sorted(
        each.message_id for each in accepted if each.message_id is not None
    )
    assert not any(each.duplicate for each in accepted)
    async with database.read() as connection:
        assert (await connection.execute(select(func.count(citizen.c.id)))).scalar() == 7
        assert (await connection.execute(select(func.count(address.c.id)))).scalar() == 7
        assert (await connection.execute(select(func.count(message.c.id)))).scalar() == 100
    assert len(heard) == 100


async def test_a_duplicate_joins_the_first_also_within_one_group(inbox: Inbox) -> None:
    first, second = await asyncio.gather(inbox.store(inbound(1)), inbox.store(inbound(1)))
    third = await inbox.store(inbound(1), reply_within=4.5)
    assert first.message_id == second.message_id == third.message_id
    assert [first.duplicate, second.duplicate, third.duplicate] == [False, True, True]


async def test_the_same_id_on_another_account_is_another_message(inbox: Inbox) -> None:
    first = await inbox.store(inbound(1))
    second = await inbox.store(inbound(1, account="line"))
    assert first.message_id != second.message_id
    assert not second.duplicate


async def test_odd_text_is_stored_and_the_raw_bytes_stay(inbox: Inbox, database: Database) -> None:
    odd = Inbound(
        "wechat", "town", "who\x00", "id\ud800", MessageKind.TEXT, "a\x00b\ud83d", raw=b"\x00\xff"
    )
    assert (await inbox.store(odd)).message_id is not None
    assert (await inbox.store(odd)).duplicate
    (row,) = await rows(database, message)
    assert (row.text, row.raw) == ("a�b�", b"\x00\xff")


async def test_media_wait_to_be_downloaded_once(inbox: Inbox, database: Database) -> None:
    photo = Inbound(
        "wechat",
        "town",
        "who",
        "p1",
        MessageKind.IMAGE,
        media=(MediaRef(MessageKind.IMAGE, "media-id"),),
    )
    await asyncio.gather(inbox.store(photo), inbox.store(photo))
    (row,) = await rows(database, media)
    assert (row.provider_ref, row.state) == ("media-id", "waiting")


async def test_with_sql_down_messages_go_to_the_spool_and_come_back_in_order(
    inbox: Inbox, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down() -> object:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(database, "write", down)
        assert (await inbox.store(inbound(1))).message_id is None
    # SQL is back, but order holds: newer ones still go to the spool until it is drained.
    assert (await inbox.store(inbound(2))).message_id is None
    assert await rows(database, message) == []
    await inbox._spool.drain(inbox._store_spooled)
    assert [row.external_id for row in await rows(database, message)] == ["m1", "m2"]
    assert (await inbox.store(inbound(3))).message_id is not None


async def test_with_neither_sql_nor_spool_nothing_is_acknowledged(
    database: Database, tmp_path: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    inbox = Inbox(database, Spool(tmp_path / "file"), clock, lambda _: None)

    def down() -> object:
        raise ConnectionError

    monkeypatch.setattr(database, "write", down)
    task = asyncio.create_task(inbox._commit_groups())
    with pytest.raises(InboxUnavailable):
        await inbox.store(inbound(1))
    task.cancel()


async def test_a_message_sql_cannot_hold_holds_up_no_other(
    inbox: Inbox, database: Database, tmp_path: Path
) -> None:
    """Refused for what it is: kept on disk for a person; those around it are stored."""
    group = [inbound(1), inbound(2, account="no longer configured"), inbound(3)]
    async with asyncio.timeout(10):
        accepted = await asyncio.gather(*(inbox.store(each) for each in group))
    assert [each.message_id for each in accepted] == [None, None, None]
    await inbox._spool.drain(inbox._store_spooled)
    assert inbox._spool.empty
    stored = await rows(database, message)
    assert [row.external_id for row in stored] == ["m1", "m3"]  # type: ignore[attr-defined]
    aside = (tmp_path / "spool" / SET_ASIDE).read_text()
    assert aside.count("\n") == 1
    assert "no longer configured" in aside
    assert (await inbox.store(inbound(4))).message_id is not None


async def test_too_long_an_address_is_set_aside_where_sql_refuses_it(
    inbox: Inbox, database: Database
) -> None:
    async with asyncio.timeout(10):
        await inbox.store(inbound(1, who="x" * 200))
    await inbox._spool.drain(inbox._store_spooled)
    assert inbox._spool.empty
    assert (await inbox.store(inbound(2))).message_id is not None


async def test_nobody_waits_for_ever_when_storing_fails_as_never_foreseen(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_group: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(inbox, "_commit", fail)
    loop = asyncio.create_task(keep_going("inbox", inbox._commit_groups, inbox._clock))
    async with asyncio.timeout(5):
        with pytest.raises(InboxUnavailable):
            await inbox.store(inbound(1))
        monkeypatch.undo()
        assert (await inbox.store(inbound(2))).message_id is not None
    loop.cancel()


async def test_with_sql_hanging_a_message_is_safe_before_the_webhook_must_answer(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_group: object) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(inbox._arrivals, "store", hang)
    async with asyncio.timeout(4):
        accepted = await inbox.store(inbound(1))
    assert accepted.message_id is None
    assert not inbox._spool.empty
    monkeypatch.undo()
    await inbox._spool.drain(inbox._store_spooled)
    assert (await inbox.store(inbound(2))).message_id is not None


async def test_each_try_that_waits_is_counted_whichever_process_it_reaches(
    inbox: Inbox, database: Database, tmp_path: Path, clock: HandClock
) -> None:
    other = Inbox(database, Spool(tmp_path / "other"), clock, lambda _: None)
    other._spool.open()
    task = asyncio.create_task(other._commit_groups())
    try:
        first = await inbox.store(inbound(1), reply_within=4.5)
        second = await other.store(inbound(1), reply_within=4.5)
        both = await asyncio.gather(*(inbox.store(inbound(1), reply_within=4.5) for _ in range(2)))
        unanswered = [await other.store(inbound(2)) for _ in range(2)]
    finally:
        task.cancel()
        other._spool.close()
    assert [first.tries, second.tries, *(each.tries for each in both)] == [1, 2, 3, 4]
    assert [each.tries for each in unanswered] == [1, 1], "nobody waits for these"
