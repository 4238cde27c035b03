"""Merging and the hot list by the API: the same desk, the same visibility as the pages."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientSession
from sqlalchemy import update

from backend.petitions.tables import petition_matter
from tests.api.test_petitions import post
from tests.console.site import Site
from tests.petitions.world import LIUHE_HONGXING, reading


async def get(client: ClientSession, path: str, **params: str) -> tuple[int, Any]:
    async with client.get(path, params=params) as response:
        return response.status, await response.json()


async def issue(site: Site, *numbers: str) -> int:
    """Put these into one issue, as the grouping does."""
    rows = [await site.current(number) for number in numbers]
    async with site.world.database.write() as connection:
        await connection.execute(
            update(petition_matter)
            .where(petition_matter.c.petition_id.in_([row.id for row in rows]))
            .values(issue_id=rows[0].id)
        )
    return int(rows[0].id)


async def test_merge_and_apart_again(any_site: Site) -> None:
    site = any_site
    main, other = await site.petition(), await site.petition()
    path = f"/api/v1/petitions/{other.number}"
    async with site.logged_in("town") as (client, token):
        body: dict[str, Any] = {"version": 1, "other": main.number}
        status, one = await post(client, token, f"{path}/merge", body)
        assert (status, one["state"]) == (200, "joined")
        assert one["together"]["main"]["number"] == main.number
        status, led = await get(client, f"/api/v1/petitions/{main.number}")
        assert [each["number"] for each in led["together"]["joined"]] == [other.number]
        assert led["together"]["citizens"] == 2
        # Lists and filters know the state too.
        status, page = await get(client, "/api/v1/petitions", state="joined")
        assert [each["number"] for each in page["items"]] == [other.number]
        status, one = await post(client, token, f"{path}/unmerge", {"version": one["version"]})
        assert (status, one["state"], one["together"]["follows"]) == (200, "accepted", False)
        status, one = await post(client, token, f"{path}/unmerge", {"version": one["version"]})
        assert (status, one["error"]["field"]) == (409, "")


async def test_what_cannot_be_merged(site: Site) -> None:
    main, other = await site.petition(), await site.petition()
    there = await site.petition(place="红星村", place_code=LIUHE_HONGXING)
    path = f"/api/v1/petitions/{main.number}/merge"
    async with site.logged_in("town") as (client, token):
        for number, status in ((there.number, 404), ("20261123-9999-0", 404), (main.number, 422)):
            found = await post(client, token, path, {"version": 1, "other": number})
            assert found[0] == status, number
        status, problem = await post(client, token, path, {"version": 9, "other": other.number})
        assert (status, problem["error"]["field"]) == (409, "version")
    for login, status in (("reader", 403), ("elsewhere", 404)):
        async with site.logged_in(login) as (client, token):
            for step in ("merge", "unmerge"):
                body = {"version": 1, **({"other": other.number} if step == "merge" else {})}
                found = await post(client, token, f"/api/v1/petitions/{main.number}/{step}", body)
                assert found[0] == status, (login, step)
    assert (await site.current(main.number)).state == "received"


async def test_the_hot_list_of_ones_branch(any_site: Site) -> None:
    site = any_site
    lamps = [(await site.petition()).number for _ in range(3)]
    there = [
        (await site.petition(place="红星村", place_code=LIUHE_HONGXING)).number for _ in range(2)
    ]
    secret = (await site.petition(reading=reading(kind="report"))).number
    hot, elsewhere = await issue(site, *lamps, secret), await issue(site, *there)
    async with site.logged_in("town") as (client, _):
        status, found = await get(client, "/api/v1/hot", days="7", order="rising")
        assert status == 200
        assert [(one["id"], one["petitions"], one["citizens"]) for one in found["items"]] == [
            (hot, 3, 3)
        ]
        assert found["first_day"] == "2026-11-17"
        status, found = await get(client, f"/api/v1/hot/{hot}")
        assert {one["number"] for one in found["items"]} == set(lamps)
        assert (await get(client, f"/api/v1/hot/{elsewhere}"))[0] == 404
        status, problem = await get(client, "/api/v1/hot", place="nowhere")
        assert (status, problem["error"]["field"]) == (422, "place")
    async with site.logged_in("county") as (client, _):
        _, found = await get(client, "/api/v1/hot")
        assert [one["id"] for one in found["items"]] == [hot, elsewhere]
        _, found = await get(client, "/api/v1/hot", place=LIUHE_HONGXING)
        assert [one["id"] for one in found["items"]] == [elsewhere]
        _, found = await get(client, "/api/v1/hot", limit="1")
        assert [one["id"] for one in found["items"]] == [hot]
