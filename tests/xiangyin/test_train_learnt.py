"""`xiangyin train` and `models` in a county whose officials have set the machine right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from backend.database.engine import Database
from backend.database.migrate import upgrade
from backend.learning import comparison
from backend.learning.shelf import SHIPPED, Shelf
from backend.organisation.tables import audit
from backend.petitions.correction import Correction
from backend.triage.examples import TrainingData
from backend.triage.training import train_on
from tests.learning.schoolbook import schoolbook
from tests.learning.test_course import NEW_WORDS, SAYINGS
from tests.petitions.world import NOW, World
from xiangyin import model_service
from xiangyin.cli import main
from xiangyin.commands import train as train_command
from xiangyin.commands import train_learnt
from xiangyin.loading import load_settings


@dataclass
class Installation:
    """A county with a folder of its own; its program ships the schoolbook."""

    world: World
    shelf: Shelf
    capsys: pytest.CaptureFixture[str]
    ship: Callable[[TrainingData], None]

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Exit code, and all that was said."""
        self.capsys.readouterr()
        code = await asyncio.to_thread(main, arguments)
        said = self.capsys.readouterr()
        return code, said.out + said.err

    async def written_down(self) -> list[tuple[str, str, Any]]:
        async with self.world.database.read() as connection:
            query = select(audit.c.action, audit.c.subject, audit.c.detail)
            rows = await connection.execute(
                query.where(audit.c.action.startswith("model_")).order_by(audit.c.id)
            )
            return [(row.action, row.subject, row.detail) for row in rows]

    async def set_right(self, texts: list[str], domain: str) -> None:
        desk = await self.world.official("chengguan", "dispatcher")
        correction = Correction(kind="complaint", domain=domain)
        for text in texts:
            filed = await self.world.file(text=text)
            await self.world.done(desk, filed.number, "correct", correction)


@pytest.fixture(scope="module")
def shipped_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("shipped") / "triage.npz"
    train_on(schoolbook(), file, now=NOW)
    return file


