"""The citizen's record, what may be the same matter, and how the installation runs."""

from __future__ import annotations

from sqlalchemy import select

from backend.organisation.tables import audit
from tests.console.site import Site


async def page(site: Site, login: str, path: str) -> tuple[int, str]:
    async with site.logged_in(login) as (client, _token), client.get(path) as response:
        return response.status, await response.text()


async def test_the_record_is_a_click_from_the_petition_and_written_down(site: Site) -> None:
    filed = await site.petition()
    address = f"/console/petitions/{filed.number}"
    status, text = await page(site, "town", address)
    assert status == 200
    assert f'href="{address}/citizen"' in text
    status, text = await page(site, "town", f"{address}/citizen")
    assert status == 200
    assert "张秀兰" in text
    assert "138****5678" in text
    assert "13812345678" not in text
    async with site.world.database.read() as connection:
        found = await connection.execute(
            select(audit.c.subject).where(audit.c.action == "citizen_shown")
        )
        assert [row.subject for row in found] == [filed.number]


async def test_who_may_not_see_the_person_gets_no_record(site: Site) -> None:
    filed = await site.petition()
    address = f"/console/petitions/{filed.number}"
    assert "/citizen" not in (await page(site, "reader", address))[1]
    assert (await page(site, "reader", f"{address}/citizen"))[0] == 403
    assert (await page(site, "elsewhere", f"{address}/citizen"))[0] == 404


async def test_what_may_be_the_same_matter_is_shown_beside_it(site: Site) -> None:
    filed = await site.petition()
    address = f"/console/petitions/{filed.number}"
    assert "可能是同一件事" not in (await page(site, "town", address))[1]
    other = await site.petition("锦绣小区3号楼下水道还是堵着，污水漫到一楼门口，一个月没人管")
    text = (await page(site, "town", address))[1]
    assert "可能是同一件事" in text
    assert f'href="/console/petitions/{other.number}"' in text


async def test_how_it_runs_is_for_who_runs_it(site: Site) -> None:
    assert (await page(site, "county", "/console/health"))[0] == 403
    assert "运行" not in (await page(site, "county", "/console/"))[1]
    status, text = await page(site, "head", "/console/health")
    assert status == 200
    assert "有地方需要看一下" in text
    assert "IP不在白名单" in text
    assert "b74c11adc87e" in text
    assert '连接 1：在线，窗口 <span class="number">3/16</span>' in text
    assert "上次断开：连不上" in text
    assert "Result 是 13" in text
    assert "短信由谁发" in text
    assert "17%" in text
    assert "出错多，已调低" in text
    assert '<time datetime="2026-11-23T01:00:00' in text
