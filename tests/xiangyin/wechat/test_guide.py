"""The settings that docs/wechat.md tells to write: each step's load as they stand there."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from channels.wechat.options import WechatOptions, read_options
from xiangyin.loading import load_settings
from xiangyin.settings import PROJECT

Load = Callable[..., WechatOptions]
BLOCK = re.compile(r"^( *)```toml\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SECRETS = {"wechat_token": "t", "wechat_secret": "s", "wechat_aes_key": "k" * 43}


def blocks() -> list[str]:
    page = (PROJECT / "docs" / "wechat.md").read_text("utf-8")
    return [textwrap.dedent(inside) for _, inside in BLOCK.findall(page)]


def uncommented(block: str, option: str) -> str:
    changed, count = re.subn(rf"^# (?={option} =)", "", block, flags=re.MULTILINE)
    assert count == 1, option
    return changed


def without(block: str, option: str) -> str:
    changed, count = re.subn(rf"^{option} =.*\n", "", block, flags=re.MULTILINE)
    assert count == 1, option
    return changed


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """Read settings in a folder that has these secrets and no others."""
    for variable in [name for name in os.environ if name.startswith("XIANGYIN_")]:
        monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)

    def options(text: str, *secrets: str) -> WechatOptions:
        for name in secrets:
            file = tmp_path / "secrets" / name
            file.parent.mkdir(mode=0o700, exist_ok=True)
            file.write_text(SECRETS[name] + "\n", "utf-8")
            file.chmod(0o600)
        path = tmp_path / "xiangyin.toml"
        path.write_text(text, "utf-8")
        path.chmod(0o600)
        [account] = load_settings(path).channel_accounts()
        return read_options(account.options)

    return options


def test_every_block_is_tried_here() -> None:
    account, notice = blocks()
    assert account.startswith("[accounts.qinghe]")
    assert notice.startswith("template_id")


def test_what_step_four_writes_loads_before_there_is_a_key(load: Load) -> None:
    options = load(blocks()[0], "wechat_token", "wechat_secret")
    assert (options.can_push, options.aes_keys) == (True, ())


def test_step_six_adds_the_key(load: Load) -> None:
    text = uncommented(blocks()[0], "encoding_aes_key_file")
    assert len(load(text, *SECRETS).aes_keys) == 1


def test_an_account_without_verification_needs_no_secret_and_has_the_safe_mode(
    load: Load,
) -> None:
    text = uncommented(without(blocks()[0], "app_secret_file"), "can_push")
    assert not load(text, "wechat_token").can_push
    text = uncommented(text, "encoding_aes_key_file")
    options = load(text, "wechat_token", "wechat_aes_key")
    assert (len(options.aes_keys), options.app_secret) == (1, "")


def test_the_notices_are_written_below_the_account(load: Load) -> None:
    account, notice = blocks()
    subscribe = notice.replace("template_id", "subscribe_template_id").replace(
        "template_fields", "subscribe_fields"
    )
    options = load(account + notice + subscribe, "wechat_token", "wechat_secret")
    assert options.template is not None
    assert options.subscribe is not None
