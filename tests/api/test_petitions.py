"""Petitions by the API: the same desk, the same visibility as the pages."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientSession

from tests.console.site import TEXT, Site, reading


async def post(client: ClientSession, token: str, path: str, body: Any) -> tuple[int, Any]:
    async with client.post(path, json=body, headers={"X-CSRF-Token": token}) as response:
        return response.status, await response.json()


async def test_moods_are_told_asked_for_and_set_right(any_site: Site) -> None:
    angry = (await any_site.petition(reading=reading(sentiment="angry"))).number
    await any_site.petition()
    async with any_site.logged_in("town") as (client, token):
        async with client.get("/api/v1/petitions", params={"sentiment": "angry"}) as response:
            [item] = (await response.json())["items"]
        assert (item["number"], item["sentiment"]) == (angry, "angry")
        async with client.get("/api/v1/petitions", params={"sentiment": "jolly"}) as response:
            assert response.status == 422
        body = {"version": 1, "field": "sentiment", "value": "desperate"}
        status, one = await post(client, token, f"/api/v1/petitions/{angry}/correct", body)
        assert (status, one["sentiment"]) == (200, "desperate")


async def test_the_whole_way(any_site: Site) -> None:
    site = any_site
    filed = await site.petition(photos=1)
    base = f"/api/v1/petitions/{filed.number}"
    office = site.world.orgs["chengguan_construction"].id
    async with site.logged_in("town") as (client, token):
        async with client.get("/api/v1/petitions", params={"q": "下水道"}) as response:
            [item] = (await response.json())["items"]
        assert (item["number"], item["state"]) == (filed.number, "received")
        async with client.get(base) as response:
            one = await response.json()
        assert one["said"][0]["text"] == TEXT
        assert one["contact_phone"] == "138****5678"
        async with client.get(one["said"][0]["media"][0]["url"]) as response:
            assert response.content_type == "image/jpeg"
            shown = await response.read()
        assert b"SecretCamera" not in shown
        body: dict[str, Any] = {"version": 1, "field": "domain", "value": "property"}
        status, one = await post(client, token, f"{base}/correct", body)
        assert (status, one["domain"], one["version"]) == (200, "property", 2)
        status, one = await post(client, token, f"{base}/accept", {"version": 2})
        assert (status, one["state"]) == (200, "accepted")
        body = {"version": one["version"], "lead_org_id": office, "reason": "请尽快"}
        status, one = await post(client, token, f"{base}/dispatch", body)
        assert (status, one["state"], one["lead_name"]) == (
            200,
            "dispatched",
            "城关镇规划建设办公室",
        )
    async with site.logged_in("handler") as (client, token):
        status, one = await post(client, token, f"{base}/start", {"version": one["version"]})
        assert (status, one["state"]) == (200, "in_progress")
        body = {"version": one["version"], "text": "修好了。"}
        status, one = await post(client, token, f"{base}/answer", body)
        assert (status, one["state"], one["answer"]) == (200, "resolved", "修好了。")
        assert [event["type"] for event in one["events"]][-1] == "answered"
    assert [key for key, _text in await site.world.said(filed.number)] == [
        "filed",
        "petition_accepted",
        "petition_dispatched",
        "answer_to_petition",
    ]


async def test_an_old_version_changes_nothing(site: Site) -> None:
    filed = await site.petition()
    base = f"/api/v1/petitions/{filed.number}"
    async with site.logged_in("town") as (client, token):
        assert (await post(client, token, f"{base}/accept", {"version": 1}))[0] == 200
        status, answer = await post(client, token, f"{base}/accept", {"version": 1})
        assert (status, answer["error"]["field"]) == (409, "version")
        status, answer = await post(client, token, f"{base}/accept", {"version": 2})
        assert (status, answer["error"]["field"]) == (409, "")


async def test_a_reader_changes_nothing(site: Site) -> None:
    filed = await site.petition()
    base = f"/api/v1/petitions/{filed.number}"
    async with site.logged_in("reader") as (client, token):
        async with client.get(base) as response:
            one = await response.json()
        assert one["actions"] == []
        assert one["contact_name"] == "张**"
        assert (await post(client, token, f"{base}/accept", {"version": 1}))[0] == 403


async def test_an_office_that_sends_back_no_longer_sees_it(site: Site) -> None:
    filed = await site.petition()
    boss = await site.world.official("qinghe", "supervisor")
    office = site.world.orgs["liuhe_construction"].id
    done = await site.world.done(boss, filed.number, "dispatch", office)
    path = f"/api/v1/petitions/{filed.number}"
    async with site.logged_in("elsewhere") as (client, token):
        async with client.get(path) as response:
            assert response.status == 200
        body = {"version": done.version, "reason": "不在我们镇"}
        headers = {"X-CSRF-Token": token}
        async with client.post(f"{path}/return", json=body, headers=headers) as response:
            assert response.status == 204
        async with client.get(path) as response:
            assert response.status == 404


async def test_pages_follow_one_another(site: Site) -> None:
    numbers = [(await site.petition()).number for _ in range(5)]
    async with site.logged_in("town") as (client, _token):
        for order, expected in (("newest", numbers[::-1]), ("due", numbers)):
            seen: list[str] = []
            after: str | None = ""
            while after is not None:
                params = {"limit": "2", "order": order, **({"after": after} if after else {})}
                async with client.get("/api/v1/petitions", params=params) as response:
                    page = await response.json()
                seen += [item["number"] for item in page["items"]]
                after = page["next"]
            assert seen == expected
