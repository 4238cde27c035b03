"""`xiangyin demo` where it must not fill."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xiangyin.cli import main
from xiangyin.commands import demo


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in [name for name in os.environ if name.startswith("XIANGYIN_")]:
        monkeypatch.delenv(variable)
    config = tmp_path / "settings.toml"
    config.touch()
    monkeypatch.setenv("XIANGYIN_CONFIG", str(config))
    monkeypatch.setenv("XIANGYIN_VAR_DIR", str(tmp_path / "var"))
    # The command sets these for its children: given back after the test.
    monkeypatch.setenv("XIANGYIN_DEMO", "false")
    monkeypatch.setenv("XIANGYIN_SIMULATOR", "false")
    monkeypatch.setattr(demo, "train_at_start", lambda _settings: 0)


@pytest.mark.parametrize("again", [[], ["--again"]])
def test_a_database_in_use_is_left_alone(
    again: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate"]) == 0
    assert main(["demo", "--fill-only", *again]) == 1
    assert "真实的用户" in capsys.readouterr().err
    assert main(["user", "list"]) == 0
    assert "admin" in capsys.readouterr().out


def test_real_accounts_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XIANGYIN_ACCOUNTS__HAO__CHANNEL", "wechat")
    assert main(["demo", "--fill-only"]) == 1
    assert "真实的账号" in capsys.readouterr().err
