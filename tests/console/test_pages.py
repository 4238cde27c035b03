"""The pages without scripts, the words they use, and what they never show."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import yaml

from backend.console.assets import AssetMissing, Assets
from backend.console.wording import due, last_day, moment
from backend.organisation.roles import Role
from backend.petitions.deadline import SHANGHAI
from backend.petitions.lifecycle import State
from backend.petitions.rules import KINDS, SENTIMENTS, STRONG_SENTIMENTS, URGENCIES
from backend.web.texts import OfficialTexts
from tests.console.site import PASSWORD, Site, reading
from tests.petitions.world import DATA, NOW

TEXTS = OfficialTexts(DATA / "texts" / "console.yml")


def test_every_code_has_a_word() -> None:
    assert set(TEXTS.states) == set(TEXTS.waiting_for) == {state.value for state in State}
    assert {state for step in TEXTS.steps for state in step["states"]} >= {
        state.value for state in State if state is not State.WITHDRAWN
    }
    assert set(TEXTS.kinds) == set(KINDS)
    assert set(TEXTS.urgencies) == set(URGENCIES)
    assert set(TEXTS.sentiments) == set(SENTIMENTS)
    assert set(TEXTS.tones) == set(STRONG_SENTIMENTS)
    assert set(TEXTS.roles) == {role.value for role in Role}
    sensitive = yaml.safe_load((DATA / "rules" / "sensitive.yml").read_text(encoding="utf-8"))
    assert set(TEXTS.sensitive) == set(sensitive) - {"children"}  # who is in danger, no ground


def test_every_event_the_code_records_has_a_word() -> None:
    sources = (DATA.parent / "backend" / "petitions").glob("*.py")
    recorded = {
        name
        for source in sources
        for name in re.findall(
            r'record_event\(\s*connection,\s*[\w.]+,\s*"(\w+)"', source.read_text(encoding="utf-8")
        )
    }
    assert len(recorded) >= 8
    assert recorded <= set(TEXTS.events)


@pytest.mark.parametrize(
    ("due_on", "tone", "words"),
    [
        (date(2026, 11, 20), "late", "超期 3 天"),
        (date(2026, 11, 23), "soon", "今天到期"),
        (date(2026, 11, 25), "soon", "还剩 2 个工作日"),
        (date(2026, 11, 30), "fine", "还剩 5 个工作日"),
    ],
)
def test_deadline_in_words(due_on: date, tone: str, words: str, site: Site) -> None:
    found = due("accepted", due_on, NOW, site.deps.rules.calendar)
    assert (found.tone, found.words) == (tone, words)
    assert due("closed", due_on, NOW, site.deps.rules.calendar).words == ""


def test_moments_in_words() -> None:
    assert moment(NOW - timedelta(seconds=5), NOW) == "刚刚"
    assert moment(NOW - timedelta(minutes=8), NOW) == "8 分钟前"
    assert moment(NOW - timedelta(hours=3), NOW) == "今天 09:00"
    assert moment(NOW - timedelta(hours=13), NOW) == "昨天 23:00"
    assert moment(NOW - timedelta(days=20), NOW) == "11月3日 12:00"
    assert moment(NOW - timedelta(days=400), NOW) == "2025年10月19日"


def test_the_last_day_ends_at_midnight() -> None:
    midnight = datetime(2026, 12, 6, tzinfo=SHANGHAI)
    assert last_day(midnight) == last_day(midnight.astimezone(UTC)) == "12月5日"
    assert last_day(midnight + timedelta(hours=9)) == "12月6日"


async def test_assets_are_listed_named_by_content_and_kept(site: Site) -> None:
    async with site.client() as client:
        async with client.get("/console/login") as response:
            page = await response.text()
        urls = re.findall(r'(?:href|src)="(/assets/[^"]+)"', page)
        assert len(set(urls)) == 5
        for url in urls:
            async with client.get(url) as response:
                assert response.status == 200
                assert "immutable" in response.headers["Cache-Control"]
                assert response.headers["X-Content-Type-Options"] == "nosniff"
        digest = urls[0].split("/")[2]
        for url in (f"/assets/{digest}/../site.py", "/assets/0/console.js", f"/assets/{digest}/x"):
            async with client.get(url) as response:
                assert response.status == 404
        assert "://" not in re.sub(r"https?://www\.w3\.org\S*", "", page)


def test_missing_packages_are_named(tmp_path: object) -> None:
    with pytest.raises(AssetMissing, match="npm ci"):
        Assets(DATA / "nowhere")


async def test_steps_work_without_scripts(site: Site) -> None:
    filed = await site.petition()
    async with site.logged_in("town") as (client, token):
        path = f"/console/petitions/{filed.number}"
        form = {"version": "1", "csrf_token": token}
        async with client.post(f"{path}/accept", data=form) as response:
            page = await response.text()
            assert response.history[0].status == 303
        assert "已受理" in page
        async with client.post(f"{path}/accept", data=form) as response:
            assert response.status == 409
            assert "有了新的变化" in await response.text()
        for wrong in ("", "x", "-1", "9" * 30):
            form = {"version": wrong, "csrf_token": token}
            async with client.post(f"{path}/accept", data=form) as response:
                assert response.status == 422
        form = {"version": "2", "csrf_token": token, "lead": "99999999"}
        async with client.post(f"{path}/dispatch", data=form) as response:
            assert response.status == 422
            assert "不在可选的范围里" in await response.text()


async def test_a_mood_is_told_and_set_right_in_one_click(any_site: Site) -> None:
    filed = await any_site.petition(reading=reading(sentiment="angry"))
    path = f"/console/petitions/{filed.number}"
    async with any_site.logged_in("county") as (client, token):
        async with client.get(path) as response:
            page = await response.text()
        assert "群众在气头上" in page
        assert "把握 64%" in page
        assert '<button class="chip" name="value" value="worried"' in page
        form = {"csrf_token": token, "version": "1", "field": "sentiment", "value": "worried"}
        async with client.post(f"{path}/correct", data=form) as response:
            assert response.status == 200
            page = await response.text()
        assert "群众在气头上" not in page
        assert "原判断：气愤" in page
    assert (await any_site.current(filed.number)).sentiment == "worried"


async def test_what_citizens_write_is_never_markup(site: Site) -> None:
    words = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\n第二行 & {{ 7*7 }}"
    filed = await site.petition(words, place="<b>村口</b>")
    async with site.logged_in("town") as (client, _token):
        for path in (f"/console/petitions/{filed.number}", "/console/"):
            async with client.get(path) as response:
                page = await response.text()
            assert "<script>alert" not in page
            assert "<img src=x" not in page
            assert "<b>村口" not in page
            assert "49" not in re.findall(r"第二行.*", page + "第二行")[0]


async def test_recusal_hides_it_and_leads_back_to_the_queue(site: Site) -> None:
    filed = await site.petition()
    async with site.logged_in("town") as (client, token):
        org_id = site.world.orgs["chengguan"].id
        form = {"version": "1", "csrf_token": token, "org_id": str(org_id), "reason": "说的是镇里"}
        path = f"/console/petitions/{filed.number}"
        async with client.post(f"{path}/recuse", data=form) as response:
            assert response.status == 200
            assert str(response.url).endswith("done=gone")
        async with client.get(path) as response:
            assert response.status == 404
    async with site.logged_in("county") as (client, _token), client.get(path) as response:
        assert "城关镇" in await response.text()


async def test_initial_password_must_be_changed_first(site: Site) -> None:
    from sqlalchemy import update

    from backend.organisation.tables import user

    async with site.world.database.write() as connection:
        await connection.execute(
            update(user).where(user.c.login == "town").values(must_change_password=True)
        )
    new = "换成一句只有我自己知道的话"
    async with site.logged_in("town") as (client, token):
        async with client.get("/console/") as response:
            assert str(response.url).endswith("/console/password")
        async with client.get("/api/v1/petitions") as response:
            assert response.status == 403
        tries = [
            ({"old": "wrong", "new": new, "repeat": new}, 422),
            ({"old": PASSWORD, "new": "太短", "repeat": "太短"}, 422),
            ({"old": PASSWORD, "new": new, "repeat": new + "！"}, 422),
            ({"old": PASSWORD, "new": PASSWORD, "repeat": PASSWORD}, 422),
            ({"old": PASSWORD, "new": new, "repeat": new}, 200),
        ]
        for form, status in tries:
            data = {**form, "csrf_token": token}
            async with client.post("/console/password", data=data) as response:
                assert response.status == status, form
        async with client.get("/console/") as response:
            assert str(response.url).endswith("/console/")


async def test_photo_without_its_secrets(any_site: Site) -> None:
    site = any_site
    filed = await site.petition(photos=1)
    [photo] = await site.media_ids(filed)
    async with site.logged_in("town") as (client, _token):
        async with client.get(f"/console/media/{photo}") as response:
            assert response.content_type == "image/jpeg"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Content-Disposition"].startswith("inline")
            assert response.headers["Cache-Control"] == "private, no-cache"
            assert b"SecretCamera" not in await response.read()
        for other in (photo + 1, 10**17):
            async with client.get(f"/console/media/{other}") as response:
                assert response.status == 404
