"""设置 and the first set-up over HTTP, on both databases: who may, and what two at once get."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import ClientSession, FormData
from sqlalchemy import delete, select, update

from backend.deployment import versions
from backend.deployment.sheets import LARGEST_FILE
from backend.organisation.tables import user
from tests.console.sheets import COUNTY, OFFICES, STAFF, workbook
from tests.console.site import Site

PAGES = (
    "/console/deployment",
    "/console/deployment/offices",
    "/console/deployment/offices/chengguan",
    "/console/deployment/services/sanitation",
    "/console/deployment/places/990101101003",
    "/console/deployment/days/2026",
    "/console/deployment/replies/greet",
    "/console/deployment/guide",
    "/console/deployment/guide/identity_card",
    "/console/deployment/history/replies",
)
STEPS = ("", "/county", "/offices", "/staff", "/try", "/done", "/staff/template")


@pytest.mark.parametrize("login", ["county", "desk", "handler", "reader"])
async def test_only_administrators_change_the_deployment(site: Site, login: str) -> None:
    async with site.logged_in(login) as (client, token):
        for path in PAGES:
            async with client.get(path) as response:
                assert response.status == 403, path
            async with client.post(path, headers={"X-CSRF-Token": token}) as response:
                assert response.status in (403, 405), path


async def test_an_administrator_of_a_township_changes_nothing_of_the_county(any_site: Site) -> None:
    site = any_site
    async with site.world.database.write() as connection:
        await connection.execute(update(user).where(user.c.login == "town").values(role="admin"))
    async with site.logged_in("town") as (client, token):
        for path in PAGES:
            async with client.get(path) as response:
                assert response.status == 403, path
        form = {"text": "好", "sms": "", "seal": ""}
        headers = {"X-CSRF-Token": token}
        async with client.post(
            "/console/deployment/replies/greet", data=form, headers=headers
        ) as response:
            assert response.status == 403
        async with client.get("/console/users") as response:
            assert "设置" not in await response.text()
    async with site.world.database.read() as connection:
        assert await versions.newest_id(connection) == 0


async def seal(client: ClientSession, path: str) -> str:
    async with client.get(path) as response:
        found = re.search(r'name="seal" value="(\w+)"', await response.text())
    assert found is not None
    return found[1]


async def test_who_opened_the_form_before_another_saved_is_told(any_site: Site) -> None:
    path = "/console/deployment/replies/greet"
    async with any_site.logged_in("head") as (client, token):
        headers = {"X-CSRF-Token": token}
        opened = await seal(client, path)
        for text, status in (("您好！", 200), ("你好！", 422)):
            form = {"text": text, "sms": "", "seal": opened}
            async with client.post(path, data=form, headers=headers) as response:
                assert response.status == status
                page = await response.text()
        assert "别人刚改过这一项" in page
        assert "你好！" in page
        # Another text was not touched by it.
        other = "/console/deployment/replies/here"
        form = {"text": "我在。", "sms": "", "seal": await seal(client, other)}
        async with client.post(other, data=form, headers=headers) as response:
            assert response.status == 200
    replies = any_site.deps.deployment.current.replies
    assert (replies["greet"]["text"], replies["here"]["text"]) == ("您好！", "我在。")


async def test_a_version_that_no_longer_fits_is_not_put_back(any_site: Site) -> None:
    """The first version of the places knows nothing of the village an office now serves."""
    async with any_site.logged_in("head") as (client, token):
        headers = {"X-CSRF-Token": token}
        for code, name in (("990101101300", "新城社区"), ("990101101301", "新城南社区")):
            path = "/console/deployment/places/new?parent=990101101"
            form = {"code": code, "name": name, "aliases": "", "landmarks": ""}
            form["seal"] = await seal(client, path)
            async with client.post(path, data=form, headers=headers) as response:
                assert response.status == 200
        path = "/console/deployment/history/divisions/1/restore"
        async with client.post(path, headers=headers) as response:
            assert response.status == 422
            assert "前后对不上，没有保存" in await response.text()
    assert "990101101301" in any_site.deps.rules.catalogue.divisions


async def only(site: Site, *logins: str) -> None:
    async with site.world.database.write() as connection:
        await connection.execute(delete(user).where(user.c.login.not_in(logins)))


async def test_set_up_is_the_first_administrator_s_alone(any_site: Site) -> None:
    await only(any_site, "head")
    async with any_site.logged_in("head") as (client, token):
        async with client.get("/console/setup") as response:
            assert (response.status, response.url.path) == (200, "/console/setup/county")
        await keep(client, token, "county")
        async with any_site.world.database.write() as connection:
            copied = (await connection.execute(select(user))).one()._asdict()
            copied |= {"login": "second"}
            copied.pop("id")
            await connection.execute(user.insert().values(**copied))
        for path in STEPS:  # begun: another user does not end it
            async with client.get(f"/console/setup{path}") as response:
                assert response.status == 200, path
    async with any_site.logged_in("second") as (client, _token):
        for path in STEPS:
            async with client.get(f"/console/setup{path}") as response:
                assert response.status == 403, path


async def keep(client: ClientSession, token: str, step: str) -> None:
    path = f"/console/setup/{step}/{'skip' if step == 'staff' else 'keep'}"
    async with client.post(path, headers={"X-CSRF-Token": token}) as response:
        assert response.status == 200


async def test_an_installation_with_users_is_set_up(any_site: Site) -> None:
    async with any_site.logged_in("head") as (client, _token):
        for path in STEPS:
            async with client.get(f"/console/setup{path}") as response:
                assert response.status == 404, path


async def test_finished_set_up_is_over_for_good(any_site: Site) -> None:
    await only(any_site, "head")
    async with any_site.logged_in("head") as (client, token):
        await any_site.deps.deployment.refresh()
        async with client.get("/console/") as response:
            assert "首次设置还没有做完" in await response.text()
        async with client.post("/console/setup/done", headers={"X-CSRF-Token": token}) as response:
            assert "首次设置还没有做完" not in await response.text()
        async with client.get("/console/setup") as response:
            assert response.status == 404


def upload(sheet: str, rows: Any, fields: Mapping[str, str] | None = None) -> FormData:
    form = FormData(dict(fields or {}))
    form.add_field("file", workbook(sheet, rows), filename="表.xlsx")
    return form


async def send(client: ClientSession, token: str, step: str, form: FormData) -> tuple[int, str]:
    path = f"/console/setup/{step}"
    async with client.post(path, data=form, headers={"X-CSRF-Token": token}) as response:
        return response.status, await response.text()


async def test_a_second_sheet_replaces_what_the_first_made(any_site: Site) -> None:
    await only(any_site, "head")
    county = {"name": "望江县", "code": "990202"}
    async with any_site.logged_in("head") as (client, token):
        assert (await send(client, token, "county", upload("乡镇村居", COUNTY, county)))[0] == 200
        assert (await send(client, token, "offices", upload("单位", OFFICES)))[0] == 200
        assert (await send(client, token, "staff", upload("人员", STAFF)))[0] == 200
        # 王强 works in an office the next sheet does not have.
        status, page = await send(client, token, "offices", upload("单位", OFFICES[:3]))
        assert status == 422
        assert "“临江镇综合行政执法队”还有 1 位在用的工作人员" in page
        await use(any_site, "limin")
        rows = [STAFF[0], ("zhaoli", "赵丽", "高山乡", "只读")]
        status, page = await send(client, token, "staff", upload("人员", rows))
        assert (status, "zhaoli" in page, "wangqiang" in page) == (200, True, False)
        assert (await send(client, token, "offices", upload("单位", OFFICES[:3])))[0] == 200
        rows = [STAFF[0], STAFF[1]]
        status, page = await send(client, token, "staff", upload("人员", rows))
        assert (status, "已经有人在用" in page) == (422, True)
    async with any_site.world.database.read() as connection:
        people = (await connection.execute(select(user.c.login, user.c.active))).all()
    assert {tuple(row) for row in people} == {
        ("head", True),
        ("limin", True),
        ("wangqiang", False),
        ("zhaoli", True),
    }


async def use(site: Site, login: str) -> None:
    """As if they had logged in."""
    async with site.world.database.write() as connection:
        await connection.execute(
            update(user).where(user.c.login == login).values(last_login_at=site.world.now)
        )


async def test_nothing_is_taken_from_a_sheet_with_errors(any_site: Site) -> None:
    await only(any_site, "head")
    async with any_site.logged_in("head") as (client, token):
        rows = [*STAFF, ("x", "坏行", "没有的单位", "书记")]
        status, page = await send(client, token, "staff", upload("人员", rows))
        assert status == 422
        assert "文件里有" in page
        form = upload("乡镇村居", COUNTY, {"name": "", "code": "1"})
        assert (await send(client, token, "county", form))[0] == 422
    async with any_site.world.database.read() as connection:
        assert len((await connection.execute(select(user.c.id))).all()) == 1
        assert await versions.newest_id(connection) == 0


async def test_a_file_that_is_too_large_is_not_read(site: Site) -> None:
    await only(site, "head")
    async with site.logged_in("head") as (client, token):
        form = FormData()
        form.add_field("file", b"x" * (LARGEST_FILE + 100_000), filename="大.xlsx")
        assert (await send(client, token, "staff", form))[0] == 413
