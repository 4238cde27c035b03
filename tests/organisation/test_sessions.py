import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.database.engine import Database
from backend.organisation import passwords
from backend.organisation.audit import audit_events
from backend.organisation.lockout import FAILURES_ALLOWED, LOCKED_FOR, Locked
from backend.organisation.sessions import (
    IDLE,
    LONGEST,
    LoggedIn,
    Session,
    WrongCredentials,
    log_in,
    log_out,
    same_csrf,
    session_of,
    touch,
)
from backend.organisation.tables import org, session, user
from backend.organisation.users import (
    change_password,
    change_role,
    create_user,
    reset_password,
    set_user_active,
)

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PASSWORD = "窗口今天来了八个人办事呢"


async def official(database: Database, login: str = "li.ming") -> int:
    async with database.write() as connection:
        found = (await connection.execute(select(org.c.id))).scalar_one_or_none()
        if found is None:
            inserted = await connection.execute(
                org.insert()
                .values(code="county", name="县", type="county", path="/1/", active=True)
                .returning(org.c.id)
            )
            found = inserted.scalar_one()
            await connection.execute(update(org).values(path=f"/{found}/"))
        return await create_user(
            connection,
            login=login,
            name="李明",
            password=PASSWORD,
            org_id=found,
            role="dispatcher",
            now=NOW,
        )


async def enter(
    database: Database, password: str = PASSWORD, now: datetime = NOW, login: str = "li.ming"
) -> Any:
    return await log_in(database, login, password, "10.0.0.1", "Fire\x00fox\udcff", now)


async def find(database: Database, token: str, now: datetime = NOW) -> Session | None:
    async with database.read() as connection:
        return await session_of(connection, token, now)


async def test_a_session_from_log_in_to_log_out(database: Database) -> None:
    user_id = await official(database)
    entered = await enter(database, login=" Li.Ming ")
    assert isinstance(entered, LoggedIn)
    found = await find(database, entered.token)
    assert found is not None
    assert found.actor == entered.actor
    assert (found.actor.user_id, found.actor.role, found.actor.name) == (
        user_id,
        "dispatcher",
        "李明",
    )
    assert (found.login, found.org_name, found.csrf_token) == (
        "li.ming",
        "县",
        entered.csrf_token,
    )
    assert same_csrf(found.csrf_token, entered.csrf_token)
    assert not same_csrf(found.csrf_token, "别的\ud800")
    async with database.write() as connection:
        await log_out(connection, entered.token, NOW)
        await log_out(connection, "unknown", NOW)
    assert await find(database, entered.token) is None
    async with database.read() as connection:
        actions = [event.action for event in await audit_events(connection, "/")]
    assert actions == ["logged_out", "logged_in"]


async def test_the_table_holds_no_token_and_no_password(database: Database) -> None:
    await official(database)
    entered = await enter(database)
    async with database.read() as connection:
        rows = repr((await connection.execute(select(session))).all())
        users = repr((await connection.execute(select(user))).all())
    assert entered.token not in rows
    assert PASSWORD not in users
    assert "$argon2id$" in users


@pytest.mark.parametrize("token", ["", "x", "\x00", "\ud800", "x" * 5000])
async def test_tokens_nobody_has(database: Database, token: str) -> None:
    await official(database)
    await enter(database)
    assert await find(database, token) is None


async def test_expiry_slides_up_to_a_limit(database: Database) -> None:
    await official(database)
    entered = await enter(database)
    now = NOW
    while now + IDLE < NOW + LONGEST:
        now += IDLE - timedelta(minutes=1)
        found = await find(database, entered.token, now)
        assert found is not None
        assert found.stale
        async with database.write() as connection:
            await touch(connection, found.id, now)
        again = await find(database, entered.token, now)
        assert again is not None
        assert not again.stale
    assert await find(database, entered.token, NOW + LONGEST) is None


async def test_an_idle_session_ends(database: Database) -> None:
    await official(database)
    entered = await enter(database)
    assert await find(database, entered.token, NOW + IDLE - timedelta(seconds=1)) is not None
    assert await find(database, entered.token, NOW + IDLE) is None


async def test_wrong_passwords_lock_for_a_while(database: Database) -> None:
    await official(database)
    for _ in range(FAILURES_ALLOWED):
        assert await enter(database, "错误的密码") == WrongCredentials()
    until = NOW + LOCKED_FOR
    assert await enter(database) == Locked(until)
    assert await enter(database, now=until - timedelta(seconds=1)) == Locked(until)
    # When it is over, a new count begins.
    for _ in range(FAILURES_ALLOWED - 1):
        assert await enter(database, "错误的密码", now=until) == WrongCredentials()
    assert isinstance(await enter(database, now=until), LoggedIn)


async def test_the_last_attempt_may_still_be_right(database: Database) -> None:
    await official(database)
    for _ in range(2):
        for _ in range(FAILURES_ALLOWED - 1):
            assert await enter(database, "错误的密码") == WrongCredentials()
        assert isinstance(await enter(database), LoggedIn)


async def test_guessing_in_parallel_gains_nothing(database: Database) -> None:
    await official(database)
    guesses = [f"错误的密码{number}" for number in range(FAILURES_ALLOWED * 3)]
    outcomes = await asyncio.gather(*(enter(database, guess) for guess in guesses))
    assert outcomes.count(WrongCredentials()) == FAILURES_ALLOWED
    assert outcomes.count(Locked(NOW + LOCKED_FOR)) == FAILURES_ALLOWED * 2


async def test_unknown_and_disabled_users_cost_a_verification_too(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = await official(database)
    async with database.write() as connection:
        await set_user_active(connection, user_id, False, NOW)
    verified: list[str | None] = []
    real = passwords._verify

    def counting(password_hash: str | None, password: str) -> bool:
        verified.append(password_hash)
        return real(password_hash, password)

    monkeypatch.setattr(passwords, "_verify", counting)
    assert await enter(database, login="nobody") == WrongCredentials()
    assert await enter(database, login="\x00\ud800") == WrongCredentials()
    assert await enter(database) == WrongCredentials()
    assert verified == [None, None, None]
    assert not real(None, "nobody has this password")


async def test_disabling_and_resetting_end_sessions(database: Database) -> None:
    user_id = await official(database)
    first = await enter(database)
    async with database.write() as connection:
        await set_user_active(connection, user_id, False, NOW)
    assert await find(database, first.token) is None
    async with database.write() as connection:
        await set_user_active(connection, user_id, True, NOW)
    assert await find(database, first.token) is None
    second = await enter(database)
    async with database.write() as connection:
        await reset_password(connection, user_id, "换一个新的长一点点的密码", NOW)
    assert await find(database, second.token) is None
    assert await enter(database) == WrongCredentials()
    third = await enter(database, "换一个新的长一点点的密码")
    assert third.must_change_password
    fourth = await enter(database, "换一个新的长一点点的密码")
    found = await find(database, third.token)
    assert found is not None
    async with database.write() as connection:
        await change_password(
            connection,
            user_id,
            old="换一个新的长一点点的密码",
            new="再换一个自己能记得住的密码",
            now=NOW,
            keep_session_id=found.id,
        )
    kept = await find(database, third.token)
    assert kept is not None
    assert not kept.must_change_password
    assert await find(database, fourth.token) is None


async def test_a_lost_role_is_lost_at_once(database: Database) -> None:
    user_id = await official(database)
    entered = await enter(database)
    async with database.write() as connection:
        await change_role(connection, user_id, role="reader", org_id=entered.actor.org_id, now=NOW)
    found = await find(database, entered.token)
    assert found is not None
    assert found.actor.role == "reader"
