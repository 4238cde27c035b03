"""Models that are missing or old, and what the running app says of its channels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from xiangyin.checks.finding import State
from xiangyin.checks.processes import check_app, check_models
from xiangyin.operator_health import PATH, operator_health
from xiangyin.settings import Settings

REFUSED = "公众号的 AppSecret 不对（40125）。"


def test_missing_models_are_told(settings: Callable[..., Settings], tmp_path: Path) -> None:
    found = check_models(settings(), triage=tmp_path / "triage.npz", bot=tmp_path)
    assert [one.state for one in found] == [State.BAD, State.BAD]
    assert all("xiangyin train" in one.advice for one in found)


def test_a_bot_elsewhere_has_its_model_there(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    remote = settings(bot_url="http://10.0.0.7:5005")
    found = check_models(remote, triage=tmp_path / "triage.npz", bot=tmp_path)
    assert [one.subject for one in found] == ["分类模型"]


def test_a_model_of_other_examples_is_old(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    (tmp_path / "b.tar.gz").touch()
    (tmp_path / "triage.npz").touch()
    found = check_models(settings(), triage=tmp_path / "triage.npz", bot=tmp_path)
    assert [one.state for one in found] == [State.GOOD, State.NOTE]


@pytest.fixture
async def app(settings: Callable[..., Settings], unused_tcp_port: int) -> AsyncIterator[Settings]:
    """A running app with one channel that works and one whose token is refused."""
    running = settings(http_port=unused_tcp_port)

    async def health() -> dict[str, object]:
        return {
            "channels": {
                "duanxin": {"ok": True, "detail": "正常"},
                "hao": {"ok": False, "detail": REFUSED},
            }
        }

    site = web.Application()
    site.router.add_get(PATH, operator_health(running, health))
    async with TestServer(site, port=unused_tcp_port):
        yield running


async def test_a_refused_wechat_token_is_told(app: Settings) -> None:
    found = {one.subject: one for one in await check_app(app)}
    assert found["应用"].state is State.GOOD
    assert found["渠道 duanxin"].state is State.GOOD
    assert (found["渠道 hao"].state, found["渠道 hao"].fact) == (State.BAD, REFUSED)
    assert "docs/wechat.md" in found["渠道 hao"].advice


async def test_another_program_on_the_port(app: Settings, tmp_path: Path) -> None:
    other = app.model_copy(update={"secret_key_file": tmp_path / "none.key"})
    (found,) = await check_app(other)
    assert found.state is State.BAD
    assert "secret_key_file" in found.advice