@pytest.fixture
async def county(
    database_url: str,
    shipped_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> AsyncIterator[Installation]:
    (tmp_path / "settings.toml").touch()
    monkeypatch.setenv("XIANGYIN_CONFIG", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("XIANGYIN_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("XIANGYIN_DATABASE_URL", database_url)
    monkeypatch.setattr(model_service, "TRIAGE_MODEL", shipped_model)
    # What the program ships is trained elsewhere, and takes long.
    monkeypatch.setattr(train_command, "train", lambda **_: 0)
    # Of so few authored examples a fifth is two dozen: one row is more than one may lose.
    monkeypatch.setattr(comparison, "AUTHORED_MAY_FALL", 0.2)

    def ship(content: TrainingData) -> None:
        monkeypatch.setattr(train_learnt, "load_training_data", lambda _data: content)
        monkeypatch.setattr(train_learnt, "training_digest", lambda _data: content.digest)

    ship(schoolbook())
    database = Database(database_url)
    try:
        world = await World.create(database)
        shelf = model_service.shelf_of(load_settings())
        yield Installation(world, shelf, capsys, ship)
    finally:
        await database.close()


def good() -> list[str]:
    return [saying.format(word) for word in NEW_WORDS for saying in SAYINGS]


def mistaken() -> list[str]:
    """All that was said of water, which somebody took for the school's."""
    examples = [one.text for one in schoolbook().examples if one.domain == "utilities"]
    return [text + "啊" * (1 + again) for text in examples for again in range(3)]


async def test_corrections_are_learnt_and_the_better_model_serves(county: Installation) -> None:
    assert await county.run("train") == (0, "")
    await county.set_right(good(), "compulsory_education")
    code, said = await county.run("train")
    assert code == 0
    assert "更正 60 条" in said
    assert "义务教育" in said
    assert "原来 F1" in said
    name = county.shelf.in_service()
    assert f"已换上 {name}" in said
    [(action, subject, detail)] = await county.written_down()
    assert (action, subject) == ("model_put_in_service", name)
    assert (detail["before"], detail["not_worse"]) == (SHIPPED, True)
    code, said = await county.run("train")
    assert (code, "不必重新训练" in said) == (0, True)
    code, said = await county.run("models")
    assert code == 0
    [line] = [line for line in said.splitlines() if "→" in line]
    assert name in line
    code, said = await county.run("train", "--rollback")
    assert (code, "已换回 shipped（自带）" in said) == (0, True)
    assert county.shelf.in_service() == SHIPPED
    assert (await county.written_down())[-1][:2] == ("model_rolled_back", SHIPPED)
    code, said = await county.run("models", "rollback")
    assert (code, "没有更早的可退" in said) == (1, True)
    code, said = await county.run("models", "use", name, "--reason", "再试试")
    assert (code, county.shelf.in_service()) == (0, name)
    assert (await county.written_down())[-1][2]["reason"] == "再试试"


async def test_a_worse_model_is_kept_aside_unless_forced(
    county: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "AUTHORED_MAY_FALL", 0.02)
    await county.set_right(mistaken(), "compulsory_education")
    code, said = await county.run("train")
    assert code == 0
    assert "没有换上，原来的继续用：" in said
    assert "自带例句上，" in said
    assert county.shelf.in_service() == SHIPPED
    assert await county.written_down() == []
    [made, _] = county.shelf.models()
    assert (made.card["taken"], made.name in said) == (False, True)
    assert (await county.run("models"))[1].count("没有换上") == 1
    code, said = await county.run("train", "--force", "局里定的，停水归学校管")
    assert (code, county.shelf.in_service()) == (0, made.name)
    [(_, _, detail)] = await county.written_down()
    assert (detail["reason"], detail["not_worse"]) == ("局里定的，停水归学校管", False)


async def test_a_county_s_own_history_is_learnt_and_kept_for_the_next_time(
    county: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "旧件.csv"
    rows = ["编号,内容,类型,领域"]
    rows += [f"{n},{text},投诉,义务教育" for n, text in enumerate(good())]
    rows += ["97,,投诉,义务教育", "98,路灯坏了 13812345678,求助,roads_traffic", "99,好,投诉,天文"]
    file.write_text("\r\n".join(rows), encoding="gb18030")
    columns = ("--text", "内容", "--kind", "类型", "--domain", "领域")
    code, said = await county.run("train", "--history", str(file), *columns)
    assert code == 0
    assert "旧件.csv（GB18030）：学 61 条；内容是空的 1 条" in said
    assert "名单里没有的 1 条（领域“天文”1 条）" in said
    assert county.shelf.in_service() != SHIPPED
    assert [one.text for one in county.shelf.history()][-1] == "路灯坏了 138****5678"
    assert county.shelf.models()[0].card["lessons"] == {"correction": 0, "history": 61}
    await county.set_right(good()[:12], "compulsory_education")
    await county.run("train")
    assert county.shelf.models()[0].card["lessons"] == {"correction": 12, "history": 61}
    code, said = await county.run("train", "--history", str(file), *columns[:-1], "没有的列")
    assert (code, "有的列是：编号、内容、类型、领域" in said) == (1, True)
    await county.run("train", "--forget-history")
    assert county.shelf.history() == []
    assert county.shelf.models()[0].card["lessons"] == {"correction": 12, "history": 0}


async def test_newer_examples_of_the_program_are_learnt_at_the_start_with_the_corrections(
    county: Installation,
) -> None:
    settings = load_settings()
    assert await asyncio.to_thread(train_learnt.renew, settings) == 0
    await county.set_right(good(), "compulsory_education")
    await county.run("train")
    before = county.shelf.in_service()
    assert await asyncio.to_thread(train_learnt.renew, settings) == 0
    assert county.shelf.in_service() == before
    county.ship(schoolbook(digest="authored-2"))
    assert await asyncio.to_thread(train_learnt.renew, settings) == 0
    newest = county.shelf.models()[0]
    assert newest.name != before
    assert newest.card["authored_digest"] == "authored-2"
    assert newest.card["lessons"]["correction"] == 60
    assert newest.in_service


async def test_with_the_database_away_the_start_goes_on_and_the_command_says_so(
    county: Installation, monkeypatch: pytest.MonkeyPatch, free_port: Callable[[], int]
) -> None:
    await county.set_right(good(), "compulsory_education")
    await county.run("train")
    serving = county.shelf.in_service()
    away = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    monkeypatch.setenv("XIANGYIN_DATABASE_URL", away)
    code, said = await county.run("train")
    assert (code, "这次没有学干部的更正" in said) == (1, True)
    county.ship(schoolbook(digest="authored-2"))
    county.capsys.readouterr()
    assert await asyncio.to_thread(train_learnt.renew, load_settings()) == 0
    assert "县里自己的模型先用旧的" in county.capsys.readouterr().out
    assert county.shelf.in_service() == serving
    code, said = await county.run("models", "rollback")
    assert (code, "没有记进审计" in said) == (0, True)
    assert county.shelf.in_service() == SHIPPED


async def test_an_older_database_is_not_touched_by_the_command(
    county: Installation, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XIANGYIN_DATABASE_URL", empty_database_url)
    assert await county.run("train") == (0, "")  # no database yet: nothing to learn
    database = Database(empty_database_url)
    async with database.write() as connection:
        await connection.run_sync(upgrade, "0013")
    await database.close()
    code, said = await county.run("train")
    assert (code, "先运行 xiangyin migrate" in said) == (1, True)


def test_without_a_database_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipped_model: Path
) -> None:
    (tmp_path / "settings.toml").touch()
    monkeypatch.setenv("XIANGYIN_CONFIG", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("XIANGYIN_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setattr(model_service, "TRIAGE_MODEL", shipped_model)
    monkeypatch.setattr(train_command, "train", lambda **_: 0)
    monkeypatch.setattr(train_learnt, "load_training_data", lambda _data: schoolbook())
    assert main(["train"]) == 0
    assert list(tmp_path.rglob("*.db*")) == []
