"""Settings as a deployment has them, and none of this machine's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xiangyin.loading import load_settings
from xiangyin.settings import Settings


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Settings]:
    for variable in [name for name in os.environ if name.startswith("XIANGYIN_")]:
        monkeypatch.delenv(variable)
    config = tmp_path / "settings.toml"
    config.touch(mode=0o600)
    monkeypatch.setenv("XIANGYIN_CONFIG", str(config))

    def make(**values: Any) -> Settings:
        return load_settings(**{"var_dir": str(tmp_path / "var"), **values})

    return make
