"""The second factor: set up, asked for, each code once, counted towards the lock-out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import insert, select, update

from backend.database.engine import Database
from backend.organisation.audit import audit_events
from backend.organisation.code_login import ChallengeOver, log_in_with_code
from backend.organisation.lockout import FAILURES_ALLOWED, LOCKED_FOR, Locked
from backend.organisation.secret_box import SecretBox, SecretUnreadable
from backend.organisation.sessions import (
    CodeNeeded,
    LoggedIn,
    WrongCredentials,
    log_in,
    session_of,
)
from backend.organisation.tables import org, recovery_code, totp
from backend.organisation.totp import (
    PURPOSE,
    begin_setup,
    confirm,
    renew_recovery_codes,
    reset_totp,
    setup,
    switch_off,
    totp_state,
)
from backend.organisation.users import create_user

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PASSWORD = "窗口今天来了八个人办事呢"
BOX = SecretBox(bytes(range(32)), PURPOSE)


class Official:
    """One who has set up an app; `code(at)` is what it shows."""

    def __init__(self, database: Database, user_id: int, secret: str, codes: Sequence[str]) -> None:
        self.database, self.id, self.secret, self.codes = database, user_id, secret, codes

    def code(self, at: datetime) -> str:
        return pyotp.TOTP(self.secret).at(int(at.timestamp()))

    async def password(self, at: datetime, password: str = PASSWORD) -> object:
        return await log_in(self.database, "li.ming", password, "10.0.0.1", "x", at)

    async def challenge(self, at: datetime) -> str:
        asked = await self.password(at)
        assert isinstance(asked, CodeNeeded)
        return asked.challenge

    async def give(self, challenge: str, code: str, at: datetime) -> object:
        return await log_in_with_code(self.database, BOX, challenge, code, "10.0.0.1", "x", at)

    async def log_in(self, code: str, at: datetime) -> object:
        return await self.give(await self.challenge(at), code, at)


@pytest.fixture
async def official(database: Database) -> Official:
    before = NOW - timedelta(hours=1)
    async with database.write() as connection:
        values = {"code": "c", "name": "县", "type": "county", "path": "/1/", "active": True}
        org_id = await connection.scalar(insert(org).values(values).returning(org.c.id))
        await connection.execute(update(org).values(path=f"/{org_id}/"))
        user_id = await create_user(
            connection, login="li.ming", name="李明", password=PASSWORD, org_id=org_id or 0,
            role="admin", now=before,
        )  # fmt: skip
        await begin_setup(connection, BOX, user_id, before)
        pending = await setup(connection, BOX, user_id, "li.ming")
        assert pending is not None
        code = pyotp.TOTP(pending.secret).at(int(before.timestamp()))
        codes = await confirm(connection, BOX, user_id, code, before, keep_session_id=0)
        assert codes is not None
    return Official(database, user_id, pending.secret, codes)


async def test_the_password_alone_opens_nothing_and_the_code_does(official: Official) -> None:
    challenge = await official.challenge(NOW)
    async with official.database.read() as connection:
        assert await session_of(connection, challenge, NOW) is None
    opened = await official.give(challenge, official.code(NOW), NOW)
    assert isinstance(opened, LoggedIn)
    async with official.database.read() as connection:
        found = await session_of(connection, opened.token, NOW)
    assert found is not None
    assert found.has_totp


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (1, True), (2, False)])
async def test_a_clock_may_be_one_step_off(official: Official, steps: int, right: bool) -> None:
    code = official.code(NOW + timedelta(seconds=30 * steps))
    assert isinstance(await official.log_in(code, NOW), LoggedIn) is right


async def test_a_code_is_never_accepted_twice(official: Official) -> None:
    code = official.code(NOW)
    assert isinstance(await official.log_in(code, NOW), LoggedIn)
    assert await official.log_in(code, NOW) == WrongCredentials()
    # Nor one of before, though the window would allow it.
    earlier = official.code(NOW - timedelta(seconds=30))
    assert await official.log_in(earlier, NOW) == WrongCredentials()
    later = NOW + timedelta(seconds=30)
    assert isinstance(await official.log_in(official.code(later), later), LoggedIn)


async def test_of_two_at_the_same_moment_one_gets_in(official: Official) -> None:
    challenges = [await official.challenge(NOW) for _ in range(2)]
    code = official.code(NOW)
    answers = await asyncio.gather(*(official.give(each, code, NOW) for each in challenges))
    assert sum(isinstance(answer, LoggedIn) for answer in answers) == 1


async def test_wrong_codes_lock_and_a_right_password_between_does_not_help(
    official: Official,
) -> None:
    for _ in range(FAILURES_ALLOWED):
        assert await official.log_in("000000", NOW) == WrongCredentials()
    locked = Locked(NOW + LOCKED_FOR)
    assert await official.password(NOW) == locked
    after = NOW + LOCKED_FOR + timedelta(seconds=1)
    assert isinstance(await official.log_in(official.code(after), after), LoggedIn)


async def test_wrong_passwords_and_wrong_codes_count_together(official: Official) -> None:
    for _ in range(FAILURES_ALLOWED - 1):
        assert await official.password(NOW, "wrong wrong wrong") == WrongCredentials()
    # The last one allowed: the password is right, so the lock waits for the code.
    challenge = await official.challenge(NOW)
    assert await official.give(challenge, "000000", NOW) == WrongCredentials()
    assert await official.give(challenge, official.code(NOW), NOW) == Locked(NOW + LOCKED_FOR)


async def test_parallel_guesses_are_all_counted(official: Official) -> None:
    challenge = await official.challenge(NOW)
    guesses = [official.give(challenge, f"{number:06}", NOW) for number in range(15)]
    answers = await asyncio.gather(*guesses)
    assert answers.count(WrongCredentials()) == FAILURES_ALLOWED


async def test_a_challenge_ends(official: Official) -> None:
    challenge = await official.challenge(NOW)
    late = NOW + timedelta(minutes=5)
    assert isinstance(await official.give(challenge, official.code(late), late), ChallengeOver)
    assert isinstance(await official.give("made up", official.code(NOW), NOW), ChallengeOver)
    again = await official.challenge(NOW)
    assert isinstance(await official.give(again, official.code(NOW), NOW), LoggedIn)
    later = NOW + timedelta(seconds=60)
    assert isinstance(await official.give(again, official.code(later), later), ChallengeOver)


async def test_each_recovery_code_opens_once(official: Official) -> None:
    assert len(set(official.codes)) == 10
    first, second, *_ = official.codes
    assert isinstance(await official.log_in(f" {first.lower()} ", NOW), LoggedIn)
    assert await official.log_in(first, NOW) == WrongCredentials()
    async with official.database.write() as connection:
        assert (await totp_state(connection, official.id)).codes_left == 9
        renewed = await renew_recovery_codes(connection, BOX, official.id, NOW)
    assert await official.log_in(second, NOW) == WrongCredentials()
    assert isinstance(await official.log_in(renewed[0], NOW), LoggedIn)


async def test_nothing_readable_is_kept(official: Official) -> None:
    async with official.database.read() as connection:
        sealed = await connection.scalar(select(totp.c.sealed_secret))
        marks = set(await connection.scalars(select(recovery_code.c.mark)))
    assert official.secret.encode() not in (sealed or b"")
    assert not any(code.replace("-", "") in mark for code in official.codes for mark in marks)
    other = SecretBox(bytes(32), PURPOSE)
    with pytest.raises(SecretUnreadable):
        other.open(sealed or b"", official.id)
    with pytest.raises(SecretUnreadable):
        BOX.open(sealed or b"", official.id + 1)
    assert BOX.open(sealed or b"", official.id).decode() == official.secret


async def test_a_wrong_code_switches_nothing_on_and_setup_cannot_replace_it(
    official: Official,
) -> None:
    async with official.database.write() as connection:
        await begin_setup(connection, BOX, official.id, NOW)
        assert await setup(connection, BOX, official.id, "li.ming") is None
        await switch_off(connection, official.id, NOW)
        await begin_setup(connection, BOX, official.id, NOW)
        assert await confirm(connection, BOX, official.id, "0", NOW, keep_session_id=0) is None
    assert isinstance(await official.password(NOW), LoggedIn)


async def test_reset_lets_the_password_alone_in_and_ends_sessions(official: Official) -> None:
    opened = await official.log_in(official.code(NOW), NOW)
    assert isinstance(opened, LoggedIn)
    async with official.database.write() as connection:
        await reset_totp(connection, official.id, NOW, by_user_id=official.id)
        assert await session_of(connection, opened.token, NOW) is None
        [event] = [one for one in await audit_events(connection, "/") if one.action == "totp_reset"]
    assert event.subject == "li.ming"
    assert isinstance(await official.password(NOW), LoggedIn)
