"""The overview: figures, the rows behind them, charts with their tables, and the Excel file."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from backend.console.overview_wording import duration
from backend.organisation.tables import audit
from backend.petitions.tables import petition
from backend.web.texts import OfficialTexts
from tests.console.accessibility import violations
from tests.console.site import Site
from tests.console.test_browser import SIZES, fits, official
from tests.petitions.world import DATA

FORMULA = "=cmd|'/C calc'!A0，我的电话13812345678，身份证110101199003071234"


async def some(site: Site) -> None:
    """Three petitions of 城关镇, one answered and rated, one written like a formula."""
    first = await site.petition()
    await site.petition(FORMULA, channel="sms")
    await site.petition("想问一下医保怎么报销")
    async with site.world.database.write() as connection:
        await connection.execute(
            update(petition)
            .where(petition.c.number == first.number)
            .values(state="closed", answered_at=site.world.now + timedelta(hours=3), rating=5)
        )
    site.world.clock.move(timedelta(hours=4))


def figure(page: str, name: str) -> str:
    found = re.search(rf'data-figure="{name}">([^<]+)<', page)
    assert found is not None, name
    return found[1]


async def exported(site: Site, login: str, **fields: str) -> tuple[int, Any]:
    """Status, and the sheet (or the page that refused)."""
    async with site.logged_in(login) as (client, token):
        form = {"csrf_token": token, "by": "all", "key": "", **fields}
        async with client.post("/console/overview/export", data=form) as response:
            body = await response.read()
            if response.content_type == "text/html":
                return response.status, body.decode()
            assert response.headers["Content-Disposition"].startswith("attachment")
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            return response.status, load_workbook(io.BytesIO(body)).active


async def exports_of(site: Site) -> list[Any]:
    async with site.world.database.read() as connection:
        query = select(audit.c.detail).where(audit.c.action == "petitions_exported")
        return [row.detail for row in await connection.execute(query.order_by(audit.c.id))]


async def test_figures_and_their_rows(any_site: Site) -> None:
    site = any_site
    await some(site)
    async with site.logged_in("town") as (client, _token):
        async with client.get("/console/overview") as response:
            page = await response.text()
            assert response.status == 200
        assert figure(page, "received") == "3"
        assert figure(page, "wait") == "3.0 小时"
        assert figure(page, "on_time") == "100.0%"
        assert figure(page, "satisfaction") == "5.00"
        links = set(re.findall(r'href="(/console/overview/petitions[^"]+)"[^>]*件">(\d+)<', page))
        assert len(links) >= 6
        for url, number in links:
            async with client.get(url.replace("&amp;", "&")) as response:
                listed = await response.text()
                assert response.status == 200, url
            assert f"<b data-number>{number}</b>" in listed, url
    async with site.logged_in("elsewhere") as (client, _token):
        async with client.get("/console/overview") as response:
            assert figure(await response.text(), "received") == "0"
        office = site.world.orgs["chengguan"].id
        async with client.get(f"/console/overview?office={office}") as response:
            assert figure(await response.text(), "received") == "0"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("days=7", 200),
        ("from=2026-11-01&to=2026-11-23", 200),
        ("from=2026-11-23&to=2026-11-01", 422),
        ("from=x&to=y", 422),
        ("from=2020-01-01&to=2026-11-01", 422),
        ("from=2027-01-01&to=2027-01-02", 422),
        ("from=0001-01-01&to=0001-01-02", 422),
    ],
)
async def test_days_of_one_s_own(site: Site, query: str, status: int) -> None:
    async with (
        site.logged_in("county") as (client, _token),
        client.get(f"/console/overview?{query}") as response,
    ):
        assert response.status == status
        assert ('role="alert">' in (await response.text()).split("toast")[0]) == (status == 422)


async def test_an_unknown_part_is_not_found(site: Site) -> None:
    async with site.logged_in("county") as (client, _token):
        for query in ("by=domain&key=none", "by=citizen&key=1", "by=day&key=2020-01-01"):
            async with client.get(f"/console/overview/petitions?{query}") as response:
                assert response.status == 404, query


def test_every_figure_says_how_it_is_reckoned() -> None:
    words = OfficialTexts(DATA / "texts" / "overview.yml")
    assert set(words.definitions) == {*words.figures, *words.charts}


def test_durations_in_words() -> None:
    assert [duration(one) for one in (None, 150, 5400, 86_400, 216_000)] == [
        "—",
        "2 分钟",
        "1.5 小时",
        "1.0 个工作日",
        "2.5 个工作日",
    ]


async def test_a_file_is_masked_and_holds_no_formula(any_site: Site) -> None:
    site = any_site
    await some(site)
    status, sheet = await exported(site, "town")
    assert status == 200
    rows = list(sheet.values)
    titles, body = rows[2], rows[3:]
    assert (titles[0], len(body)) == ("编号", 3)
    cells = [str(cell) for row in body for cell in row if cell is not None]
    assert not any(
        secret in cell for cell in cells for secret in ("13812345678", "0307123", "张秀兰")
    )
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert "张**" in cells
    assert any(cell.startswith("'=cmd") for cell in cells)
    assert [detail["full"] for detail in await exports_of(site)] == [False]


async def test_a_full_file_needs_role_and_reason_and_is_written_down(site: Site) -> None:
    await some(site)
    status, _page = await exported(site, "town", full="1", reason="回访不满意的群众")
    assert status == 403
    status, page = await exported(site, "county", full="1", reason=" ")
    assert status == 422
    assert "要写明用途" in page
    assert await exports_of(site) == []
    status, sheet = await exported(
        site, "county", full="1", reason="回访不满意的群众", by="channel", key="sms"
    )
    assert status == 200
    [row] = list(sheet.values)[3:]
    assert "13812345678" in row
    assert "张秀兰" in row
    [detail] = await exports_of(site)
    assert (detail["full"], detail["reason"], detail["rows"]) == (True, "回访不满意的群众", 1)


async def test_too_many_rows_are_refused_with_words(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await some(site)
    monkeypatch.setattr("backend.console.overview_export.MOST_ROWS", 2)
    status, page = await exported(site, "town")
    assert status == 422
    assert "这一次要导出 3 件，一次最多 2 件" in page


@pytest.mark.parametrize("size", list(SIZES))
async def test_charts_and_their_tables(site: Site, browser: Any, size: str) -> None:
    from playwright.async_api import expect

    await some(site)
    async with official(browser, site, "town", size) as page:
        await page.get_by_role("link", name="总览").click()
        await expect(page.locator(".chart canvas")).to_have_count(5)
        panel = page.locator(".chart-domain")
        await expect(panel.locator("table")).to_be_hidden()
        await panel.get_by_role("button", name="看表格").click()
        await expect(panel.locator("table")).to_be_visible()
        await expect(panel.locator("canvas")).to_be_hidden()
        assert await fits(page)
        assert await violations(page) == []
        await panel.get_by_role("link", name="环境卫生，3 件").click()
        await expect(page.get_by_role("heading", name="环境卫生")).to_be_visible()
        await expect(page.locator(".list .item")).to_have_count(3)
        assert await fits(page)
        assert await violations(page) == []


async def test_without_scripts_the_tables_are_shown(site: Site, browser: Any) -> None:
    from playwright.async_api import expect

    await some(site)
    context = await browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = await context.new_page()
    async with site.logged_in("town") as (client, _token):
        for cookie in client.cookie_jar:
            await context.add_cookies(
                [{"name": cookie.key, "value": cookie.value, "url": site.url}]
            )
        await page.goto(f"{site.url}/console/overview")
        await expect(page.locator(".figures")).to_have_count(5)
        await expect(page.locator(".chart-place .figures")).to_be_visible()
        await expect(page.get_by_role("button", name="看表格")).to_have_count(0)
    await context.close()
