"""What stands before every page: the session, its end, the way in, CSRF, headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from aiohttp import ClientSession
from sqlalchemy import func, select
from yarl import URL

from backend.citizen_pages import entry, visitor
from backend.citizen_pages.signing import Signer
from backend.conversation.addresses import pass_on
from backend.conversation.tables import address
from backend.web.markers import marked_public
from channels.wechat.testing import Fault
from tests.citizen_pages.portal import OPENID, STRANGER, Portal
from tests.petitions.world import SetClock

PARTS = {
    "account": "wx",
    "number": "20261123-0001-0",
    "id": "1",
    "digest": "0" * 16,
    "token": "1-" + "0" * 20,
}


def every_route(portal: Portal) -> Iterator[tuple[str, str, object]]:
    for route in portal.app.router.routes():
        if route.resource is not None and route.method != "HEAD":
            path = re.sub(r"\{(\w+)\}", lambda m: PARTS[m[1]], route.resource.canonical)
            yield route.method, path, route.handler


async def test_without_a_session_every_route_turns_away(portal: Portal) -> None:
    asked = 0
    async with portal.browser() as client:
        for method, path, handler in every_route(portal):
            if marked_public(handler):
                continue
            asked += 1
            async with client.request(method, path, allow_redirects=False) as response:
                if method == "POST":
                    assert response.status == 401, path
                else:
                    assert response.status == 302, path
                    assert response.headers["Location"].startswith(portal.platform.base_url), path
    assert asked == 4


def test_only_these_routes_are_public(portal: Portal) -> None:
    public = {(m, p) for m, p, handler in every_route(portal) if marked_public(handler)}
    assert public == {
        ("GET", "/me/wx/entry"),
        ("GET", f"/me/style/{'0' * 16}"),
        ("GET", f"/me/m/{PARTS['token']}"),
    }


async def enter(client: ClientSession, path: str = "/me/wx/") -> tuple[int, str]:
    """Follow the whole way in; (status, address) where it ends."""
    async with client.get(path) as response:
        return response.status, response.url.path


async def test_the_way_in_leads_to_the_page_that_was_asked_for(any_portal: Portal) -> None:
    portal = any_portal
    filed = await portal.petition(await portal.person())
    path = f"/me/wx/petitions/{filed.number}"
    async with portal.browser() as client:
        assert await enter(client, path) == (200, path)
        calls = len(portal.platform.calls)
        assert await enter(client) == (200, "/me/wx/")
        assert len(portal.platform.calls) == calls  # the session holds


async def test_the_session_cookie_is_for_browsers_only(portal: Portal) -> None:
    async with portal.browser() as client, client.get("/me/wx/") as response:
        cookies = [
            one for step in response.history for one in step.headers.getall("Set-Cookie", [])
        ]
        [cookie] = [one for one in cookies if one.startswith(visitor.COOKIE + "=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/me/wx/" in cookie
    assert OPENID not in cookie


async def test_a_session_is_short(portal: Portal) -> None:
    async with portal.browser() as client:
        await enter(client)
        portal.world.clock.move(visitor.GOOD_FOR + timedelta(seconds=1))
        async with client.get("/me/wx/", allow_redirects=False) as response:
            assert response.status == 302


async def test_a_session_ends_with_its_address(portal: Portal) -> None:
    person = await portal.person()
    async with portal.browser() as client:
        await enter(client)
        async with portal.world.database.write() as connection:
            await pass_on(connection, person.address_id, portal.world.now)
        async with client.get("/me/wx/", allow_redirects=False) as response:
            assert response.status == 302


async def test_a_session_of_one_purpose_or_key_is_no_other(portal: Portal) -> None:
    person = await portal.person()
    facts = {"address": person.address_id}
    signer = portal.pages.signer
    forged = [
        signer.sign(entry.PURPOSE, facts, visitor.GOOD_FOR),
        Signer(b"1" * 32, portal.world.clock).sign(visitor.PURPOSE, facts, visitor.GOOD_FOR),
        signer.sign(visitor.PURPOSE, facts, visitor.GOOD_FOR)[:-1] + "x",
        "é.",
        "",
    ]
    for cookie in forged:
        async with portal.browser() as client:
            client.cookie_jar.update_cookies({visitor.COOKIE: cookie}, URL(portal.url))
            async with client.get("/me/wx/", allow_redirects=False) as response:
                assert response.status == 302, cookie


async def back_with_code(portal: Portal, client: ClientSession) -> URL:
    """The address the provider sends this browser back to."""
    async with client.get("/me/wx/", allow_redirects=False) as response:
        authorize = URL(response.headers["Location"], encoded=True)
    async with client.get(authorize, allow_redirects=False) as response:
        return URL(response.headers["Location"])


async def test_nobody_is_logged_in_as_another(portal: Portal) -> None:
    async with portal.browser(STRANGER) as attacker, portal.browser() as victim:
        theirs = await back_with_code(portal, attacker)
        async with victim.get(theirs, allow_redirects=False) as response:
            assert response.status == 403  # no state of this browser at all
        own = await back_with_code(portal, victim)
        mixed = own.update_query(code=theirs.query["code"], state=theirs.query["state"])
        async with victim.get(mixed, allow_redirects=False) as response:
            assert response.status == 403
        # The refusal has used the state up.
        async with victim.get(own, allow_redirects=False) as response:
            assert response.status == 403


async def test_an_address_with_a_code_is_good_once(portal: Portal) -> None:
    async with portal.browser() as client:
        back = await back_with_code(portal, client)
        async with client.get(back, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, "/me/wx/")
        async with client.get(back, allow_redirects=False) as response:
            assert response.status == 403


@pytest.mark.parametrize(
    ("fault", "status"), [({"errcode": 40029}, 403), ({"errcode": -1}, 503), ({"drop": True}, 503)]
)
async def test_what_wechat_refuses_is_said(
    portal: Portal, fault: dict[str, int], status: int
) -> None:
    portal.platform.faults.append(Fault("/sns/", **fault))  # type: ignore[arg-type]
    async with portal.browser() as client, client.get("/me/wx/") as response:
        assert response.status == status
        assert "重新打开" in await response.text()
    async with portal.world.database.read() as connection:
        assert await connection.scalar(select(func.count(address.c.id))) == 0


async def test_an_unknown_account_has_no_pages(portal: Portal) -> None:
    async with portal.browser() as client:
        for path in ("/me/nobody/", "/me/sms/", "/me/nobody/entry?code=a&state=b", "/me/wx/none"):
            async with client.get(path, allow_redirects=False) as response:
                assert response.status == 404, path


async def test_security_headers_on_every_answer(portal: Portal) -> None:
    async with portal.browser() as client:
        for path in ("/me/wx/", "/me/wx/entry", "/me/none", "/me/wx/petitions/1"):
            async with client.get(path, allow_redirects=False) as response:
                policy = response.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert response.headers["Cache-Control"] == "no-store", path
                assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_without_the_sessions_token_no_rating(portal: Portal) -> None:
    filed = await portal.petition(await portal.person())
    await portal.answer(filed)
    path = f"/me/wx/petitions/{filed.number}/rating"
    async with portal.browser() as client:
        await enter(client)
        for form in ({"level": "5"}, {"level": "5", "csrf_token": "0" * 64}):
            async with client.post(path, data=form) as response:
                assert response.status == 403
    assert (await portal.world.row(filed.number)).rating is None


def test_signed_facts_end() -> None:
    clock = SetClock()
    signer = Signer(bytes(32), clock)
    signed = signer.sign("a", {"x": 1}, timedelta(seconds=5))
    assert (signer.read("a", signed) or {})["x"] == 1
    clock.move(timedelta(seconds=5))
    assert signer.read("a", signed) is None
