"""Officials' user accounts. Every change is audited and ends the sessions it must end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.audit import record_audit
from backend.organisation.passwords import check_password, hash_password, verify_password
from backend.organisation.roles import Role
from backend.organisation.tables import org, session, user

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")


class UserRefused(ValueError):
    """The user cannot be so. `problem` is one of login_form, login_taken, name, role, org,
    unknown_user, wrong_password."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class User:
    """An official, with their office."""

    id: int
    login: str
    name: str
    org_id: int
    org_name: str
    org_path: str
    role: Role
    active: bool
    must_change_password: bool
    locked_until: datetime | None
    last_login_at: datetime | None


def normal_login(login: str) -> str:
    """Log-ins are compared without blanks around and in lower case. What cannot be one ('', NUL,
    lone surrogates) becomes '', which nobody has."""
    login = login.strip().lower()
    return login if _LOGIN.fullmatch(login) else ""


async def create_user(
    connection: AsyncConnection,
    *,
    login: str,
    name: str,
    password: str,
    org_id: int,
    role: Role | str,
    now: datetime,
    must_change_password: bool = False,
    by_user_id: int | None = None,
    password_hash: str | None = None,
) -> int:
    """The new user's id. `password_hash`: of this password, where it was hashed before (hashing
    is slow). Raises UserRefused, PasswordRefused."""
    login, name = normal_login(login), name.strip()
    if not login:
        raise UserRefused("login_form")
    if not 1 <= len(name) <= 64:
        raise UserRefused("name")
    known_role = _role(role)
    check_password(password, login=login, name=name)
    if await user_by_login(connection, login) is not None:
        raise UserRefused("login_taken")
    await _check_org(connection, org_id)
    inserted = await connection.execute(
        user.insert()
        .values(
            login=login,
            name=name,
            password_hash=password_hash or await hash_password(password),
            org_id=org_id,
            role=known_role.value,
            active=True,
            must_change_password=must_change_password,
            failed_logins=0,
            created_at=now,
        )
        .returning(user.c.id)
    )
    user_id = int(inserted.scalar_one())
    detail = {"role": known_role.value, "org_id": org_id}
    await record_audit(
        connection, "user_created", now, user_id=by_user_id, subject=login, detail=detail
    )
    return user_id


async def list_users(
    connection: AsyncConnection, org_path: str, *, active_only: bool = False
) -> Sequence[User]:
    """The users of a branch, by log-in."""
    query = _select().where(org.c.path.startswith(org_path, autoescape=True))
    if active_only:
        query = query.where(user.c.active)
    return [_user(row) for row in await connection.execute(query.order_by(user.c.login))]


async def user_by_id(connection: AsyncConnection, user_id: int) -> User | None:
    """One user, disabled ones too."""
    row = (await connection.execute(_select().where(user.c.id == user_id))).first()
    return _user(row) if row else None


async def user_by_login(connection: AsyncConnection, login: str) -> User | None:
    """One user, disabled ones too."""
    row = (await connection.execute(_select().where(user.c.login == normal_login(login)))).first()
    return _user(row) if row else None


async def set_user_active(
    connection: AsyncConnection,
    user_id: int,
    active: bool,
    now: datetime,
    *,
    by_user_id: int | None = None,
) -> None:
    """Disable (all sessions end) or enable a user. Raises UserRefused('unknown_user')."""
    login = await _change(connection, user_id, active=active)
    if not active:
        await end_sessions(connection, user_id, now)
    action = "user_enabled" if active else "user_disabled"
    await record_audit(connection, action, now, user_id=by_user_id, subject=login)


async def change_role(
    connection: AsyncConnection,
    user_id: int,
    *,
    role: Role | str,
    org_id: int,
    now: datetime,
    by_user_id: int | None = None,
) -> None:
    """Give a user another role or office; it holds from their next request. Raises UserRefused."""
    known_role = _role(role)
    await _check_org(connection, org_id)
    login = await _change(connection, user_id, role=known_role.value, org_id=org_id)
    detail = {"role": known_role.value, "org_id": org_id}
    await record_audit(
        connection, "user_changed", now, user_id=by_user_id, subject=login, detail=detail
    )


async def reset_password(
    connection: AsyncConnection,
    user_id: int,
    password: str,
    now: datetime,
    *,
    must_change: bool = True,
    by_user_id: int | None = None,
) -> None:
    """Set a password for someone else: their sessions end, the lock goes, and they must choose
    their own at the next log-in. Raises UserRefused, PasswordRefused."""
    found = await user_by_id(connection, user_id)
    if found is None:
        raise UserRefused("unknown_user")
    check_password(password, login=found.login, name=found.name)
    await _change(
        connection,
        user_id,
        password_hash=await hash_password(password),
        must_change_password=must_change,
        failed_logins=0,
        locked_until=None,
    )
    await end_sessions(connection, user_id, now)
    await record_audit(connection, "password_reset", now, user_id=by_user_id, subject=found.login)


async def change_password(
    connection: AsyncConnection,
    user_id: int,
    *,
    old: str,
    new: str,
    now: datetime,
    keep_session_id: int | None = None,
) -> None:
    """Set one's own password; all other sessions end. Raises UserRefused('wrong_password'),
    PasswordRefused."""
    row = (await connection.execute(select(user).where(user.c.id == user_id))).first()
    if row is None:
        raise UserRefused("unknown_user")
    if not await verify_password(row.password_hash, old):
        raise UserRefused("wrong_password")
    check_password(new, login=row.login, name=row.name)
    await _change(
        connection, user_id, password_hash=await hash_password(new), must_change_password=False
    )
    await end_sessions(connection, user_id, now, but=keep_session_id)
    await record_audit(connection, "password_changed", now, user_id=user_id, subject=row.login)


async def check_own_password(connection: AsyncConnection, user_id: int, password: str) -> None:
    """Raises UserRefused('wrong_password')."""
    found = await connection.scalar(select(user.c.password_hash).where(user.c.id == user_id))
    if not await verify_password(found, password):
        raise UserRefused("wrong_password")


async def end_sessions(
    connection: AsyncConnection, user_id: int, now: datetime, *, but: int | None = None
) -> None:
    """Log a user out everywhere, `but` in the session with that id."""
    query = update(session).where(session.c.user_id == user_id, session.c.ended_at.is_(None))
    if but is not None:
        query = query.where(session.c.id != but)
    await connection.execute(query.values(ended_at=now))


def _role(role: Role | str) -> Role:
    try:
        return Role(role)
    except ValueError as error:
        raise UserRefused("role") from error


async def _check_org(connection: AsyncConnection, org_id: int) -> None:
    found = await connection.execute(select(org.c.id).where(org.c.id == org_id, org.c.active))
    if found.first() is None:
        raise UserRefused("org")


async def _change(connection: AsyncConnection, user_id: int, **values: object) -> str:
    changed = await connection.execute(
        update(user).where(user.c.id == user_id).values(**values).returning(user.c.login)
    )
    row = changed.first()
    if row is None:
        raise UserRefused("unknown_user")
    return str(row.login)


def _select() -> Select[tuple[object, ...]]:
    return select(user, org.c.name.label("org_name"), org.c.path.label("org_path")).join(
        org, org.c.id == user.c.org_id
    )


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(
        row.id,
        row.login,
        row.name,
        row.org_id,
        row.org_name,
        row.org_path,
        Role(row.role),
        row.active,
        row.must_change_password,
        row.locked_until,
        row.last_login_at,
    )
