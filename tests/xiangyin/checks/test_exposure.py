"""Address, TLS, proxy and simulator: each way to be wrong is told, and a good one is not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from xiangyin.checks.exposure import check_address, check_exposure
from xiangyin.checks.finding import State
from xiangyin.settings import Settings

PUBLIC = "https://xiangyin.example.gov.cn"
WECHAT = {"hao": {"channel": "wechat", "app_id": "wx1", "token": "t"}}


def bad(settings: Settings) -> list[str]:
    return [one.subject for one in check_exposure(settings) if one.state is State.BAD]


@pytest.mark.parametrize(
    ("values", "subjects"),
    [
        ({}, []),
        ({"simulator": True}, []),
        ({"base_url": PUBLIC, "trusted_proxies": ("127.0.0.1",)}, []),
        ({"base_url": PUBLIC}, ["反向代理"]),
        ({"base_url": "http://xiangyin.example.gov.cn"}, ["加密"]),
        ({"base_url": "http://8.8.8.8:8000"}, ["加密"]),
        ({"base_url": PUBLIC, "trusted_proxies": ("10.0.0.1",), "simulator": True}, ["模拟器"]),
        ({"http_host": "0.0.0.0", "simulator": True}, ["模拟器"]),
    ],
)
def test_what_the_settings_alone_say(
    settings: Callable[..., Settings], values: dict[str, object], subjects: list[str]
) -> None:
    assert bad(settings(**values)) == subjects


def test_a_private_network_without_tls_is_worth_knowing(settings: Callable[..., Settings]) -> None:
    found = check_exposure(settings(http_host="192.168.1.9", base_url="http://192.168.1.9:8000"))
    assert [(one.subject, one.state) for one in found] == [("加密", State.NOTE)]


@pytest.fixture
async def elsewhere() -> AsyncIterator[TestServer]:
    """A site on this machine: Xiangyin under /ours, its database away under /ill, else another."""

    async def ours(request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def ill(request: web.Request) -> web.Response:
        return web.json_response({"ok": False}, status=503)

    async def another(request: web.Request) -> web.Response:
        return web.Response(text="Welcome to nginx!")

    app = web.Application()
    app.router.add_get("/ours/health", ours)
    app.router.add_get("/ill/health", ill)
    app.router.add_get("/other/health", another)
    async with TestServer(app) as server:
        yield server


@pytest.mark.parametrize(
    ("path", "state"), [("ours", State.GOOD), ("ill", State.GOOD), ("other", State.BAD)]
)
async def test_whether_the_address_leads_here(
    settings: Callable[..., Settings],
    elsewhere: TestServer,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    state: State,
) -> None:
    # The server can only be on this machine; its name shall count as one of outside.
    monkeypatch.setattr("xiangyin.checks.exposure.is_own", lambda host: False)
    found = await check_address(settings(base_url=str(elsewhere.make_url(f"/{path}"))))
    assert [(one.subject, one.state) for one in found] == [("网址", state)]


async def test_an_address_nobody_answers_at(
    settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setattr("xiangyin.checks.exposure.is_own", lambda host: False)
    (found,) = await check_address(settings(base_url=f"http://127.0.0.1:{unused_tcp_port}"))
    assert found.state is State.BAD
    assert "打不开" in found.fact


async def test_an_address_of_this_machine_is_told_where_citizens_write(
    settings: Callable[..., Settings],
) -> None:
    assert await check_address(settings()) == []
    (found,) = await check_address(settings(accounts=WECHAT))
    assert found.state is State.NOTE
