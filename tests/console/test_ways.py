"""By which way a citizen was told: beside the conversation, and in the API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from backend.conversation.tables import notice
from tests.console.site import Site
from tests.petitions.world import Person


async def told_in_every_way(site: Site) -> str:
    """The number of a petition whose answers went as they could."""
    filed = await site.petition()
    row = await site.current(filed.number)
    person = Person(row.citizen_id, row.address_id, row.account_id, row.channel)
    noticed = await site.told(person, filed, "路灯已经修好。", "kept")
    for account, text in (("sms", "又坏了一盏，明天来换。"), ("wx", "今天下雨，明天换。")):
        moved = replace(person, account_id=site.world.accounts[account])
        await site.told(moved, filed, text, "sent", moved_from=row.address_id)
    await site.told(person, filed, "换好了。", "delivered", route="page")
    failed = await site.told(person, filed, "请您评价。", "kept")
    async with site.world.database.write() as connection:
        for outbox_id, state in ((noticed, "delivered"), (failed, "failed")):
            await connection.execute(
                notice.insert().values(
                    outbox_id=outbox_id,
                    account_id=row.account_id,
                    by="template",
                    state=state,
                    at=site.world.now,
                )
            )
    return str(filed.number)


async def test_the_page_says_it_in_plain_words(site: Site) -> None:
    number = await told_in_every_way(site)
    async with (
        site.logged_in("town") as (client, _),
        client.get(f"/console/petitions/{number}") as got,
    ):
        page = await got.text()
    assert page.count("已用模板消息通知，等居民打开") == 1
    assert page.count("公众号发不出去，改发短信") == 1
    assert page.count("短信没有送到，改发公众号") == 1
    assert page.count("居民已在网页上看到") == 1
    assert page.count("暂时送不到，留到对方下次联系时") == 1


async def test_the_api_says_it(site: Site) -> None:
    number = await told_in_every_way(site)
    async with (
        site.logged_in("town") as (client, _),
        client.get(f"/api/v1/petitions/{number}") as got,
    ):
        told: list[dict[str, Any]] = (await got.json())["told"]
    assert [(one["state"], one["way"]) for one in told] == [
        ("sent", None),
        ("kept", "template"),
        ("sent", "sms"),
        ("sent", "wechat"),
        ("delivered", "page"),
        ("kept", None),
    ]
