"""Models that are missing or old, and what the running app says of its channels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from backend.learning.shelf import Shelf
from backend.triage.examples import training_digest
from backend.triage.model import note_on_card
from backend.triage.training import train_on
from tests.learning.schoolbook import schoolbook
from tests.petitions.world import NOW
from xiangyin.checks.finding import State
from xiangyin.checks.processes import check_app, check_models
from xiangyin.operator_health import PATH, operator_health
from xiangyin.settings import PROJECT, Settings

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


def test_an_own_model_is_told_with_what_is_wrong_with_it(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    data, shipped = PROJECT / "data", tmp_path / "shipped.npz"
    content = schoolbook(digest=training_digest(data))
    train_on(content, shipped, now=NOW)
    own = settings(var_dir=tmp_path / "var")
    shelf = Shelf(own.models_dir, shipped)

    def told() -> list[tuple[State, str]]:
        found = check_models(own, triage=shipped, bot=tmp_path, data=data)
        return [(one.state, one.advice) for one in found if one.subject == "县里自己的模型"]

    assert told() == []
    name = shelf.new_name(NOW)
    train_on(content, shelf.file(name), now=NOW, notes={"authored_digest": content.digest})
    shelf.put_in_service(name)
    assert told() == [(State.GOOD, "")]
    note_on_card(shelf.file(name), {"authored_digest": "of another program"})
    assert told() == [(State.NOTE, "运行 xiangyin train")]
    shelf.file(name).write_bytes(b"damaged")
    assert told() == [(State.BAD, "运行 xiangyin models rollback")]


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
