"""值班: kept by administrators of the branch; opening an emergency ends its alarm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from backend.duty.alarm import Alarm
from backend.duty.tables import duty_alert, duty_officer
from tests.console.site import Site
from tests.console.test_account_browser import sound
from tests.console.test_account_pages import ids, post
from tests.console.test_browser import SIZES, official
from tests.petitions.world import reading

PHONE = "13800000001"


async def form_of(site: Site, **changes: str) -> dict[str, str]:
    return {
        "org_id": str(site.world.orgs["chengguan"].id),
        "user_id": str((await ids(site))["town"]),
        "phone": PHONE,
        "when": "always",
        **changes,
    }


async def roster(site: Site) -> list[Any]:
    async with site.world.database.read() as connection:
        rows = await connection.execute(
            select(duty_officer).where(duty_officer.c.ended_at.is_(None))
        )
        return list(rows.all())


async def test_put_on_duty_and_taken_off(site: Site) -> None:
    async with site.logged_in("head") as (client, token):
        status, page = await post(client, token, "duty", **await form_of(site))
        assert (status, "已安排" in page, "138****0001" in page) == (200, True, True)
        assert PHONE not in page
        (entry,) = await roster(site)
        status, page = await post(client, token, f"duty/{entry.id}/remove")
        assert (status, "已撤下" in page) == (200, True)
        assert await roster(site) == []
        assert (await post(client, token, f"duty/{entry.id}/remove"))[0] == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"phone": "110"},
        {"user_id": "999999"},
        {"org_id": "999999"},
        {"when": "day", "day": "2020-01-01"},
        {"when": "day", "day": "明天"},
        {"when": "weekday", "weekday": "7"},
    ],
)
async def test_a_wrong_entry_is_explained_and_kept_in_the_form(
    site: Site, wrong: dict[str, str]
) -> None:
    async with site.logged_in("head") as (client, token):
        status, page = await post(client, token, "duty", **await form_of(site, **wrong))
    assert status == 422
    assert 'role="alert"' in page
    assert (wrong.get("phone") or PHONE) in page
    assert await roster(site) == []


@pytest.mark.parametrize("login", ["county", "desk", "handler", "reader"])
async def test_others_keep_no_roster(site: Site, login: str) -> None:
    async with site.logged_in(login) as (client, token):
        async with client.get("/console/duty") as answer:
            assert answer.status == 403
        assert (await post(client, token, "duty", **await form_of(site)))[0] == 403


@pytest.mark.parametrize("way", ["console", "api"])
async def test_opening_the_petition_ends_the_alarm(site: Site, way: str) -> None:
    async with site.logged_in("head") as (client, token):
        await post(client, token, "duty", **await form_of(site))
    filed = await site.petition(reading=reading(urgency="emergency"))
    alarm = Alarm(site.deps.texts, {"sms": "sms"}, timedelta(minutes=5))
    async with site.world.database.write() as connection:
        assert await alarm.raise_for(connection, filed.petition_id, site.world.now)
    path = {"console": "/console/petitions/", "api": "/api/v1/petitions/"}[way]
    assert await status_for(site, "elsewhere", path + filed.number) == 404
    assert [one.opened_by for one in await alerts(site)] == [None]
    assert await status_for(site, "town", path + filed.number) == 200
    assert [one.opened_by for one in await alerts(site)] == [(await ids(site))["town"]]


async def status_for(site: Site, login: str, path: str) -> int:
    async with site.logged_in(login) as (client, _), client.get(path) as answer:
        return answer.status


async def alerts(site: Site) -> list[Any]:
    async with site.world.database.read() as connection:
        return list((await connection.execute(select(duty_alert))).all())


@pytest.mark.parametrize("size", list(SIZES))
async def test_the_page_is_sound_and_leads_through(site: Site, browser: Any, size: str) -> None:
    async with official(browser, site, "head", size) as page:
        await page.get_by_role("link", name="设置").click()
        await page.get_by_role("link", name="值班").click()
        await expect(page.get_by_text("还没有安排值班人")).to_be_visible()
        await sound(page)
        await page.get_by_label("值班人", exact=True).select_option(label="陈静（城关镇）")
        await page.get_by_label("手机号").fill(PHONE)
        await page.get_by_label("每周").check()
        await page.get_by_label("星期几").select_option("周六")
        await page.get_by_role("button", name="安排").click()
        await expect(page.get_by_text("每周六")).to_be_visible()
        await sound(page)
        await page.get_by_role("button", name="撤下陈静").click()
        await expect(page.get_by_text("已撤下，不再通知。")).to_be_visible()
