from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from backend.database.engine import Database
from backend.organisation.audit import audit_events
from backend.organisation.passwords import (
    PasswordRefused,
    check_password,
    hash_password,
    verify_password,
)
from backend.organisation.roles import PERMISSIONS, Permission, Role, may
from backend.organisation.tables import org
from backend.organisation.users import (
    UserRefused,
    change_password,
    create_user,
    list_users,
    reset_password,
    set_user_active,
    user_by_login,
)

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PASSWORD = "窗口今天来了八个人办事呢"


async def offices(database: Database) -> tuple[int, int]:
    async with database.write() as connection:
        ids = []
        for code in ("county", "town"):
            inserted = await connection.execute(
                org.insert()
                .values(code=code, name=code, type=code, path="", active=True)
                .returning(org.c.id)
            )
            ids.append(inserted.scalar_one())
        await connection.execute(update(org).where(org.c.id == ids[0]).values(path=f"/{ids[0]}/"))
        await connection.execute(
            update(org).where(org.c.id == ids[1]).values(path=f"/{ids[0]}/{ids[1]}/")
        )
    return ids[0], ids[1]


async def create(database: Database, office: int, **changes: Any) -> int:
    values: dict[str, Any] = {
        "login": "li.ming",
        "name": "李明",
        "password": PASSWORD,
        "org_id": office,
        "role": "handler",
        "now": NOW,
    }
    async with database.write() as connection:
        return await create_user(connection, **{**values, **changes})


async def test_users_of_a_branch(database: Database) -> None:
    county, town = await offices(database)
    admin = await create(database, county, login="Admin1", name="王强", role="admin")
    handler = await create(database, town, by_user_id=admin)
    async with database.write() as connection:
        everyone = await list_users(connection, f"/{county}/")
        below = await list_users(connection, f"/{county}/{town}/")
        await set_user_active(connection, handler, False, NOW, by_user_id=admin)
        active = await list_users(connection, f"/{county}/", active_only=True)
        found = await user_by_login(connection, " ADMIN1")
        events = await audit_events(connection, f"/{county}/")
    assert [one.login for one in everyone] == ["admin1", "li.ming"]
    assert [(one.name, one.role, one.org_name) for one in below] == [("李明", Role.HANDLER, "town")]
    assert [one.login for one in active] == ["admin1"]
    assert found is not None
    assert found.id == admin
    assert [(event.action, event.subject, event.user_name) for event in events] == [
        ("user_disabled", "li.ming", "王强"),
        ("user_created", "li.ming", "王强"),
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"login": "李明"}, "login_form"),
        ({"login": "a"}, "login_form"),
        ({"login": "a b"}, "login_form"),
        ({"name": " "}, "name"),
        ({"name": "李" * 65}, "name"),
        ({"role": "king"}, "role"),
        ({"org_id": 999_999}, "org"),
    ],
)
async def test_users_that_cannot_be(
    database: Database, changes: dict[str, Any], problem: str
) -> None:
    county, _ = await offices(database)
    with pytest.raises(UserRefused) as refused:
        await create(database, county, **changes)
    assert refused.value.problem == problem


async def test_a_login_belongs_to_one(database: Database) -> None:
    county, _ = await offices(database)
    await create(database, county)
    with pytest.raises(UserRefused) as refused:
        await create(database, county, login="LI.MING")
    assert refused.value.problem == "login_taken"


async def test_passwords_of_nobody(database: Database) -> None:
    county, _ = await offices(database)
    user_id = await create(database, county)
    async with database.write() as connection:
        with pytest.raises(UserRefused) as refused:
            await reset_password(connection, 999_999, PASSWORD, NOW)
        assert refused.value.problem == "unknown_user"
        with pytest.raises(UserRefused) as refused:
            await change_password(connection, user_id, old="不对", new=PASSWORD, now=NOW)
        assert refused.value.problem == "wrong_password"
        with pytest.raises(PasswordRefused):
            await change_password(connection, user_id, old=PASSWORD, new="短", now=NOW)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("短短短短短短", "too_short"),
        ("长" * 200, "too_long"),
        ("111111111111", "too_simple"),
        ("１１１１１１１１１１１１", "too_simple"),
        ("li.ming-2026-ok", "names_the_user"),
        ("LI.MING-2026-ok", "names_the_user"),
        ("我是李明我今天在窗口上班呢", "names_the_user"),
        ("138001234567", "too_simple"),
        ("password1234", "common"),
        ("Qwerty123456", "common"),
        ("admin1234567admin", "common"),
    ],
)
def test_passwords_that_are_refused_with_a_sentence(password: str, problem: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        check_password(password, login="li.ming", name="李明")
    assert refused.value.problem == problem
    assert str(refused.value).endswith("。")
    assert "{" not in str(refused.value)


@pytest.mark.parametrize(
    "password", [PASSWORD, "correct horse battery", "Tq7#kLm92-xZ", "admin 今天也要早点回家"]
)
def test_passwords_that_are_good(password: str) -> None:
    check_password(password, login="li.ming", name="李明")


async def test_a_hash_fits_its_password_only() -> None:
    hashed = await hash_password("Ｃafé 密码密码密码\ud800")
    assert await verify_password(hashed, "Café 密码密码密码\ud800")
    assert not await verify_password(hashed, "Cafe 密码密码密码")
    assert not await verify_password("not a hash", "x")


def test_every_role_reads_and_only_the_admin_manages() -> None:
    assert set(PERMISSIONS) == set(Role)
    for role in Role:
        assert may(role, Permission.READ)
        assert may(role, Permission.MANAGE_USERS) == (role is Role.ADMIN)
    assert not any(may("visitor", permission) for permission in Permission)
    assert not may("handler", Permission.DISPATCH)
    assert not may("dispatcher", Permission.SEE_CONFIDENTIAL)
    assert may("supervisor", Permission.SEE_CONFIDENTIAL)
