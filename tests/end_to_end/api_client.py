"""An official's program at the JSON API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, ClientTimeout, CookieJar

CSRF = "X-CSRF-Token"


@dataclass
class ApiClient:
    """Logged in."""

    http: ClientSession
    token: str

    async def get(self, path: str, **query: str) -> Any:
        async with self.http.get(f"/api/v1/{path}", params=query) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def step(self, number: str, step: str, **body: Any) -> Any:
        """Take a step on the petition as it is now; the petition afterwards, None where it is
        out of sight by then."""
        version = (await self.get(f"petitions/{number}"))["version"]
        status, answer = await self.post(
            f"petitions/{number}/{step}", {"version": version, **body}, {CSRF: self.token}
        )
        assert status in (200, 204), answer
        return answer

    async def post(self, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        async with self.http.post(f"/api/v1/{path}", json=body, headers=headers) as response:
            return response.status, None if response.status == 204 else await response.json()


@asynccontextmanager
async def api_client(url: str, login: str, once: str, chosen: str) -> AsyncIterator[ApiClient]:
    """Log in with a one-time password and choose one's own, as every official must."""
    async with ClientSession(
        base_url=url, cookie_jar=CookieJar(unsafe=True), timeout=ClientTimeout(total=30)
    ) as http:
        body = {"login": login, "password": once}
        async with http.post("/api/v1/session", json=body) as response:
            assert response.status == 201, await response.text()
            token = str((await response.json())["csrf_token"])
        async with http.get("/api/v1/petitions") as response:
            assert response.status == 403, "nothing before one's own password"
        form = {"csrf_token": token, "old": once, "new": chosen, "repeat": chosen}
        async with http.post("/console/password", data=form, allow_redirects=False) as response:
            assert response.status == 303, await response.text()
        async with http.get("/api/v1/me") as response:
            assert response.status == 200, await response.text()
            token = str((await response.json())["csrf_token"])
        yield ApiClient(http, token)


@asynccontextmanager
async def api_again(url: str, login: str, password: str) -> AsyncIterator[ApiClient]:
    """Log in on another day."""
    async with ClientSession(
        base_url=url, cookie_jar=CookieJar(unsafe=True), timeout=ClientTimeout(total=30)
    ) as http:
        body = {"login": login, "password": password}
        async with http.post("/api/v1/session", json=body) as response:
            assert response.status == 201, await response.text()
            yield ApiClient(http, str((await response.json())["csrf_token"]))
