"""Streams of an open page: what they tell and to whom, and that they end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from backend.console import live_feed
from backend.console.live import FEED
from backend.organisation.users import change_password, set_user_active, user_by_login
from backend.petitions.counting import newest_event
from tests.console.site import PASSWORD, Site
from tests.petitions.world import LIUHE_HONGXING

TOLD_SECONDS = 10


@pytest.fixture(autouse=True)
def _no_rounds_but_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_feed, "POLL_SECONDS", 3_600.0)


class Told:
    """The far end of a stream."""

    def __init__(self, response: Any) -> None:
        self.response = response

    async def next(self) -> tuple[str, dict[str, int]]:
        """The next event and its data. Raises EOFError at the end."""
        event = ""
        async with asyncio.timeout(TOLD_SECONDS):
            while line := (await self.response.content.readline()).decode():
                if line.startswith("event: "):
                    event = line.removeprefix("event: ").strip()
                if line.startswith("data: "):
                    return event, json.loads(line.removeprefix("data: "))
        raise EOFError

    async def begun(self) -> None:
        """The stream is open and was told what it missed."""
        async with asyncio.timeout(TOLD_SECONDS):
            assert (await self.response.content.readline()).startswith(b"retry: ")


async def newest(site: Site) -> int:
    async with site.world.database.read() as connection:
        return await newest_event(connection)


@asynccontextmanager
async def stream(
    site: Site, client: ClientSession, path: str = "/console/live", **query: str
) -> AsyncIterator[Told]:
    params = {"since": str(await newest(site)), **query}
    async with client.get(path, params=params, allow_redirects=False) as response:
        assert response.status == 200, await response.text()
        told = Told(response)
        await told.begun()
        await site.console[FEED].look()
        yield told


async def test_each_official_is_told_of_their_own(any_site: Site) -> None:
    site = any_site
    feed = site.console[FEED]
    async with (
        site.logged_in("town") as (town, _),
        site.logged_in("elsewhere") as (elsewhere, _),
        stream(site, town) as here,
        stream(site, elsewhere) as there,
    ):
        await site.petition()
        await feed.look()
        assert await here.next() == ("queue", {"changed": 1})
        await site.petition("路塌了", place_code=LIUHE_HONGXING)
        await site.petition()
        await feed.look()
        assert await here.next() == ("queue", {"changed": 2})
        assert await there.next() == ("queue", {"changed": 1})


async def test_recusal_and_confidentiality_hold(any_site: Site) -> None:
    site = any_site
    feed = site.console[FEED]
    boss = await site.world.official("qinghe", "supervisor")
    accused, secret, plain = [await site.petition() for _ in range(3)]
    org_id = site.world.orgs["chengguan"].id
    await site.world.done(boss, accused.number, "set_subject", org_id=org_id)
    await site.world.done(boss, secret.number, "set_confidential", True, "涉及举报人安全")
    async with (
        site.logged_in("town") as (town, _),
        site.logged_in("county") as (county, _),
        stream(site, town, shown=f"{accused.number},{secret.number},\x00") as here,
        stream(site, county) as above,
    ):
        for filed in (accused, secret, plain):
            await site.world.done(boss, filed.number, "note", "记一笔")
        await feed.look()
        assert await above.next() == ("queue", {"changed": 3})
        assert await here.next() == ("queue", {"changed": 1})


async def test_filters_count_and_what_leaves_the_list(any_site: Site) -> None:
    site = any_site
    feed = site.console[FEED]
    first, second = await site.petition(), await site.petition()
    boss = await site.world.official("qinghe", "supervisor")
    async with (
        site.logged_in("town") as (client, _),
        stream(site, client, state="received", shown=first.number) as told,
    ):
        await site.world.done(boss, second.number, "accept")  # neither shown nor any longer in it
        await site.world.done(boss, first.number, "accept")
        await feed.look()
        assert await told.next() == ("queue", {"changed": 1})
        await site.petition(channel="sms")
        await feed.look()
        assert await told.next() == ("queue", {"changed": 2})


async def test_who_comes_late_is_told_what_was_missed(any_site: Site) -> None:
    since = str(await newest(any_site))
    await any_site.petition()
    async with (
        any_site.logged_in("town") as (client, _),
        stream(any_site, client, since=since) as told,
    ):
        assert await told.next() == ("queue", {"changed": 1})


async def test_the_page_of_a_petition(any_site: Site) -> None:
    site = any_site
    feed = site.console[FEED]
    filed, other = await site.petition(), await site.petition()
    boss = await site.world.official("qinghe", "supervisor")
    path = f"/console/petitions/{filed.number}/live"
    async with site.logged_in("elsewhere") as (client, _), client.get(path) as response:
        assert response.status == 404
    async with site.logged_in("town") as (client, _), stream(site, client, path) as told:
        await site.world.done(boss, other.number, "accept")
        await site.world.done(boss, filed.number, "accept")
        await feed.look()
        assert await told.next() == ("petition", {"event": await newest(site)})
        org_id = site.world.orgs["chengguan"].id
        await site.world.done(boss, filed.number, "set_subject", org_id=org_id)
        await feed.look()
        assert await told.next() == ("gone", {})


@pytest.mark.parametrize("how", ["logged out", "password changed", "expired", "disabled"])
async def test_a_stream_ends_with_its_session(any_site: Site, how: str) -> None:
    site = any_site
    async with site.logged_in("town") as (client, token), stream(site, client) as told:
        await end_session(site, client, token, how)
        await site.petition()  # of which nothing is told any more
        await site.console[FEED].look()
        assert await told.next() == ("over", {})
        with pytest.raises(EOFError):
            await told.next()


async def end_session(site: Site, client: ClientSession, token: str, how: str) -> None:
    if how == "logged out":
        headers = {"X-CSRF-Token": token}
        async with client.delete("/api/v1/session", headers=headers) as response:
            assert response.status == 204
        return
    if how == "expired":
        site.world.clock.move(timedelta(hours=3))
        return
    now = site.world.now
    async with site.world.database.write() as connection:
        user = await user_by_login(connection, "town")
        assert user is not None
        if how == "disabled":
            await set_user_active(connection, user.id, False, now)
        else:
            new = "清河水长流两岸稻花香十里"
            await change_password(connection, user.id, old=PASSWORD, new=new, now=now)


async def test_a_stream_does_not_keep_an_idle_session_open(site: Site) -> None:
    async with site.logged_in("town") as (client, _):
        site.world.clock.move(timedelta(minutes=90))
        async with stream(site, client):
            site.world.clock.move(timedelta(minutes=31))
        async with client.get("/console/", allow_redirects=False) as response:
            assert response.status == 303


async def test_streams_are_bounded_and_a_closed_one_gives_its_place(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_feed, "MOST_PER_USER", 2)
    monkeypatch.setattr(live_feed, "MOST_STREAMS", 3)
    params = {"since": "0"}
    async with site.logged_in("town") as (town, _), site.logged_in("county") as (county, _):
        async with stream(site, town), stream(site, town):
            async with town.get("/console/live", params=params) as response:
                assert response.status == 429
                assert response.headers["Retry-After"] == "30"
                assert "您打开的页面太多" in await response.text()
            async with (
                stream(site, county),
                county.get("/console/live", params=params) as response,
            ):
                assert response.status == 503
                assert "现在用的人多" in await response.text()
        await all_gone(site)
        async with stream(site, town), stream(site, town):
            assert len(site.console[FEED]) == 2


async def all_gone(site: Site) -> None:
    """Every closed page was noticed."""
    async with asyncio.timeout(TOLD_SECONDS):
        while len(site.console[FEED]):
            await site.console[FEED].look()


async def test_headers_for_browsers_and_proxies(site: Site) -> None:
    async with site.logged_in("town") as (client, _):
        async with stream(site, client) as told:
            headers = told.response.headers
            assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert headers["X-Accel-Buffering"] == "no"
            assert headers["Cache-Control"] == "no-store"
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        for since in ("", "-1", "x", "1" * 19):
            async with client.get("/console/live", params={"since": since}) as response:
                assert response.status == 422, since


async def test_a_heartbeat_shows_that_the_line_holds(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.console.live.HEARTBEAT_SECONDS", 0.01)
    async with site.logged_in("town") as (client, _), stream(site, client) as told:
        async with asyncio.timeout(TOLD_SECONDS):
            while not (await told.response.content.readline()).startswith(b": still here"):
                pass


async def test_shutdown_waits_for_no_page(site: Site) -> None:
    async with site.logged_in("town") as (client, _), stream(site, client) as told:
        async with asyncio.timeout(TOLD_SECONDS):
            await site.app.shutdown()
        assert await told.next() == ("closing", {})
        with pytest.raises(EOFError):
            await told.next()
        async with client.get("/console/live", params={"since": "0"}) as response:
            late = Told(response)
            assert await late.next() == ("closing", {})
