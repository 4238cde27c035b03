"""A clock that is off, as WeChat's servers and PostgreSQL tell it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from xiangyin.checks.clock import check_clock, judged
from xiangyin.checks.finding import State
from xiangyin.settings import Settings


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0.4, State.GOOD), (-4, State.GOOD), (8, State.NOTE), (-31, State.BAD), (3600, State.BAD)],
)
def test_how_far_off_is_too_far(seconds: float, state: State) -> None:
    assert judged("数据库", seconds).state is state


def test_the_direction_is_said() -> None:
    assert "快 40 秒" in judged("数据库", 40).fact
    assert "慢 40 秒" in judged("数据库", -40).fact


@pytest.fixture
async def hour_ago() -> AsyncIterator[TestServer]:
    """A server whose Date header is an hour behind."""

    async def head(request: web.Request) -> web.Response:
        then = datetime.now(UTC) - timedelta(hours=1)
        return web.Response(headers={"Date": format_datetime(then, usegmt=True)})

    app = web.Application()
    app.router.add_route("HEAD", "/", head)
    async with TestServer(app) as server:
        yield server


async def test_compared_with_wechat(
    settings: Callable[..., Settings], hour_ago: TestServer
) -> None:
    account = {"channel": "wechat", "api_base_url": str(hour_ago.make_url("/"))}
    (found,) = await check_clock(settings(accounts={"hao": account}))
    assert (found.state, "微信" in found.fact) == (State.BAD, True)


async def test_nothing_to_compare_with_says_nothing(
    settings: Callable[..., Settings], unused_tcp_port: int
) -> None:
    assert await check_clock(settings()) == []
    account = {"channel": "wechat", "api_base_url": f"http://127.0.0.1:{unused_tcp_port}"}
    assert await check_clock(settings(accounts={"hao": account})) == []


async def test_compared_with_postgresql(
    settings: Callable[..., Settings], database_url: str
) -> None:
    found = await check_clock(settings(database_url=database_url))
    if database_url.startswith("postgresql"):
        assert [(one.subject, one.state) for one in found] == [("时钟", State.GOOD)]
    else:
        assert found == []
