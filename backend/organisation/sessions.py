"""Officials' sessions, in SQL. The browser holds the token, the table only its hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.engine import Database
from backend.organisation.audit import record_audit
from backend.organisation.challenge import open_challenge
from backend.organisation.lockout import Locked, count_attempt, take_back
from backend.organisation.passwords import hash_password, needs_rehash, verify_password
from backend.organisation.roles import Role
from backend.organisation.tables import org, session, totp, user
from backend.organisation.users import normal_login

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
TOUCH_AFTER = timedelta(minutes=1)


# Asked with every request, so built once.
_OPEN = (
    select(
        session,
        user.c.name,
        user.c.login,
        user.c.org_id,
        user.c.role,
        user.c.must_change_password,
        org.c.path,
        org.c.name.label("org_name"),
        totp.c.confirmed_at.label("totp_since"),
    )
    .join(user, user.c.id == session.c.user_id)
    .join(org, org.c.id == user.c.org_id)
    .outerjoin(totp, totp.c.user_id == user.c.id)
    .where(
        session.c.token_hash == bindparam("token_hash"),
        session.c.ended_at.is_(None),
        session.c.expires_at > bindparam("now"),
        user.c.active,
    )
)


@dataclass(frozen=True, slots=True)
class Actor:
    """The official who acts; read anew for every request, so a lost role is lost at once."""

    user_id: int
    name: str
    org_id: int
    org_path: str
    role: str


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A new session. `token` goes into the cookie and is kept nowhere else."""

    token: str
    csrf_token: str
    expires_at: datetime
    actor: Actor
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class WrongCredentials:
    """Unknown log-in, disabled user or wrong password: the answer does not tell which."""


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right, the official's second factor is still to come
    (code_login.py); `challenge` is kept nowhere but by the browser."""

    challenge: str


@dataclass(frozen=True, slots=True)
class Session:
    """An open session. `stale`: call `touch` in a writing transaction to slide its expiry."""

    id: int
    actor: Actor
    org_name: str
    login: str
    csrf_token: str
    expires_at: datetime
    must_change_password: bool
    has_totp: bool
    stale: bool


async def log_in(
    database: Database, login: str, password: str, ip: str, agent: str, now: datetime
) -> LoggedIn | WrongCredentials | Locked | CodeNeeded:
    """Open a session, or ask for the code. Takes the database rather than a connection: the
    password is verified between two short transactions, never inside one (SQLite has one writer
    for everybody).

    The attempt is counted before it is verified, so parallel guesses are counted too; the
    `FAILURES_ALLOWED`-th wrong one locks the log-in (lockout.py). Unknown log-ins cost the
    same time as known ones.
    """
    login = normal_login(login)
    async with database.write() as connection:
        attempt = await count_attempt(connection, user.c.login == login, now)
    if isinstance(attempt, Locked):
        return attempt
    right = await verify_password(attempt.password_hash if attempt else None, password)
    if attempt is None or not right:
        if attempt is not None:
            async with database.write() as connection:
                await record_audit(
                    connection, "login_failed", now, user_id=attempt.user_id, subject=_printable(ip)
                )
        return WrongCredentials()
    old_hash = attempt.password_hash
    new_hash = await hash_password(password) if needs_rehash(old_hash) else None
    async with database.write() as connection:
        if await connection.scalar(_totp_is_on(attempt.user_id)):
            await take_back(connection, attempt)
            return CodeNeeded(await open_challenge(connection, attempt.user_id, now))
        return await open_session(connection, attempt.user_id, new_hash, ip, agent, now)


def _totp_is_on(user_id: int) -> Select[tuple[int]]:
    return select(totp.c.user_id).where(totp.c.user_id == user_id, totp.c.confirmed_at.is_not(None))


async def session_of(connection: AsyncConnection, token: str, now: datetime) -> Session | None:
    """The open session of a cookie's token, None if it is unknown, ended, expired, or its user
    disabled. Only reads."""
    found = await connection.execute(_OPEN, {"token_hash": _hash(token), "now": now})
    row = found.first()
    if row is None:
        return None
    return Session(
        row.id,
        Actor(row.user_id, row.name, row.org_id, row.path, row.role),
        row.org_name,
        row.login,
        row.csrf_token,
        row.expires_at,
        row.must_change_password,
        row.totp_since is not None,
        now - row.seen_at >= TOUCH_AFTER,
    )


async def touch(connection: AsyncConnection, session_id: int, now: datetime) -> None:
    """Slide the expiry: `IDLE` from now, never beyond `LONGEST` after the log-in."""
    row = (
        await connection.execute(select(session.c.created_at).where(session.c.id == session_id))
    ).first()
    if row is None:
        return
    await connection.execute(
        update(session)
        .where(session.c.id == session_id, session.c.ended_at.is_(None))
        .values(seen_at=now, expires_at=min(now + IDLE, row.created_at + LONGEST))
    )


async def log_out(connection: AsyncConnection, token: str, now: datetime) -> None:
    """End the session of a token; harmless if there is none."""
    ended = await connection.execute(
        update(session)
        .where(session.c.token_hash == _hash(token), session.c.ended_at.is_(None))
        .values(ended_at=now)
        .returning(session.c.user_id)
    )
    row = ended.first()
    if row is not None:
        await record_audit(connection, "logged_out", now, user_id=row.user_id)


def same_csrf(expected: str, given: str) -> bool:
    """Compare a form's CSRF token in constant time."""
    return secrets.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


async def open_session(
    connection: AsyncConnection,
    user_id: int,
    new_hash: str | None,
    ip: str,
    agent: str,
    now: datetime,
) -> LoggedIn | WrongCredentials:
    """For a user who has proved who they are. `new_hash`: the password's, if it is due."""
    values: dict[str, object] = {"failed_logins": 0, "locked_until": None, "last_login_at": now}
    if new_hash is not None:
        values["password_hash"] = new_hash
    opened = await connection.execute(
        update(user)
        .where(user.c.id == user_id, user.c.active)
        .values(**values)
        .returning(user.c.name, user.c.org_id, user.c.role, user.c.must_change_password)
    )
    row = opened.first()
    if row is None:  # disabled while the password was verified
        return WrongCredentials()
    path = (await connection.execute(select(org.c.path).where(org.c.id == row.org_id))).scalar_one()
    token, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    expires_at = now + IDLE
    await connection.execute(
        session.insert().values(
            token_hash=_hash(token),
            user_id=user_id,
            csrf_token=csrf_token,
            created_at=now,
            seen_at=now,
            expires_at=expires_at,
            ip=_printable(ip)[:64],
            agent=_printable(agent)[:255],
        )
    )
    await record_audit(connection, "logged_in", now, user_id=user_id, subject=_printable(ip))
    actor = Actor(user_id, row.name, row.org_id, path, Role(row.role).value)
    return LoggedIn(token, csrf_token, expires_at, actor, row.must_change_password)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _printable(header: str) -> str:
    # A header may hold NUL or, decoded, lone surrogates; databases take neither.
    return header.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
