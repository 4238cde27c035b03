"""Settings: sources and their order, errors that name the setting, secrets kept."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from xiangyin.loading import InvalidSettings, load_settings, unknown_variables
from xiangyin.secret_files import SecretFileError, read_or_create_key
from xiangyin.settings import LONGEST_SOCKET_PATH, PROJECT, Settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in [name for name in os.environ if name.startswith("XIANGYIN_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("XIANGYIN_CONFIG", str(write(tmp_path / "settings.toml", "")))


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def problems_of(**overrides: Any) -> list[str]:
    with pytest.raises(InvalidSettings) as caught:
        load_settings(**overrides)
    return caught.value.problems


def test_defaults_are_those_of_a_first_run() -> None:
    settings = load_settings()
    assert settings.database_url == f"sqlite+aiosqlite:///{PROJECT}/var/xiangyin.db"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.embeds_valkey
    assert settings.shared_store_url == f"unix://{settings.valkey_socket}"
    assert not settings.simulator
    assert [path.name for path in settings.bot_sockets] == ["bot.sock"]


def test_environment_wins_over_file_and_overrides_win_over_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write(tmp_path / "x.toml", "http_port = 81\nsession_hours = 3\ncounty = '甲县'")
    monkeypatch.setenv("XIANGYIN_HTTP_PORT", "82")
    monkeypatch.setenv("XIANGYIN_SESSION_HOURS", "4")
    settings = load_settings(path, session_hours=5)
    assert (settings.county, settings.http_port, settings.session_hours) == ("甲县", 82, 5)


def test_all_that_is_written_follows_var_dir(tmp_path: Path) -> None:
    settings = load_settings(var_dir=tmp_path)
    paths = (settings.media_dir, settings.spool_dir, settings.secret_key_file)
    assert all(path.is_relative_to(tmp_path) for path in (*paths, settings.valkey_socket))
    assert str(tmp_path) in settings.database_url


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgresql://u:p%40@h/x", "postgresql+asyncpg://u:p%40@h/x"),
        ("postgres://h/x", "postgresql+asyncpg://h/x"),
        ("sqlite:////tmp/a.db", "sqlite+aiosqlite:////tmp/a.db"),
        ("sqlite+aiosqlite:///a.db", f"sqlite+aiosqlite:///{PROJECT}/a.db"),
    ],
)
def test_database_url_gets_the_driver_we_use(given: str, expected: str) -> None:
    assert load_settings(database_url=given).database_url == expected


def test_redis_can_be_off_or_a_server() -> None:
    assert load_settings(redis_url="off").shared_store_url is None
    assert load_settings(redis_url="valkey://h:1/0").shared_store_url == "redis://h:1/0"
    assert not load_settings(redis_url="redis://h").embeds_valkey


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("HTTP_PORT", "abc", "1 到 65535"),
        ("HTTP_PORT", "70000", "1 到 65535"),
        ("ROLE", "boss", "gateway"),
        ("LOG_LEVEL", "loud", "warning"),
        ("SIMULATOR", "maybe", "true 或 false"),
        ("DATABASE_URL", "mysql://u:hunter2@h/x", "postgresql://"),
        ("DATABASE_URL", "nonsense", "sqlite:///"),
        ("REDIS_URL", "localhost", "redis://"),
        ("BASE_URL", "example.org", "http://"),
        ("BOT_URL", "unix:///x", "http://"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,here", "here 不是 IP"),
        ("TOTP_ROLES", "admin,boss", "boss 不是角色"),
        ("BOT_WORKERS", "0", "1 到 16"),
        ("SESSION_HOURS", "-1", "大于 0"),
        ("MAX_REQUEST_BYTES", "1", "65536"),
        ("INBOX_POLL_SECONDS", "nan", "0.05"),
    ],
)
def test_error_names_the_setting_and_what_it_should_be(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"XIANGYIN_{variable}", value)
    [problem] = problems_of()
    assert problem.startswith(f"XIANGYIN_{variable}（xiangyin.toml 里的 {variable.lower()}）")
    assert says in problem
    assert "hunter2" not in problem


def test_unknown_setting_in_file_suggests_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="http_prot：没有这个设置，是不是 http_port"):
        load_settings(write(tmp_path / "x.toml", "http_prot = 1"))


def test_unknown_variable_suggests_the_right_one() -> None:
    found = list(unknown_variables({"XIANGYIN_HTTP_PROT": "1", "XIANGYIN_ROLE": "all", "X": ""}))
    assert found == ["XIANGYIN_HTTP_PROT：没有这个设置，是不是 XIANGYIN_HTTP_PORT？"]


@pytest.mark.parametrize("text", ["a = ", "\x00"])
def test_broken_file_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidSettings, match=r"x\.toml：不是正确的 TOML"):
        load_settings(write(tmp_path / "x.toml", text))


def test_missing_named_file_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIANGYIN_CONFIG", "/nowhere/x.toml")
    assert "/nowhere/x.toml" in problems_of()[0]


def test_account_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for option, value in {
        "CHANNEL": "wechat",
        "ORG": "qinghe",
        "TOKEN": "12345",
        "CAN_PUSH": "false",
        "TIMEOUT_SECONDS": "2.5",
        "APP_ID": "wx1",
    }.items():
        monkeypatch.setenv(f"XIANGYIN_ACCOUNTS__WX__{option}", value)
    settings = load_settings()
    [account] = settings.channel_accounts()
    assert (account.name, account.channel) == ("wx", "wechat")
    assert account.options == {
        "token": "12345",
        "can_push": False,
        "timeout_seconds": 2.5,
        "app_id": "wx1",
    }
    assert settings.accounts["wx"].org == "qinghe"
    assert "12345" not in repr(settings) + str(settings.model_dump())


def test_account_joins_file_and_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write(tmp_path / "x.toml", "[accounts.wx]\nchannel='wechat'\napp_id='wx1'", 0o644)
    monkeypatch.setenv("XIANGYIN_ACCOUNTS__WX__TOKEN", "t")
    [account] = load_settings(path).channel_accounts()
    assert account.options == {"app_id": "wx1", "token": "t"}


def test_account_needs_a_channel_and_a_plain_name() -> None:
    assert problems_of(accounts={"wx": {}}) == [
        "accounts.wx.channel：应为渠道的名字，如 wechat、sms"
    ]
    assert "只能用小写字母" in problems_of(accounts={"公": {"channel": "sms"}})[0]


def test_secret_from_a_file_that_only_we_can_read(tmp_path: Path) -> None:
    secret = write(tmp_path / "token", "abc\n")
    accounts = {"wx": {"channel": "wechat", "token_file": str(secret)}}
    assert load_settings(accounts=accounts).channel_accounts()[0].options == {"token": "abc"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_secret_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    secret = write(tmp_path / "token", "abc", mode)
    problem = problems_of(accounts={"wx": {"channel": "wechat", "token_file": str(secret)}})[0]
    assert f"chmod 600 {secret}" in problem
    assert "accounts.wx" in problem
    assert "abc" not in problem


@pytest.mark.parametrize(
    "text",
    [
        "[accounts.wx]\nchannel='wechat'\ntoken='abc'",
        "database_url='postgresql://u:abc@h/x'",
        "redis_url='redis://:abc@h'",
    ],
)
def test_settings_file_with_secrets_must_be_private(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "x.toml", text, 0o644)
    with pytest.raises(InvalidSettings, match="chmod 600") as caught:
        load_settings(path)
    assert "abc" not in str(caught.value)
    path.chmod(0o600)
    load_settings(path)


def test_key_is_made_once_and_private(tmp_path: Path) -> None:
    settings = load_settings(var_dir=tmp_path / "var")
    key = settings.secret_key()
    assert len(key) == 32
    assert settings.secret_key() == key
    assert stat.S_IMODE(settings.secret_key_file.stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "var") == ["secret.key"]


@pytest.mark.parametrize(("text", "mode"), [("00" * 32, 0o644), ("short", 0o600), ("", 0o600)])
def test_bad_key_file_is_refused(tmp_path: Path, text: str, mode: int) -> None:
    with pytest.raises(SecretFileError):
        read_or_create_key(write(tmp_path / "key", text, mode))


def test_sockets_of_a_deep_clone_still_fit_the_kernel(tmp_path: Path) -> None:
    settings = load_settings(var_dir=tmp_path / ("深" * 60), bot_workers=3)
    sockets = (*settings.bot_sockets, settings.valkey_socket)
    assert len(set(sockets)) == 4
    assert all(len(os.fsencode(path)) <= LONGEST_SOCKET_PATH for path in sockets)


def test_every_setting_is_documented() -> None:
    page = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"| `{name}` | `XIANGYIN_{name.upper()}" in page, (
            f"{name} is not in docs/settings.md"
        )
        assert field.description, f"{name} does not say what it should be"
    rows = [line for line in page.split("\n") if line.startswith("| `") and "`XIANGYIN_" in line]
    assert len(rows) == len(Settings.model_fields)


def test_documented_defaults_are_the_real_ones() -> None:
    page = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, bool | int | float) or field.default in ("青禾县", "all"):
            shown = str(field.default).lower()
            assert f"| `XIANGYIN_{name.upper()}` | `{shown}` |" in page, name


def test_example_file_is_right() -> None:
    load_settings(PROJECT / "xiangyin.example.toml")


def test_accounts_of_a_pool_are_sms_accounts_of_one_office() -> None:
    sms = {"channel": "sms", "org": "qinghe", "pool": "county"}
    settings = load_settings(accounts={"a": sms, "b": {**sms, "weight": "20"}})
    assert settings.pools == {"a": "county", "b": "county"}
    assert [settings.accounts[name].weight for name in "ab"] == [50, 20]
    assert all("pool" not in each.options for each in settings.channel_accounts())
    assert (
        "账号 wx 不是短信账号"
        in problems_of(accounts={"a": sms, "wx": {"channel": "wechat", "pool": "county"}})[0]
    )
    assert "要归同一个机构" in problems_of(accounts={"a": sms, "b": {**sms, "org": "beiguan"}})[0]
    assert "0 到 100" in problems_of(accounts={"a": {**sms, "weight": 101}})[0]
    assert "小写字母" in problems_of(accounts={"a": {**sms, "pool": "两家"}})[0]


def test_links_lead_only_where_citizens_can_go() -> None:
    assert load_settings().linked_url == ""
    assert load_settings(base_url="https://xy.example.cn/").linked_url == "https://xy.example.cn"
