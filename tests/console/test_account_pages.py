"""One's own account and the users of a branch: what may be done, by whom, and how it is noted."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyotp
import pytest
import pytest_asyncio
from aiohttp import ClientSession
from sqlalchemy import select, update

from backend.console.browser_words import browser_words
from backend.organisation.tables import audit, user
from backend.organisation.totp import begin_setup, confirm, setup
from tests.console.site import PASSWORD, Site, serve

Form = dict[str, Any]


@pytest_asyncio.fixture(loop_scope="session")
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A site where `county` and `town` administer their branches, on both databases."""
    async with serve(database_url, tmp_path) as site:
        async with site.world.database.write() as connection:
            await connection.execute(
                update(user).where(user.c.login.in_(["county", "town"])).values(role="admin")
            )
        yield site


async def ids(site: Site) -> dict[str, int]:
    async with site.world.database.read() as connection:
        rows = await connection.execute(select(user.c.login, user.c.id))
        return {row.login: row.id for row in rows}


async def row_of(site: Site, login: str) -> Any:
    async with site.world.database.read() as connection:
        return (await connection.execute(select(user).where(user.c.login == login))).one()


async def actions(site: Site) -> list[str]:
    async with site.world.database.read() as connection:
        return list(await connection.scalars(select(audit.c.action).order_by(audit.c.id)))


async def post(client: ClientSession, token: str, path: str, **fields: Any) -> tuple[int, str]:
    async with client.post(f"/console/{path}", data={"csrf_token": token, **fields}) as answer:
        return answer.status, await answer.text()


async def test_a_user_is_added_and_their_password_shown_once(office: Site) -> None:
    new = {"login": "qian", "name": "钱进", "role": "handler", "org_id": ""}
    new["org_id"] = str(office.world.orgs["chengguan_construction"].id)
    async with office.logged_in("town") as (client, token):
        status, page = await post(client, token, "users/new", **new)
        assert status == 200
        found = re.search(r"一次性密码</dt><dd><code[^>]*>([^<]+)<", page)
        assert found is not None
        status, again = await post(client, token, "users/new", **new)
        assert (status, "已经有人用了" in again) == (422, True)
        async with client.get("/console/users", params={"q": "钱进"}) as answer:
            listing = await answer.text()
    assert "qian" in listing
    assert found[1] not in listing
    assert "王建国" not in listing
    async with office.client() as client:
        body = {"login": "qian", "password": found[1]}
        async with client.post("/api/v1/session", json=body) as response:
            assert response.status == 201
            assert (await response.json())["must_change_password"]
    assert "user_created" in await actions(office)


@pytest.mark.parametrize("wrong", ["login", "name", "role", "org_id", "elsewhere"])
async def test_a_wrong_user_is_not_added(office: Site, wrong: str) -> None:
    form = {"login": "qian", "name": "钱进", "role": "handler"}
    form["org_id"] = str(office.world.orgs["chengguan"].id)
    other = str(office.world.orgs["liuhe"].id)
    form |= {"org_id": other} if wrong == "elsewhere" else {wrong: "" if wrong != "role" else "x"}
    async with office.logged_in("town") as (client, token):
        status, _page = await post(client, token, "users/new", **form)
    assert status == 422
    assert "qian" not in await ids(office)


