"""The page that tells how often the machine is set right, and of its models."""

from __future__ import annotations

import re
import shutil
from typing import Any

import pytest

from backend.learning.lessons import CORRECTION, HISTORY
from backend.organisation.audit import record_audit
from backend.petitions.correction import Correction
from backend.triage.model import card_of, note_on_card
from backend.web.texts import OfficialTexts
from tests.console.accessibility import violations
from tests.console.site import Site
from tests.console.test_browser import SIZES, fits, official
from tests.petitions.world import DATA

TRIAL = {
    "against": "shipped",
    "rows": {"authored": 800, "correction": 60, "history": 0},
    "corrected": [0.25, 0.5],
    "answers": {
        question: {
            "rows": 860,
            "accuracy": [0.7, 0.71],
            "macro_f1": [0.6, 0.62],
            "classes": {code: {"rows": 30, "old": 0.8, "new": 0.75}},
        }
        for question, code in (("domain", "sanitation"), ("kind", "none"))
    },
    "faults": [],
}


async def some(site: Site) -> None:
    """Two petitions set right, the second one twice; one accepted as it was read."""
    desk = await site.world.official("chengguan", "dispatcher", "陈静")
    first, second = await site.petition(), await site.petition()
    await site.world.done(desk, first.number, "correct", Correction(domain="property"))
    both = Correction(domain="property", kind="request", place="人民路88号")
    await site.world.done(desk, second.number, "correct", both)
    accepted = await site.petition()
    await site.world.done(desk, accepted.number, "accept")


def own_model(site: Site, *, taken: bool, reason: str = "") -> str:
    """A model of the county's own on the shelf: the shipped one's bytes with a card of its own."""
    shelf = site.deps.models
    name = shelf.new_name(site.world.now)
    file = shelf.file(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(shelf.shipped, file)
    shutil.copy(card_of(shelf.shipped), card_of(file))
    lessons = {CORRECTION: 12, HISTORY: 0}
    notes = {"name": name, "lessons": lessons, "trial": TRIAL, "taken": taken, "reason": reason}
    note_on_card(file, notes)
    if taken:
        shelf.put_in_service(name)
    return name


async def get(site: Site, login: str, path: str) -> tuple[int, str]:
    async with site.logged_in(login) as (client, _token), client.get(path) as response:
        return response.status, await response.text()


async def test_numbers_and_the_petitions_behind_them(any_site: Site) -> None:
    site = any_site
    await some(site)
    status, page = await get(site, "town", "/console/learning")
    assert status == 200
    assert "人民路88号" not in page
    links = set(re.findall(r'href="(/console/learning/petitions[^"]+)"[^>]*>(\d+)<', page))
    # This week's domain, kind and place; by domain, by kind; two pairs.
    assert len(links) == 7
    async with site.logged_in("town") as (client, _token):
        for url, number in links:
            async with client.get(url.replace("&amp;", "&")) as response:
                listed = await response.text()
                assert response.status == 200, url
            assert f"<b data-number>{number}</b>" in listed, url
            assert "人民路88号" not in listed
            assert "13812345678" not in listed
    status, page = await get(site, "elsewhere", "/console/learning")
    assert status == 200
    assert "/console/learning/petitions?" not in page
    office = site.world.orgs["chengguan"].id
    _, page = await get(site, "elsewhere", f"/console/learning?office={office}")
    assert "/console/learning/petitions?" not in page


async def test_models_with_their_trials_and_what_became_of_them(site: Site) -> None:
    name = own_model(site, taken=True)
    kept = own_model(site, taken=False, reason="领域的正确率从 70.0 降到 60.0")
    async with site.world.database.write() as connection:
        await record_audit(
            connection,
            "model_put_in_service",
            site.world.now,
            subject=name,
            detail={"before": "shipped", "reason": "不比原来差", "operator": "root"},
        )
    _, page = await get(site, "reader", "/console/learning")
    models = page.split('id="models-title"')[1].split('id="changes-title"')
    first, second, shipped = models[0].split("<article")[1:]
    assert kept in first
    assert "领域的正确率从 70.0 降到 60.0" in first
    assert name in second
    assert ">正在用<" in second
    assert "更正 12 条" in second
    assert "从 25.0% 变为 50.0%" in second
    assert "自带的模型" in shipped
    assert ">正在用<" not in first + shipped
    assert "不比原来差" in models[1]
    assert "root" not in page


@pytest.mark.parametrize(
    "query",
    [
        "",
        "field=title",
        "field=domain&week=x",
        "field=domain&week=9999-99-99",
        "field=place&said=x",
        f"field=domain&read={'x' * 65}",
    ],
)
async def test_an_unknown_part_is_not_found(site: Site, query: str) -> None:
    status, _ = await get(site, "county", f"/console/learning/petitions?{query}")
    assert status == 404


async def test_odd_addresses_are_answered(site: Site) -> None:
    for query in ("weeks=999", "office=x", "weeks=4&office=1"):
        status, _ = await get(site, "county", f"/console/learning?{query}")
        assert status == 200, query
    for query in ("field=kind&week=0001-01-01", "field=domain&read=%3Cb%3E&before=9"):
        status, page = await get(site, "county", f"/console/learning/petitions?{query}")
        assert status == 200, query
        assert "<b>”" not in page


def test_every_chart_says_how_it_is_reckoned() -> None:
    words = OfficialTexts(DATA / "texts" / "learning.yml")
    assert set(words.definitions) == set(words.charts) == set(words.columns)


@pytest.mark.parametrize("size", list(SIZES))
async def test_charts_tables_and_cards(site: Site, browser: Any, size: str) -> None:
    from playwright.async_api import expect

    await some(site)
    own_model(site, taken=True)
    async with official(browser, site, "town", size) as page:
        await page.get_by_role("link", name="总览").click()
        await page.get_by_role("link", name="系统判断得准不准").click()
        await expect(page.locator(".chart canvas")).to_have_count(4)
        assert await violations(page) == []
        assert await fits(page)
        for name in ("week", "pairs"):
            panel = page.locator(f".chart-{name}")
            await panel.get_by_role("button", name="看表格").click()
            await expect(panel.locator("table")).to_be_visible()
            await expect(panel.locator("canvas")).to_be_hidden()
        await page.locator(".model summary").first.click()
        await expect(page.get_by_role("group", name=re.compile("新旧对比")).first).to_be_visible()
        assert await violations(page) == []
        assert await fits(page)
        await page.get_by_role("link", name="环境卫生 → 物业与小区管理，2 件").click()
        await expect(page.locator(".list .item")).to_have_count(2)
        assert await violations(page) == []
        assert await fits(page)


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
        await page.goto(f"{site.url}/console/learning")
        await expect(page.locator(".chart-week .figures")).to_be_visible()
        await expect(page.get_by_role("button", name="看表格")).to_have_count(0)
    await context.close()
