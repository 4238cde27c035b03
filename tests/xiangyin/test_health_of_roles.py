"""The page of a process that holds no channel shows what the gateway knows of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from backend.clock import SystemClock
from backend.conversation.gateway_reports import NOBODY
from channels.wechat.testing import FakePlatform, Fault
from tests.services.required import require_service
from xiangyin.app import PARTS, create_app
from xiangyin.health import health_of
from xiangyin.loading import load_settings
from xiangyin.settings import TRIAGE_MODEL

ADDRESS = "203.0.113.9"
REPORTED_SECONDS = 30.0
NOT_LISTED = Fault(
    "/cgi-bin/stable_token", errcode=40164, errmsg=f"invalid ip {ADDRESS}, not in whitelist"
)


@pytest.fixture
async def platform() -> AsyncIterator[FakePlatform]:
    played = FakePlatform()
    await played.start()
    yield played
    await played.stop()


@asynccontextmanager
async def running(app: web.Application) -> AsyncIterator[None]:
    async with TestClient(TestServer(app)):
        yield


async def told_of_town(app: web.Application) -> dict[str, Any]:
    return dict((await health_of(app[PARTS]))["channels"]["town"])


@pytest.mark.parametrize("role", ["gateway", "all"])
async def test_a_web_process_shows_what_keeps_the_gateway_from_sending(
    tmp_path: Path,
    sqlite_database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    platform: FakePlatform,
    role: str,
) -> None:
    require_service(TRIAGE_MODEL.exists(), "the triage is not trained")
    (tmp_path / "settings.toml").touch()
    monkeypatch.setenv("XIANGYIN_CONFIG", str(tmp_path / "settings.toml"))
    account = {
        "channel": "wechat",
        "token": "t0ken",
        "app_id": platform.app_id,
        "app_secret": platform.app_secret,
        "api_base_url": platform.base_url,
    }
    load = partial(
        load_settings,
        var_dir=str(tmp_path / "var"),
        database_url=sqlite_database_url,
        redis_url="off",
        accounts={"town": account},
    )
    holder, page = (create_app(load(role=each), SystemClock()) for each in (role, "web"))
    platform.faults = [NOT_LISTED]
    async with running(page):
        assert await told_of_town(page) == {"ok": False, "detail": NOBODY}
        async with running(holder), asyncio.timeout(REPORTED_SECONDS):
            while (told := await told_of_town(page))["detail"] == NOBODY:
                await asyncio.sleep(0.05)
    assert told["ok"] is False
    assert "IP白名单" in told["detail"]
    assert ADDRESS in told["detail"]