async def test_an_administrator_does_each_step_in_their_branch_and_it_is_audited(
    office: Site,
) -> None:
    handler = (await ids(office))["handler"]
    orgs = office.world.orgs
    async with office.world.database.write() as connection:
        await connection.execute(
            update(user).where(user.c.id == handler).values(locked_until=office.world.now)
        )
    async with (
        office.logged_in("handler") as (theirs, _),
        office.logged_in("town") as (
            client,
            token,
        ),
    ):
        path = f"users/{handler}"
        assert (await post(client, token, f"{path}/unlocked"))[0] == 200
        assert (await row_of(office, "handler")).locked_until is None
        change = {"role": "reader", "org_id": str(orgs["chengguan"].id)}
        assert (await post(client, token, f"{path}/role", **change))[0] == 200
        row = await row_of(office, "handler")
        assert (row.role, row.org_id) == ("reader", orgs["chengguan"].id)
        away = {"role": "reader", "org_id": str(orgs["liuhe"].id)}
        assert (await post(client, token, f"{path}/role", **away))[0] == 422
        assert (await post(client, token, f"{path}/disabled"))[0] == 200
        async with theirs.get("/api/v1/me") as answer:
            assert answer.status == 401
        assert (await post(client, token, f"{path}/enabled"))[0] == 200
        assert (await row_of(office, "handler")).active
        assert (await post(client, token, f"{path}/totp_reset"))[0] == 200
        status, page = await post(client, token, f"{path}/password")
        assert (status, "一次性密码" in page) == (200, True)
        assert (await row_of(office, "handler")).must_change_password
    noted = await actions(office)
    for action in (
        "user_unlocked", "user_changed", "user_disabled", "user_enabled", "totp_reset",
        "password_reset",
    ):  # fmt: skip
        assert noted.count(action) == 1, action


async def test_users_of_another_branch_are_not_there(office: Site) -> None:
    found = await ids(office)
    async with office.logged_in("town") as (client, token):
        async with client.get("/console/users") as answer:
            listing = await answer.text()
        assert "王建国" in listing
        assert "赵强" not in listing
        for login in ("elsewhere", "county"):
            path = f"users/{found[login]}"
            async with client.get(f"/console/{path}") as answer:
                assert answer.status == 404
            for step in ("role", "disabled", "enabled", "unlocked", "totp_reset", "password"):
                assert (await post(client, token, f"{path}/{step}"))[0] == 404, step
    before = await row_of(office, "elsewhere")
    assert (before.active, before.must_change_password) == (True, False)


@pytest.mark.parametrize("login", ["desk", "handler", "reader"])
async def test_others_manage_nobody(office: Site, login: str) -> None:
    handler = (await ids(office))["handler"]
    async with office.logged_in(login) as (client, token):
        for path in ("users", "users/new", f"users/{handler}"):
            async with client.get(f"/console/{path}") as answer:
                assert answer.status == 403
        for path in ("users/new", f"users/{handler}/disabled", f"users/{handler}/password"):
            assert (await post(client, token, path))[0] == 403
        async with client.get("/console/account") as answer:
            assert "用户" not in (await answer.text()).split("</nav>")[0]


async def test_no_administrator_locks_themselves_out(office: Site) -> None:
    me = (await ids(office))["town"]
    async with office.logged_in("town") as (client, token):
        for step in ("role", "disabled", "totp_reset"):
            status, page = await post(client, token, f"users/{me}/{step}", role="reader")
            assert (status, "另一位管理员" in page) == (422, True)
        await post(client, token, f"users/{me}/password")
    row = await row_of(office, "town")
    assert (row.role, row.active, row.must_change_password) == ("admin", True, False)


async def test_sessions_are_listed_and_ended_one_or_all(office: Site) -> None:
    async with (
        office.logged_in("desk") as (here, token),
        office.logged_in("desk") as (there, _),
        office.logged_in("desk") as (third, _),
        office.logged_in("reader") as (stranger, other_token),
    ):
        async with here.get("/console/account") as answer:
            page = await answer.text()
        assert page.count("就是这里") == 1
        places = re.findall(r"account/sessions/(\d+)/end", page)
        assert len(places) == 2
        # Nobody ends another's.
        status, _page = await post(stranger, other_token, f"account/sessions/{places[0]}/end")
        assert status == 404
        assert (await post(here, token, f"account/sessions/{places[0]}/end"))[0] == 200
        statuses = [(await client.get("/api/v1/me")).status for client in (there, third)]
        assert sorted(statuses) == [200, 401]
        assert (await post(here, token, "account/sessions/end-others"))[0] == 200
        statuses = [(await client.get("/api/v1/me")).status for client in (here, there, third)]
        assert statuses == [200, 401, 401]
        assert (await stranger.get("/api/v1/me")).status == 200


