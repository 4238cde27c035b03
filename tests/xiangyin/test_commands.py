"""The command line, run as an operator runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from xiangyin.cli import COMMANDS, main, parser
from xiangyin.settings import PROJECT


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def environment(tmp_path: Path, free_port: Callable[[], int]) -> dict[str, str]:
    config = tmp_path / "settings.toml"
    config.touch()
    return {
        "XIANGYIN_CONFIG": str(config),
        "XIANGYIN_VAR_DIR": str(tmp_path / "var"),
        "XIANGYIN_HTTP_PORT": str(free_port()),
    }


@pytest.fixture
def xiangyin(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """The command in this process: starting Python anew costs a second each time."""
    for variable in [name for name in os.environ if name.startswith("XIANGYIN_")]:
        monkeypatch.delenv(variable)

    def run(*arguments: str, **variables: str) -> Done:
        capsys.readouterr()
        with monkeypatch.context() as patched:
            for name, value in (environment | variables).items():
                patched.setenv(name, value)
            code = main(arguments)
        return Done(code, *capsys.readouterr())

    return run


def test_help_teaches() -> None:
    shown = parser().format_help()
    assert all(re.search(rf"^ +{name} ", shown, re.MULTILINE) for name in COMMANDS)
    assert "例子" in shown


def test_wrong_setting_ends_with_two_and_no_traceback(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "xiangyin", "run"],
        cwd=PROJECT,
        env={**os.environ, **environment, "XIANGYIN_HTTP_PORT": "x"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "XIANGYIN_HTTP_PORT" in done.stderr
    assert "1 到 65535" in done.stderr
    assert "Traceback" not in done.stderr


def test_migrate_then_users(xiangyin: Run, tmp_path: Path) -> None:
    first = xiangyin("migrate")
    assert first.returncode == 0, first.stderr
    assert "一次性口令" in first.stdout
    again = xiangyin("migrate")
    assert "一次性口令" not in again.stdout

    added = xiangyin("user", "add", "lihua", "--name", "李华", "--org", "county_water")
    assert re.search(r"一次性口令：\S{16}", added.stdout)
    assert (
        "已经有人用了"
        in xiangyin("user", "add", "lihua", "--name", "李华", "--org", "county_water").stderr
    )
    assert "动态口令已取消" in xiangyin("user", "totp-reset", "lihua").stdout
    assert xiangyin("user", "disable", "lihua").returncode == 0
    assert "lihua\t李华\t青禾县水利局\thandler\t停用" in xiangyin("user", "list").stdout
    missing = xiangyin("user", "reset", "nobody")
    assert (missing.returncode, "没有这个用户" in missing.stderr) == (1, True)


def test_database_away_is_a_sentence_without_the_password(
    xiangyin: Run, free_port: Callable[[], int]
) -> None:
    url = f"postgresql://u:hunter2@127.0.0.1:{free_port()}/x"
    for command in (("migrate",), ("user", "list")):
        done = xiangyin(*command, XIANGYIN_DATABASE_URL=url)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "hunter2" not in done.stderr + done.stdout


def test_doctor_finds_what_is_wrong_and_says_what_to_do(xiangyin: Run, tmp_path: Path) -> None:
    key = tmp_path / "var" / "secret.key"
    key.parent.mkdir()
    key.write_text("00" * 32)
    key.chmod(0o644)
    done = xiangyin("doctor", XIANGYIN_HTTP_PROT="1")
    assert done.returncode == 1
    for said in ("是不是 XIANGYIN_HTTP_PORT", "chmod 600", "xiangyin migrate", "xiangyin run"):
        assert said in done.stdout
