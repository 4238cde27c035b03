"""The page of a process that holds no channel shows what the gateway knows of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from backend.clock import SystemClock
from backend.conversation.gateway_reports import NOBODY, GatewayReports
from channels.wechat.testing import FakePlatform, Fault
from tests.services.required import require_service
from xiangyin.app import PARTS, create_app
from xiangyin.health import health_of, own_facts
from xiangyin.loading import load_settings
from xiangyin.settings import TRIAGE_MODEL

ADDRESS = "203.0.113.9"
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


async def test_a_web_process_shows_what_keeps_the_gateway_from_sending(
    tmp_path: Path,
    sqlite_database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    platform: FakePlatform,
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
    gateway, page = (create_app(load(role=role), SystemClock()) for role in ("gateway", "web"))
    platform.faults = [NOT_LISTED]
    async with running(page):
        shown = (await health_of(page[PARTS]))["channels"]["town"]
        assert (shown["ok"], shown["detail"]) == (False, NOBODY)
        async with running(gateway):
            parts = gateway[PARTS]
            reports = GatewayReports(
                parts.database, parts.clock, parts.owner, partial(own_facts, parts)
            )
            await reports.write()
            shown = (await health_of(page[PARTS]))["channels"]["town"]
            assert shown["ok"] is False
            assert "IP白名单" in shown["detail"]
            assert ADDRESS in shown["detail"]