async def app_of(site: Site, login: str) -> pyotp.TOTP:
    """Set up the official's app without the page."""
    user_id, box = (await ids(site))[login], site.deps.totp_box
    async with site.world.database.write() as connection:
        await begin_setup(connection, box, user_id, site.world.now)
        pending = await setup(connection, box, user_id, login)
        assert pending is not None
        app = pyotp.TOTP(pending.secret)
        earlier = app.at(int(site.world.now.timestamp()) - 30)
        assert await confirm(connection, box, user_id, earlier, site.world.now, keep_session_id=0)
    return app


async def test_the_api_asks_for_the_code_too(office: Site) -> None:
    app = await app_of(office, "desk")
    body = {"login": "desk", "password": PASSWORD}
    async with office.client() as client:
        for code, status in (("", 401), ("000000", 401)):
            async with client.post("/api/v1/session", json={**body, "code": code}) as answer:
                assert answer.status == status
                assert (await answer.json())["error"]["field"] == "code"
        code = app.at(int(office.world.now.timestamp()))
        async with client.post("/api/v1/session", json={**body, "code": code}) as answer:
            assert answer.status == 201


async def test_off_and_new_codes_need_the_password(office: Site) -> None:
    async with office.logged_in("desk") as (client, token):
        for step in ("off", "codes"):
            status, page = await post(client, token, f"account/totp/{step}", password="wrong")
            assert (status, "密码不对" in page) == (422, True)


async def test_a_role_that_must_have_an_app_does_nothing_before(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.console import site as sites

    made = sites.dependencies
    monkeypatch.setattr(
        sites,
        "dependencies",
        lambda *given: replace(made(*given), totp_roles=frozenset({"dispatcher"})),
    )
    async with serve(database_url, tmp_path) as site:
        async with site.logged_in("desk") as (client, token):
            for path in ("/console/", "/console/petitions/20261123-0001-0"):
                async with client.get(path, allow_redirects=False) as answer:
                    assert (answer.status, answer.headers["Location"]) == (
                        303,
                        "/console/account/totp",
                    )
            async with client.get("/api/v1/petitions") as answer:
                assert answer.status == 403
            async with client.get("/console/account/totp") as answer:
                assert "必须用动态口令" in await answer.text()
            assert "开始设置" not in (await post(client, token, "account/totp"))[1]
        app = await app_of(site, "desk")
        code = app.at(int(site.world.now.timestamp()))
        body = {"login": "desk", "password": PASSWORD, "code": code}
        async with site.client() as client, client.post("/api/v1/session", json=body) as answer:
            token = (await answer.json())["csrf_token"]
            assert (await client.get("/console/")).status == 200
            assert (await post(client, token, "account/totp/off", password=PASSWORD))[0] == 403
        async with site.logged_in("handler") as (client, _), client.get("/console/") as answer:
            assert answer.status == 200


def test_browsers_are_named_as_people_know_them() -> None:
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537"
    assert browser_words(windows) == "Chrome，Windows 电脑"
    assert browser_words(windows + " Edg/140.0") == "Edge，Windows 电脑"
    phone = "Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile Safari/537 MicroMessenger/8.0"
    assert browser_words(phone) == "微信，安卓手机"
    assert browser_words("curl/8") == "其他程序"


def test_every_role_says_what_it_may_do() -> None:
    from backend.data_file import read_yaml
    from backend.organisation.roles import Role
    from tests.petitions.world import DATA

    texts: Any = read_yaml(DATA / "texts" / "console.yml")
    assert texts["role_duties"].keys() == set(Role) == texts["roles"].keys()
