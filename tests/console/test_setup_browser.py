"""The first set-up played through in Chromium with real Excel files, at a desk and on a phone."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.async_api import expect
from sqlalchemy import delete, select

from backend.organisation.tables import org, user
from tests.console.sheets import COUNTY, OFFICES, STAFF, write
from tests.console.site import Site
from tests.console.test_account_browser import sound
from tests.console.test_browser import SIZES, official


async def only_administrator(site: Site) -> None:
    """As after the first start: one administrator, nothing else."""
    async with site.world.database.write() as connection:
        await connection.execute(delete(user).where(user.c.login != "head"))
    await site.deps.deployment.refresh()


@pytest.mark.parametrize("size", list(SIZES))
async def test_a_county_is_set_up(site: Site, browser: Any, size: str, tmp_path: Path) -> None:
    await only_administrator(site)
    async with official(browser, site, "head", size) as page:
        await page.get_by_role("link", name="接着做").click()
        await expect(page.get_by_role("heading", name="本县和乡镇")).to_be_visible()
        await sound(page)
        await _county(page, tmp_path)
        await _offices(page, tmp_path)
        await _staff(page, tmp_path)
        await _trial(page)
        await expect(page.get_by_role("heading", name="望江县可以用了")).to_be_visible()
        await expect(page.get_by_text("2 个乡镇、3 个村和社区，4 个单位，2 位")).to_be_visible()
        await sound(page)
        await page.get_by_role("button", name="完成").click()
        await expect(page.get_by_role("heading", name="诉求").first).to_be_visible()
        await expect(page.get_by_role("link", name="接着做")).to_have_count(0)
        await expect(page.get_by_role("heading", name="还没有诉求")).to_be_visible()
    await _is_set_up(site)


async def _county(page: Any, folder: Path) -> None:
    async with page.expect_download() as download:
        await page.get_by_role("link", name="下载空表").click()
    empty = await _book(download)
    assert [cell.value for cell in empty["乡镇村居"][1]] == list(COUNTY[0])
    await page.get_by_label("名称").fill("望江县")
    await page.get_by_label("区划代码").fill("990202")
    wrong = write(folder, "乡镇村居", [*COUNTY, ("临江镇", "江口社区", "12", "", "")])
    await page.get_by_label("Excel 表").set_input_files(wrong)
    await page.get_by_role("button", name="上传").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("文件里有 2 处要改，什么都还没有存")
    await expect(alert).to_contain_text("应为 12 位数字，以 990202 开头")
    await sound(page)
    await page.get_by_label("Excel 表").set_input_files(write(folder, "乡镇村居", COUNTY))
    await page.get_by_role("button", name="上传").click()
    await expect(page.get_by_role("heading", name="县直部门和乡镇")).to_be_visible()
    await sound(page)


async def _book(download: Any) -> Any:
    return load_workbook(BytesIO(Path(await (await download.value).path()).read_bytes()))


async def _offices(page: Any, folder: Path) -> None:
    await page.get_by_label("Excel 表").set_input_files(write(folder, "单位", OFFICES))
    await page.get_by_role("button", name="上传").click()
    await expect(page.get_by_role("heading", name="工作人员")).to_be_visible()
    await sound(page)


async def _staff(page: Any, folder: Path) -> None:
    await page.get_by_label("Excel 表").set_input_files(write(folder, "人员", STAFF))
    await page.get_by_role("button", name="上传").click()
    await expect(page.get_by_role("heading", name="2 个账号建好了")).to_be_visible()
    await sound(page)
    shown = await page.locator("td code").all_inner_texts()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="保存成 Excel").click()
    saved = (await _book(download))["一次性密码"]
    assert [row[3].value for row in saved.iter_rows(min_row=2)] == shown
    await page.get_by_role("link", name="下一步").click()


async def _trial(page: Any) -> None:
    await page.get_by_label("群众的话").fill("江口小区的垃圾堆了半个月没人清运，臭得很")
    await page.get_by_role("button", name="试一下").click()
    read = page.get_by_role("status")
    await expect(read).to_contain_text("环境卫生")
    await expect(read).to_contain_text("江口社区")
    await expect(read).to_contain_text("临江镇综合行政执法队")
    await sound(page)
    await page.get_by_role("button", name="下一步").click()


async def _is_set_up(site: Site) -> None:
    async with site.world.database.read() as connection:
        active = set(await connection.scalars(select(org.c.name).where(org.c.active)))
        staff = await connection.execute(
            select(user.c.login, user.c.role, org.c.name).join(org, org.c.id == user.c.org_id)
        )
        people = {tuple(row) for row in staff}
    assert active == {
        "望江县",
        "望江县教育局",
        "望江县城市管理局",
        "临江镇",
        "临江镇江口社区",
        "临江镇上湾村",
        "临江镇综合行政执法队",
        "临江镇党群服务中心",
        "高山乡",
        "高山乡石板村",
    }
    assert people == {
        ("head", "admin", "望江县"),
        ("limin", "dispatcher", "临江镇"),
        ("wangqiang", "handler", "临江镇综合行政执法队"),
    }
    assert site.deps.deployment.current.county_name == "望江县"
