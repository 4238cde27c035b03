"""What stands before every route: session, CSRF, headers, limits, branch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from aiohttp import FormData, web

from backend.web.markers import marked_own_csrf, marked_public
from backend.web.sessions import SESSION_COOKIE
from tests.console.site import PASSWORD, Site

PARTS = {
    "number": "20261123-0001-0",
    "id": "1",
    "issue": "1",
    "digest": "x",
    "name": "y",
    "step": "disabled",
    "key": "greet",
    "code": "new",
    "year": "2026",
    "section": "replies",
    "version": "1",
}


def every_route(app: web.Application) -> Iterator[tuple[str, str, object]]:
    """(method, address, handler) of the whole app; a class-based view once per method."""
    for route in app.router.routes():
        if route.resource is None:
            continue
        path = re.sub(r"\{(\w+)(:[^}]*\}?)?\}", lambda m: PARTS[m[1]], route.resource.canonical)
        handler = route.handler
        if route.method == "*":
            for method in sorted(getattr(handler, "allowed_methods")):  # noqa: B009
                yield method, path, getattr(handler, method.lower())
        elif route.method != "HEAD":
            yield route.method, path, handler


async def test_without_a_session_every_route_turns_away(site: Site) -> None:
    asked = 0
    async with site.client() as client:
        for method, path, handler in every_route(site.app):
            if marked_public(handler):
                continue
            async with client.request(method, path, allow_redirects=False) as response:
                asked += 1
                if path.startswith("/api/"):
                    assert response.status == 401, (method, path)
                    assert set((await response.json())["error"]) == {"field", "message"}
                else:
                    assert response.status == 303, (method, path)
                    assert response.headers["Location"].startswith("/console/login"), path
    assert asked > 20


def test_only_these_routes_are_public(site: Site) -> None:
    public = {(m, p) for m, p, handler in every_route(site.app) if marked_public(handler)}
    assert public == {
        ("GET", "/"),
        ("GET", "/console"),
        ("GET", "/console/login"),
        ("POST", "/console/login"),
        ("GET", "/console/login/code"),
        ("POST", "/console/login/code"),
        ("GET", "/assets/x/y"),
        ("POST", "/api/v1/session"),
        ("GET", "/api/v1/health"),
        ("GET", "/api/v1/openapi.json"),
    }
    own = {(m, p) for m, p, handler in every_route(site.app) if marked_own_csrf(handler)}
    assert own == {
        ("POST", "/console/login"),
        ("POST", "/console/login/code"),
        ("POST", "/api/v1/session"),
    }


async def test_without_csrf_token_no_change(site: Site) -> None:
    asked = 0
    async with site.logged_in("town") as (client, _token):
        for method, path, handler in every_route(site.app):
            if method == "GET" or marked_own_csrf(handler):
                continue
            for headers in ({}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": ""}):
                async with client.request(method, path, json={}, headers=headers) as response:
                    asked += 1
                    assert response.status == 403, (method, path)
            async with client.request(method, path, data={"csrf_token": "wrong"}) as response:
                assert response.status == 403, (method, path)
    assert asked > 40


async def test_login_form_of_another_site_is_refused(site: Site) -> None:
    async with site.client() as client:
        form = {"login": "town", "password": PASSWORD, "csrf_token": "guessed"}
        async with client.post("/console/login", data=form) as response:
            assert response.status == 403


async def test_another_branch_sees_nothing(any_site: Site) -> None:
    site = any_site
    filed = await site.petition(photos=1)
    [photo] = await site.media_ids(filed)
    paths = [f"/console/petitions/{filed.number}", f"/console/media/{photo}"]
    async with site.logged_in("elsewhere") as (client, token):
        for path in [*paths, f"/api/v1/petitions/{filed.number}"]:
            async with client.get(path) as response:
                assert response.status == 404, path
        headers = {"X-CSRF-Token": token}
        for step in ("accept", "dispatch", "start", "send_back", "answer", "correct", "note"):
            form = {"version": "1", "lead": "1", "answer": "好", "reason": "好", "field": "kind"}
            path = f"/console/petitions/{filed.number}/{step}"
            async with client.post(path, data=form, headers=headers) as response:
                assert response.status == 404, step
        for step in ("reveal", "preview"):
            path = f"/console/petitions/{filed.number}/{step}"
            async with client.post(path, data={"answer": "好"}, headers=headers) as response:
                assert response.status == 404, step
        body = {"version": 1}
        path = f"/api/v1/petitions/{filed.number}/accept"
        async with client.post(path, json=body, headers=headers) as response:
            assert response.status == 404
        async with client.get("/api/v1/petitions") as response:
            assert (await response.json())["items"] == []
    assert (await site.current(filed.number)).version == 1
    async with site.logged_in("town") as (client, _token):
        for path in paths:
            async with client.get(path) as response:
                assert response.status == 200, path


async def test_security_headers_on_every_answer(site: Site) -> None:
    paths = ["/console/login", "/console/", "/console/none", "/api/v1/me", "/api/v1/health"]
    async with site.client() as client:
        for path in paths:
            async with client.get(path, allow_redirects=False) as response:
                policy = response.headers["Content-Security-Policy"]
                assert "script-src 'self'" in policy
                assert "unsafe" not in policy
                assert "frame-ancestors 'none'" in policy
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Referrer-Policy"]
                assert response.headers["Cache-Control"] == "no-store", path


async def test_cookie_is_for_browsers_only(site: Site) -> None:
    async with site.client() as client:
        body = {"login": "town", "password": PASSWORD}
        async with client.post("/api/v1/session", json=body) as response:
            cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


async def test_logged_out_session_is_over_on_the_server(site: Site) -> None:
    async with site.logged_in("town") as (client, token):
        jar = {one.key: one.value for one in client.cookie_jar}
        async with client.delete("/api/v1/session", headers={"X-CSRF-Token": token}) as response:
            assert response.status == 204
        cookies = {SESSION_COOKIE: jar[SESSION_COOKIE]}
        async with client.get("/api/v1/me", cookies=cookies) as response:
            assert response.status == 401


async def test_idle_session_expires(site: Site) -> None:
    async with site.logged_in("town") as (client, _token):
        site.world.clock.move(timedelta(hours=13))
        async with client.get("/api/v1/me") as response:
            assert response.status == 401


async def test_login_attempts_are_limited_per_address_and_login(site: Site) -> None:
    async with site.client() as client:
        statuses = []
        for _ in range(10):
            body = {"login": "nobody", "password": "wrong wrong wrong"}
            async with client.post("/api/v1/session", json=body) as response:
                statuses.append(response.status)
        assert statuses == [401] * 8 + [429] * 2
        site.world.clock.move(timedelta(minutes=6))
        async with client.post("/api/v1/session", json=body) as response:
            assert response.status == 401


@pytest.mark.parametrize("path", ["/console/login", "/api/v1/session"])
@pytest.mark.parametrize("chunked", [False, True])
async def test_large_bodies_are_refused(site: Site, path: str, chunked: bool) -> None:
    async def pieces() -> object:
        for _ in range(20):
            yield b'{"a": "' + b"x" * 10_000

    form = FormData({"login": "x" * 100_000, "csrf_token": "x"})
    data = pieces() if chunked else form
    headers = {"Content-Type": "application/json"} if chunked else {}
    async with (
        site.client() as client,
        client.post(path, data=data, headers=headers) as response,
    ):
        # A chunked JSON body at the form is no form at all, so it is refused unread.
        assert response.status == (403 if chunked and "console" in path else 413)


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "/console/\\evil", "javascript:1"]
)
async def test_login_leads_nowhere_else(site: Site, target: str) -> None:
    async with site.client() as client:
        async with client.get("/console/login", params={"next": target}) as response:
            page = await response.text()
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        form = {"login": "town", "password": PASSWORD, "csrf_token": token[1], "next": target}
        async with client.post("/console/login", data=form, allow_redirects=False) as response:
            assert response.status == 303
            assert response.headers["Location"] == "/console/"
