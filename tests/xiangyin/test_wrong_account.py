"""An account set wrong is named at the start, in one line, by the command that starts the app."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services.required import require_service
from xiangyin.settings import PROJECT, TRIAGE_MODEL


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"CHANNEL": "pigeon"}, "accounts.town.channel：没有 pigeon 这个渠道"),
        (
            {"CHANNEL": "wechat", "TOKEN": "t", "APP_SECRET": "s"},
            "accounts.town：wechat: option app_id",
        ),
        ({"CHANNEL": "sms", "SENDSMS_URL": "nowhere"}, "accounts.town：sms: option sendsms_url"),
    ],
)
def test_the_option_is_named(
    options: dict[str, str], named: str, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    require_service(TRIAGE_MODEL.exists(), "the triage is not trained")
    settings = {
        "XIANGYIN_CONFIG": os.devnull,
        "XIANGYIN_VAR_DIR": str(tmp_path),
        "XIANGYIN_HTTP_PORT": str(free_port()),
        **{f"XIANGYIN_ACCOUNTS__TOWN__{name}": value for name, value in options.items()},
    }
    done = subprocess.run(
        [sys.executable, "-m", "xiangyin", "app"], cwd=PROJECT, env={**os.environ, **settings},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr
